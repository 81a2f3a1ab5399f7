"""Putting, removing, copying and moving cards: bytes, columns and who follows them, in one.

A card is parsed before any lock is taken. Durable on return, as `groupware.core.resources` says.
"""

from contacts.services import hooks
from contacts.services.hooks import CardChange, on_change
from contacts.vcard.cards import OLD_VERSION, Card, InvalidCard, read_card
from contacts.vcard.columns import Columns, make_columns
from contacts.vcard.limits import CardLimits
from groupware.core import db, limits
from groupware.core.changes import lock_account
from groupware.core.errors import Invalid
from groupware.core.resources import moving
from groupware.core.resources.items import (
    Check,
    Content,
    Written,
    anything,
    put_resource,
    remove_resource,
)
from groupware.core.resources.moving import Place, Then, Writer, nothing
from groupware.core.resources.queries import read_by_ids

__all__ = [
    "COMPONENT",
    "WRITER",
    "copy_card",
    "move_card",
    "on_change",
    "put_card",
    "remove_card",
    "renew_columns",
    "write_columns",
]

COMPONENT = "VCARD"
_COLUMNS = ", ".join(Columns._fields)
_UPSERT = (
    f"INSERT INTO contacts_card (resource_id, {_COLUMNS})"
    f" VALUES (%s{', %s' * len(Columns._fields)}) ON CONFLICT (resource_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in Columns._fields)
)


def put_card(
    place: Place, data: bytes, *, check: Check = anything, card: Card | None = None
) -> Written:
    """Store a card, new or over what is there; `check` is called under the account's lock.

    `card` is what `parse_card` made of the data, where the caller has it already.
    Raises `InvalidCard` with the precondition of RFC 6352 §6.3.2.1, and what
    `items.put_resource` raises: `UidTaken`, `PreconditionFailed`, `OverQuota` and others.
    """
    card = card or parse_card(data)
    content = Content(data, card.uid, COMPONENT)
    with db.write_transaction():
        written = put_resource(
            place.account_id, place.collection_id, place.href, content, check=check
        )
        if written.is_changed:
            write_columns(written.resource_id, card)
            hooks.tell(place.account_id, [CardChange(written.resource_id, card)])
        return written


def parse_card(data: bytes) -> Card:
    """Return a card that can be put; raises `InvalidCard`."""
    card = read_card(data, CardLimits(octets=limits.RESOURCE_SIZE.value))
    if card.version == OLD_VERSION:
        text = "The card is of version 2.1: send 3.0 or 4.0, or let `import vcf` convert it."
        raise InvalidCard("supported-address-data", text)
    return card


def remove_card(place: Place, *, check: Check = anything) -> int:
    """Remove a card and leave a tombstone; return its modseq.

    Raises `NotFound`, and what `check` raises.
    """

    def forget(resource_id: int) -> None:
        db.execute("DELETE FROM contacts_card WHERE resource_id = %s", [resource_id])
        hooks.tell(place.account_id, [CardChange(resource_id, None)])

    return remove_resource(
        place.account_id, place.collection_id, place.href, forget=forget, check=check
    )


WRITER = Writer("contacts.finish-move", put_card, remove_card)
"""How cards are written, for what copies and moves any resource."""


def copy_card(
    source: Place, target: Place, *, check: Check = anything, source_check: Check = anything
) -> Written:
    """Copy a card; `moving.copy_resource` says how and what it raises."""
    return moving.copy_resource(WRITER, source, target, check=check, source_check=source_check)


def move_card(
    source: Place,
    target: Place,
    *,
    check: Check = anything,
    source_check: Check = anything,
    then: Then = nothing,
) -> Written:
    """Move a card; `moving.move_resource` says how and what it raises."""
    return moving.move_resource(
        WRITER, source, target, check=check, source_check=source_check, then=then
    )


def renew_columns(resource_id: int) -> None:
    """Make what is kept of a card anew of its bytes; raises `Invalid` where they are no card.

    Wakes nobody: what clients see of it stays as it is.
    """
    with db.write_transaction():
        rows = db.fetch_rows("SELECT account_id FROM core_resource WHERE id = %s", [resource_id])
        if not rows:
            return  # it went meanwhile
        lock_account(rows[0][0])
        for stored in read_by_ids([resource_id]):
            try:
                card = parse_card(stored.data)
            except InvalidCard as error:
                raise Invalid(error.text) from error
            write_columns(resource_id, card)
            hooks.tell(rows[0][0], [CardChange(resource_id, card)])


def write_columns(resource_id: int, card: Card) -> None:
    """Write what is kept of a card beside its bytes, in the caller's transaction."""
    db.execute(_UPSERT, [resource_id, *make_columns(card)])
