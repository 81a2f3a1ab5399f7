"""What a session reads of the store to know whether it is up to date, and what may still be done.

Hot for an idle client's NOOP: an owner's look at a mailbox costs no query for rights.
"""

from dataclasses import dataclass
from typing import NamedTuple

from groupware.core import auth
from groupware.core.auth import Principal
from groupware.core.rights import effective_rights
from mail import queries


class Position(NamedTuple):
    """Up to where a session knows the mailbox that it has open, and as whom it reads it."""

    collection_id: int
    modseq: int
    uid_next: int
    reader_id: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found; `rights` are None where the session's account is the owner."""

    is_current: bool
    rights: str | None
    changes: queries.Changes | None


def look(principal: Principal, position: Position | None) -> Look:
    """Read whether the session may go on, and what happened since `position`.

    Raises `NotFound` when the mailbox is gone.
    """
    is_current = auth.is_principal_current(principal)
    if position is None:
        return Look(is_current, None, None)
    changes = read_changes(position)
    return Look(is_current, _read_rights(position, changes.info.account_id), changes)


def look_briefly(principal: Principal, position: Position | None) -> Look | None:
    """Read the same as `look` for the owner where nothing happened; None where something did.

    A few rows: for an event loop, which must not read what may be many.
    """
    if position is None:
        return look(principal, None)
    info = queries.get_mailbox_by_id(position.collection_id)
    if info.highest_modseq > position.modseq:
        return None
    is_current = auth.is_principal_current(principal)
    return Look(is_current, None, queries.Changes(info, [], [], []))


def read_changes(position: Position) -> queries.Changes:
    """Return what happened since a position; raises `NotFound` when the mailbox is gone."""
    return queries.list_changes(
        position.collection_id,
        since_modseq=position.modseq,
        known_uid_next=position.uid_next,
        reader_id=position.reader_id,
    )


def read_rights(reader_id: int, owner_id: int, collection_id: int) -> str:
    """Return the letters that a reader holds on a mailbox now."""
    return effective_rights(reader_id, owner_id, collection_id).letters


def _read_rights(position: Position, owner_id: int) -> str | None:
    if not position.reader_id:
        return None
    return read_rights(position.reader_id, owner_id, position.collection_id)
