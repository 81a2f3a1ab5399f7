"""What a service refuses can be said in a person's language, wherever a page may show it."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import messages

PAGES = (
    "groupware/account",
    "groupware/identity/views",
    "groupware/oauth/views",
    "groupware/panel",
)
PASSED_ON = {"sentence", "message", "stopped", "reason", "refusal"}
"""What holds the sentence of whoever refused before."""
MODULES = [
    pytest.param(path, id=path.relative_to(messages.ROOT).as_posix())
    for package in messages.PACKAGES
    for path in sorted((messages.ROOT / package).rglob("*.py"))
    if messages.is_told(path) and any(messages.raised(ast.parse(path.read_text("utf-8"))))
]
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop"}


def test_there_are_as_many_modules_as_refuse_something() -> None:
    assert len(MODULES) > 40


@pytest.mark.parametrize("path", MODULES)
def test_each_sentence_is_one_that_the_catalogues_hold(path: Path) -> None:
    unknown = [
        f"line {call.lineno}: {ast.unparse(held)}"
        for call, held in messages.raised(ast.parse(path.read_text("utf-8")))
        if not _is_known(held)
    ]
    assert unknown == [], "write a constant, its places as {name} and what fills them as arguments"


@pytest.mark.parametrize("path", MODULES)
def test_each_place_of_a_sentence_is_filled(path: Path) -> None:
    for call, held in messages.raised(ast.parse(path.read_text("utf-8"))):
        if isinstance(held, ast.Constant) and isinstance(held.value, str):
            given = {word.arg for word in call.keywords} - {"detail"}
            places = {name for _, name, _, _ in string.Formatter().parse(held.value) if name}
            assert places == given, f"line {call.lineno}: {held.value}"


def test_what_pages_call_is_among_what_has_another_language() -> None:
    untold = {
        path.relative_to(messages.ROOT).as_posix()
        for path in set(_called_by_pages())
        if not messages.is_told(path) and any(messages.raised(ast.parse(path.read_text("utf-8"))))
    }
    assert untold == set(), "add them to tests.messages.TOLD, and translate what they refuse"


def test_pages_show_no_error_but_in_the_language_of_the_page() -> None:
    shown = [
        f"{path.relative_to(messages.ROOT)}:{node.lineno}"
        for path in _pages()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "error.message"
    ]
    # An endpoint for programs (RFC 6749 §5.2), not a page.
    assert [place for place in shown if "oauth/views/tokens.py" not in place] == []


def _is_known(held: ast.expr) -> bool:
    if isinstance(held, ast.Constant):
        return isinstance(held.value, str)
    if isinstance(held, ast.Call):
        return messages.called(held.func) in MARKS
    if isinstance(held, ast.BinOp):  # _("…") % {…}, or text % {…} where it was marked a line above
        return isinstance(held.op, ast.Mod) and (
            isinstance(held.left, ast.Name) or _is_known(held.left)
        )
    if isinstance(held, ast.BoolOp):
        return all(map(_is_known, held.values))
    if isinstance(held, ast.IfExp):
        return _is_known(held.body) and _is_known(held.orelse)
    # A constant of another module, or what was marked where it was passed on from.
    name = messages.called(held)
    return name in PASSED_ON or name.isupper()


def _pages() -> Iterator[Path]:
    for package in PAGES:
        yield from sorted((messages.ROOT / package).rglob("*.py"))


def _called_by_pages() -> Iterator[Path]:
    """Yield the modules of services that pages import; core's are all looked at anyway."""
    for path in _pages():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                for name in [node.module, *(f"{node.module}.{each.name}" for each in node.names)]:
                    yield from _files_of(name)


def _files_of(name: str) -> Iterator[Path]:
    base = messages.ROOT / name.replace(".", "/")
    if name.split(".", maxsplit=1)[0] not in messages.PACKAGES:
        return
    if base.with_suffix(".py").is_file():
        yield base.with_suffix(".py")
