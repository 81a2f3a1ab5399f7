"""What is written by a form is read as it was written."""

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from calendar_app.ical.forms.editing import Made, change_object, new_object
from calendar_app.ical.forms.reading import read_form
from calendar_app.ical.objects import read_object

NOW = 1_767_225_600
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from('\n\t;,:\\"^'),
    max_size=90,
)
WORD = st.text(string.ascii_letters + " ;,\\", min_size=1, max_size=20).map(str.strip).filter(bool)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXT,
        "description": TEXT,
        "location": TEXT,
        "categories": st.lists(WORD, unique=True, max_size=4),
        "classification": st.sampled_from(["public", "private", "confidential"]),
        "priority": st.integers(0, 9),
        "status": st.sampled_from(["confirmed", "tentative", "cancelled"]),
        "free_busy_status": st.sampled_from(["busy", "free"]),
        "start": st.sampled_from(["2026-03-02T10:00:00", "2026-03-29T01:30:00"]),
        "duration": st.sampled_from(["PT1H", "PT30M", "PT0S"]),
    },
)


@given(FIELDS, FIELDS)
def test_a_change_is_read_as_it_was_written_and_changes_nothing_else(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    base = {"title": "x", "start": "2026-03-02T10:00:00", "time_zone": "Europe/Berlin"}
    data = new_object("VEVENT", {**base, **first}, Made("one", NOW))
    before = read_form(read_object(data))
    assert {name: before[name] for name in first} == first
    after = read_form(read_object(change_object(data, read_object(data), second, NOW)))
    assert {name: after[name] for name in second} == second
    told = {*second, "end", "sequence", "changed_at"}
    assert {name for name in after if after[name] != before[name]} <= told
