"""Calendars: each has its row, and counts how often its objects repeat."""

from collections.abc import Iterator

from calendar_app.services.occurrences import recount_repeats
from groupware.core.doctor import Examination, Finding, Rule, RuledRows
from groupware.core.doctor.collections import COLLECTION, RESTORE
from groupware.core.doctor.items import RECOUNT

_HELD = (
    "(SELECT COUNT(*) - COUNT(DISTINCT p.resource_id) FROM calendar_app_occurrence p"
    " WHERE p.collection_id = c.id)"
)
_CALENDARS = RuledRows(
    tables=(
        "core_collection c JOIN core_account a ON a.id = c.account_id"
        " LEFT JOIN calendar_app_calendar k ON k.collection_id = c.id"
    ),
    columns=(
        ("key", "c.id"),
        ("where", COLLECTION),
        ("account_id", "c.account_id"),
        ("repeats", "k.repeats"),
        ("held", _HELD),
    ),
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
        Rule(
            "calendar-repeats",
            f"k.collection_id IS NOT NULL AND k.repeats <> {_HELD}",
            "it counts {repeats} repeated occurrences, and holds {held}",
            RECOUNT,
            recount_repeats,
            ("account_id", "key"),
        ),
    ),
)


def check_calendar_rows(examination: Examination) -> Iterator[Finding]:
    """Find calendars without their row, rows of calendars that are none, and wrong counts."""
    yield from _CALENDARS.find(examination.within("c.account_id"))
