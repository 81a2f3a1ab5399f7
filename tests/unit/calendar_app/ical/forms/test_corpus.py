"""Objects as programs write them: what is sent back as it was read changes no octet."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from calendar_app.ical.files import FoundObject, split_file
from calendar_app.ical.forms.editing import change_object
from calendar_app.ical.forms.reading import read_form
from calendar_app.ical.objects import CalendarObject, InvalidObject, read_object
from tests.unit.calendar_app.ical.forms.samples import NOW

pytestmark = [pytest.mark.corpus, pytest.mark.slow]
_WRITTEN = re.compile(
    rb"^(?:SUMMARY|DTSTAMP|LAST-MODIFIED)(?:[^\r\n]|\r?\n[ \t])*\r?\n", re.IGNORECASE | re.MULTILINE
)


def objects(corpus: Path) -> Iterator[tuple[bytes, CalendarObject]]:
    """Yield the events and tasks of the corpus."""
    taken = 0
    for path in sorted((corpus / "ics").glob("*.ics")):
        with path.open("rb") as file:
            for part in split_file(file, 10 << 20):
                if not isinstance(part, FoundObject):
                    continue
                try:
                    obj = read_object(part.data)
                except InvalidObject:
                    continue
                if obj.component in {"VEVENT", "VTODO"}:
                    taken += 1
                    yield part.data, obj
    assert taken > 1_000


def test_every_object_sent_back_as_it_was_read_is_the_same(corpus: Path) -> None:
    for data, obj in objects(corpus):
        assert change_object(data, obj, read_form(obj), NOW) == data


def test_a_title_is_changed_in_every_object_and_nothing_else(corpus: Path) -> None:
    for data, obj in objects(corpus):
        changed = change_object(data, obj, {"title": "Something else"}, NOW)
        again = read_object(changed)
        before, after = read_form(obj), read_form(again)
        assert after["title"] == "Something else"
        differing = {name for name in after if after[name] != before[name]}
        told = {"title", "changed_at"} | ({"overrides"} if obj.master is None else set())
        assert differing <= told
        assert _others(changed) == _others(data)


def _others(data: bytes) -> list[bytes]:
    """Return the lines that such a change does not write."""
    return sorted(_WRITTEN.sub(b"", data).splitlines())
