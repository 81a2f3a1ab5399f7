"""Cards: each has its columns and, with `deep`, they are those that its bytes make."""

from collections.abc import Iterator
from typing import Any

from contacts.services.cards import COMPONENT, renew_columns
from contacts.vcard.cards import InvalidCard, read_card
from contacts.vcard.columns import Columns, make_columns
from contacts.vcard.limits import CardLimits
from groupware.core import limits
from groupware.core.doctor import (
    Examination,
    Fault,
    Finding,
    Repair,
    Rule,
    RuledRows,
    read_pages,
    read_rows,
)
from groupware.core.doctor.collections import COLLECTION, RESTORE

DEEP_PAGE = 100
"""Cards that are read at once."""

_COLUMNS = "Make its columns anew: `doctor --repair`."
_READ = "Remove the card, or put it again as its client has it."

_CARDS = RuledRows(
    tables=(
        "core_resource r JOIN core_collection c ON c.id = r.collection_id"
        " JOIN core_account a ON a.id = c.account_id"
        " LEFT JOIN contacts_card k ON k.resource_id = r.id"
    ),
    columns=(
        ("key", "r.id"),
        ("where", f"{COLLECTION} || '/' || r.href"),
        ("component", "r.component"),
    ),
    rules=(
        Rule(
            "card-row",
            "c.kind = 'addressbooks' AND k.resource_id IS NULL",
            "nothing is known of it: no search finds it",
            _COLUMNS,
            renew_columns,
            ("key",),
        ),
        Rule(
            "card-row",
            "c.kind <> 'addressbooks' AND k.resource_id IS NOT NULL",
            "it is in no address book, and has the columns of a card",
            RESTORE,
        ),
        Rule(
            "card-row",
            f"c.kind = 'addressbooks' AND r.component <> '{COMPONENT}'",
            "it is in an address book, and kept as {component}",
            RESTORE,
        ),
    ),
)
_BYTES = f"""
SELECT r.id, {COLLECTION} || '/' || r.href, r.ical_uid, d.data,
       {", ".join(f"k.{name}" for name in Columns._fields)}
FROM core_resource r JOIN core_collection c ON c.id = r.collection_id
JOIN core_account a ON a.id = c.account_id JOIN core_resourcedata d ON d.resource_id = r.id
JOIN contacts_card k ON k.resource_id = r.id
WHERE {{within}} AND r.id > %(after)s ORDER BY r.id LIMIT %(page)s
"""


def check_cards(examination: Examination) -> Iterator[Finding]:
    """Find cards without columns; with `deep`, columns and UIDs that are not what the bytes say."""
    yield from _CARDS.find(examination.within("r.account_id"))
    if not examination.deep:
        return
    ((total,),) = read_rows("SELECT COUNT(*) FROM contacts_card")
    rows = read_pages(_BYTES.format(within=examination.within("r.account_id")), page=DEEP_PAGE)
    for done, row in enumerate(rows):
        examination.on_progress("cards", done, total)
        yield from _compare(*row)


def _compare(
    resource_id: int, where: str, ical_uid: str | None, data: bytes, *held: Any
) -> Iterator[Fault]:
    try:
        card = read_card(bytes(data), CardLimits(octets=limits.RESOURCE_SIZE.value))
    except InvalidCard as error:
        yield Fault("card-data", where, f"it cannot be read: {error.text}", _READ)
        return
    if card.uid != ical_uid:
        yield Fault("card-data", where, f"it is kept as {ical_uid}, and is {card.uid}", RESTORE)
    made = make_columns(card)
    names = [n for n, one, other in zip(made._fields, held, made, strict=True) if one != other]
    if names:
        what = f"its columns are not what its bytes say: {', '.join(names)}"
        yield Fault("card-columns", where, what, _COLUMNS, Repair(renew_columns, (resource_id,)))
