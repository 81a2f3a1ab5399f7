"""The calendar of birthdays: it follows the cards, in the transactions that change them.

Each card that tells a day has an event for every year there, at an href made of the card's row.
Nobody else writes to the calendar.
"""

from collections.abc import Sequence
from contextlib import suppress

from calendar_app.services.objects import discard_object, prepare_object, store_object
from contacts.services.cards import parse_card
from contacts.services.hooks import CardChange
from contacts.vcard.contentlines import Line
from contacts.vcard.dates import Birthday
from contacts.vcard.serialize import serialize_lines
from contacts.vcard.values import escape_text
from groupware.core import db
from groupware.core.changes import lock_account
from groupware.core.errors import NotFound
from groupware.core.models import CollectionKind, CollectionRole
from groupware.core.resources.items import etag_of
from groupware.core.resources.queries import find_resource, list_etags, read_by_ids

UNKNOWN_YEAR = 1972
"""Begins the events of birthdays without a year: a leap year, so that it has every day."""
_YEARS = range(1850, 9999)
"""Those that an event begins in: each year since then has a row, which no quota counts."""
FEW = 20
"""Changes that are looked up one by one; of more, all events are listed."""
_SIGN = "\N{BIRTHDAY CAKE}"
_STAMP = "19700101T000000Z"
"""Of every event, so that one card always makes the same bytes."""


def follow_cards(account_id: int, changes: Sequence[CardChange]) -> None:
    """Let the account's calendar of birthdays follow its cards (a hook of contacts).

    In the caller's transaction, which holds the account's lock. An account may have none.
    """
    collection_id = find_calendar(account_id)
    if collection_id is None:
        return
    held = _held(collection_id, changes)
    for change in changes:
        href = href_of(change.resource_id)
        data = serialize_birthday(change)
        if not data:
            if href in held:
                with suppress(NotFound):
                    discard_object(account_id, collection_id, href)
        elif held.get(href) != etag_of(data):
            store_object(account_id, collection_id, href, prepare_object(data))


def renew_birthdays(account_id: int) -> None:
    """Make an account's calendar of birthdays anew of its cards."""
    with db.write_transaction():
        lock_account(account_id)
        collection_id = find_calendar(account_id)
        if collection_id is None:
            return
        told = db.fetch_rows(
            "SELECT r.id FROM core_resource r JOIN contacts_card k ON k.resource_id = r.id"
            " WHERE r.account_id = %s AND k.birthday <> '' ORDER BY r.id",
            [account_id],
        )
        kept = {href_of(resource_id) for (resource_id,) in told}
        for href, _ in list_etags(collection_id):
            if href not in kept:
                discard_object(account_id, collection_id, href)
        for (resource_id,) in told:
            stored = read_by_ids([resource_id])
            changes = [CardChange(resource_id, parse_card(each.data)) for each in stored]
            follow_cards(account_id, changes)


def find_calendar(account_id: int) -> int | None:
    """Return the collection of the account's birthdays."""
    rows = db.fetch_rows(
        "SELECT c.id FROM core_collection c JOIN core_resourcecollection f"
        " ON f.collection_id = c.id WHERE c.account_id = %s AND c.kind = %s AND f.role = %s",
        [account_id, CollectionKind.CALENDAR.value, CollectionRole.BIRTHDAYS.value],
    )
    return rows[0][0] if rows else None


def href_of(resource_id: int) -> str:
    """Return the href of a card's event."""
    return f"card-{resource_id}.ics"


def serialize_birthday(change: CardChange) -> bytes:
    """Return the event of a card's birthday; nothing where it tells none.

    Whoever was born on 29 February has it on the last day of February (RFC 5545 §3.3.10: a rule
    passes over a day that a year lacks).
    """
    card = change.card
    if card is None or card.birthday is None:
        return b""
    birthday = card.birthday
    is_leap_day = (birthday.month, birthday.day) == (2, 29)
    rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1" if is_leap_day else "FREQ=YEARLY"
    return serialize_lines(
        [
            Line("BEGIN", "", {}, "VCALENDAR"),
            Line("VERSION", "", {}, "2.0"),
            Line("PRODID", "", {}, "-//groupware//Birthdays//EN"),
            Line("BEGIN", "", {}, "VEVENT"),
            Line("UID", "", {}, f"birthday-{change.resource_id}"),
            Line("DTSTAMP", "", {}, _STAMP),
            Line("SUMMARY", "", {}, escape_text(_summary(card.full_name, birthday))),
            Line("DTSTART", "", {"VALUE": ("DATE",)}, _start(birthday)),
            Line("RRULE", "", {}, rule),
            Line("TRANSP", "", {}, "TRANSPARENT"),
            Line("CATEGORIES", "", {}, "BIRTHDAY"),
            Line("END", "", {}, "VEVENT"),
            Line("END", "", {}, "VCALENDAR"),
        ]
    )


def _summary(name: str, birthday: Birthday) -> str:
    year = f" ({birthday.year})" if birthday.year is not None else ""
    return f"{_SIGN} {name}{year}"


def _start(birthday: Birthday) -> str:
    year = birthday.year if birthday.year in _YEARS else UNKNOWN_YEAR
    return f"{year:04}{birthday.month:02}{birthday.day:02}"


def _held(collection_id: int, changes: Sequence[CardChange]) -> dict[str, str]:
    """Return the entity tags of the events that cards have already, by their hrefs."""
    if len(changes) > FEW:
        return dict(list_etags(collection_id))
    rows = [find_resource(collection_id, href_of(change.resource_id)) for change in changes]
    return {row.href: row.etag for row in rows if row is not None}
