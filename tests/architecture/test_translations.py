"""Each text of a page has its Italian, and what is compiled is what is written."""

import string
from pathlib import Path

import polib
import pytest

from tests import messages

APPS = [
    pytest.param(app, id=app.relative_to(messages.ROOT).as_posix()) for app in messages.list_apps()
]


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_text_of_the_source_is_translated(app: Path, language: str) -> None:
    held = polib.pofile(str(messages.po_of(app, language)))
    told = {messages.Message(entry.msgid, entry.msgid_plural): entry for entry in held}
    wanted = messages.collect(app)
    assert wanted.keys() == told.keys(), "run python -m tests.messages, and translate what is new"
    assert [entry.msgid for entry in held if not entry.translated() or entry.fuzzy] == []


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_is_compiled_is_what_is_written(app: Path, language: str) -> None:
    path = messages.po_of(app, language)
    written, compiled = polib.pofile(str(path)), polib.mofile(str(path.with_suffix(".mo")))
    assert {(entry.msgid, entry.msgstr) for entry in compiled} == {
        (entry.msgid, entry.msgstr) for entry in written
    }


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_translations_name_the_same_places(app: Path, language: str) -> None:
    for entry in polib.pofile(str(messages.po_of(app, language))):
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text and not entry.msgid_plural:
                assert _places(text) == _places(entry.msgid), entry.msgid


def _places(text: str) -> set[str]:
    braces = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    return braces | {word.partition(")")[0] for word in text.split("%(")[1:]}
