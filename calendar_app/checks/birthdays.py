"""Birthdays: each card that tells one has its event, and there is no other event."""

from collections.abc import Iterator

from calendar_app.services.birthdays import renew_birthdays
from groupware.core.doctor import Examination, Finding, Rule, RuledRows
from groupware.core.doctor.collections import COLLECTION
from groupware.core.models import CollectionKind, CollectionRole

_RENEW = "Make the calendar of birthdays anew: `doctor --repair`."
_CALENDAR = (
    "core_collection b JOIN core_resourcecollection f ON f.collection_id = b.id"
    f" AND f.role = '{CollectionRole.BIRTHDAYS.value}' AND b.kind = '{CollectionKind.CALENDAR.value}'"
)
_HREF = "'card-' || {key} || '.ics'"

_CARDS = RuledRows(
    tables=(
        "core_resource r JOIN core_collection c ON c.id = r.collection_id"
        " JOIN core_account a ON a.id = c.account_id"
        " JOIN contacts_card k ON k.resource_id = r.id"
        f" JOIN ({_CALENDAR}) ON b.account_id = r.account_id"
    ),
    columns=(
        ("key", "r.id"),
        ("where", f"{COLLECTION} || '/' || r.href"),
        ("account_id", "r.account_id"),
    ),
    rules=(
        Rule(
            "birthday",
            "k.birthday <> '' AND NOT EXISTS (SELECT 1 FROM core_resource e"
            f" WHERE e.collection_id = b.id AND e.href = {_HREF.format(key='r.id')})",
            "its birthday is in no calendar",
            _RENEW,
            renew_birthdays,
        ),
    ),
)
_EVENTS = RuledRows(
    tables=(
        f"core_resource e JOIN ({_CALENDAR}) ON b.id = e.collection_id"
        " JOIN core_collection c ON c.id = b.id JOIN core_account a ON a.id = c.account_id"
    ),
    columns=(
        ("key", "e.id"),
        ("where", f"{COLLECTION} || '/' || e.href"),
        ("account_id", "e.account_id"),
    ),
    rules=(
        Rule(
            "birthday",
            "NOT EXISTS (SELECT 1 FROM core_resource r JOIN contacts_card k ON k.resource_id = r.id"
            " WHERE r.account_id = e.account_id AND k.birthday <> ''"
            f" AND e.href = {_HREF.format(key='r.id')})",
            "no card tells this birthday",
            _RENEW,
            renew_birthdays,
        ),
    ),
)


def check_birthdays(examination: Examination) -> Iterator[Finding]:
    """Find birthdays of cards that have no event, and events that no card tells."""
    yield from _CARDS.find(examination.within("r.account_id"))
    yield from _EVENTS.find(examination.within("e.account_id"))
