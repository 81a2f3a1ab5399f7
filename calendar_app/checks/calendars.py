"""Calendars: each has its row, and holds components that it takes."""

from collections.abc import Iterator

from groupware.core.doctor import Examination, Finding, Rule, RuledRows
from groupware.core.doctor.collections import COLLECTION, RESTORE

_CALENDARS = RuledRows(
    tables=(
        "core_collection c JOIN core_account a ON a.id = c.account_id"
        " LEFT JOIN calendar_app_calendar k ON k.collection_id = c.id"
    ),
    columns=(("key", "c.id"), ("where", COLLECTION)),
    rules=(
        Rule(
            "calendar-row",
            "c.kind = 'calendars' AND k.collection_id IS NULL",
            "the collection has no calendar row: no client sees it",
            RESTORE,
        ),
        Rule(
            "calendar-row",
            "c.kind <> 'calendars' AND k.collection_id IS NOT NULL",
            "it has a calendar row and is no calendar",
            RESTORE,
        ),
    ),
)


def check_calendar_rows(examination: Examination) -> Iterator[Finding]:
    """Find calendars without their row, and rows of calendars that are none."""
    yield from _CALENDARS.find(examination.within("c.account_id"))
