"""Catalogues of translations: collected from the source and compiled without gettext installed.

`python -m tests.messages` brings every app's `locale/LANGUAGE/LC_MESSAGES/django.po` up to date with
its Python and templates and compiles it; it exits 1 where a text lacks its translation.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("groupware", "mail", "calendar_app", "contacts")
LANGUAGES = ("it",)
PLURAL_FORMS = {"it": "nplurals=2; plural=(n != 1);"}
CALLS = {
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "_now": 1,
    "_": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
    "Limit": 1,
}
MEANING = 3
"""Where a limit says what it bounds, which the page of settings tells."""
ERRORS = ROOT / "groupware/core/errors.py"
TOLD = (
    "groupware/account/",
    "groupware/clientconfig/",
    "groupware/core/",
    "groupware/identity/",
    "groupware/oauth/",
    "groupware/panel/",
    "mail/outside/",
    "mail/queries.py",
    "mail/services/holds.py",
    "mail/services/identities.py",
    "mail/services/listpolicies.py",
    "mail/services/outside/",
    "mail/services/queue.py",
    "mail/services/retention.py",
    "mail/services/signing.py",
)
"""Whose refusals people read on a page: their sentences have another language."""
UNTOLD = (
    "groupware/core/exchange.py",
    "groupware/core/fetching.py",
    "groupware/core/resources/",
    "groupware/identity/api/",
    "groupware/oauth/api/",
    "groupware/oauth/validator.py",
)
"""Below those: what protocols, programs and commands alone are answered."""
_IN_TEMPLATE = re.compile(
    r"""\b(?P<call>n?p?gettext)\(\s*(?P<args>u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""(?:\s*,\s*u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))*)"""
    r"""|(?<![\w.])_\((?P<lone>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)""",
    re.DOTALL,
)


class Message(NamedTuple):
    """A text of the source, and its plural or ""."""

    text: str
    plural: str = ""


def list_apps() -> list[Path]:
    """Return the directories with a `locale` of their own, the innermost first."""
    found = {path for package in PACKAGES for path in (ROOT / package).rglob("locale")}
    return sorted((path.parent for path in found), key=lambda path: -len(path.parts))


def collect(app: Path) -> dict[Message, str]:
    """Return the messages of an app with the first file of each; inner apps keep their own."""
    inner = [other for other in list_apps() if other != app and other.is_relative_to(app)]
    found: dict[Message, str] = {}
    for path in sorted(app.rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or "migrations" in path.parts:
            continue
        if any(path.is_relative_to(other) for other in inner):
            continue
        for message in _messages_of(path):
            found.setdefault(message, path.relative_to(ROOT).as_posix())
    return found


def is_told(path: Path) -> bool:
    """Whether what a module refuses can be read on a page."""
    name = path.relative_to(ROOT).as_posix()
    return name.startswith(TOLD) and not name.startswith(UNTOLD)


@cache
def refusals() -> frozenset[str]:
    """Return the names of every error of the house, and of what stands on one."""
    names = {"GroupwareError", "BadAddress"}
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    trees = [ast.parse(path.read_text("utf-8")) for path in [ERRORS, *paths]]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while more := {each.name for each in classes if names & set(map(called, each.bases))} - names:
        names |= more
    return frozenset(names)


def called(node: ast.expr) -> str:
    """Return the name of what is called, however it was imported."""
    return getattr(node, "id", getattr(node, "attr", ""))


def raised(tree: ast.Module) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Yield each error that a module makes, with its sentence; a name stands for its constant."""
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and called(node.func) in refusals():
            first = node.args[0]
            held = constants.get(first.id, first) if isinstance(first, ast.Name) else first
            yield node, held


def _messages_of(path: Path) -> Iterator[Message]:
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from _in_template(text)
        return
    tree = ast.parse(text)
    yield from _in_python(tree)
    if is_told(path):
        yield from (Message(value) for _, held in raised(tree) if (value := _constant(held)))


def _constant(node: ast.expr) -> str:
    """Return the text of a constant; nothing for what is no text, or not known here."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _in_python(tree: ast.Module) -> Iterator[Message]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called(node.func)
        args = node.args[MEANING:] if name == "Limit" else node.args
        texts = [arg.value for arg in args if isinstance(arg, ast.Constant)]
        held = [value for value in texts if isinstance(value, str)][: CALLS.get(name, 0)]
        if held:
            yield Message(*held)


def _in_template(text: str) -> Iterator[Message]:
    for match in _IN_TEMPLATE.finditer(templatize(text)):
        values = ast.literal_eval(f"({match['args'] or match['lone']},)")
        yield Message(*values[:2]) if match["call"] == "ngettext" else Message(values[0])


def po_of(app: Path, language: str) -> Path:
    """Return where an app's catalogue is."""
    return app / "locale" / language / "LC_MESSAGES" / "django.po"


def update(app: Path, language: str) -> list[str]:
    """Bring a catalogue up to date and compile it; return what lacks its translation."""
    path = po_of(app, language)
    before = polib.pofile(str(path)) if path.exists() else polib.POFile()
    held = {Message(entry.msgid, entry.msgid_plural): entry for entry in before}
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": language,
        "Plural-Forms": PLURAL_FORMS[language],
    }
    for message, place in sorted(collect(app).items(), key=lambda item: (item[1], item[0])):
        entry = held.get(message) or polib.POEntry(msgid=message.text, msgid_plural=message.plural)
        if message.plural and not entry.msgstr_plural:
            entry.msgstr_plural = {0: "", 1: ""}
        entry.occurrences = [(place, "")]
        entry.flags = ["python-brace-format"] if re.search(r"\{\w+\}", message.text) else []
        catalogue.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    catalogue.save_as_mofile(str(path.with_suffix(".mo")))
    return [entry.msgid for entry in catalogue if not entry.translated()]


def main() -> int:
    """Bring all of them up to date, and tell what is missing."""
    missing = 0
    for app in list_apps():
        for language in LANGUAGES:
            for text in update(app, language):
                missing += 1
                sys.stdout.write(f"{po_of(app, language).relative_to(ROOT)}: {text!r}\n")
    return int(bool(missing))


if __name__ == "__main__":
    raise SystemExit(main())
