"""Where a message that arrives goes: the one place at which each delivery is put into a mailbox.

LMTP, the fan-out and what is fetched from elsewhere all come through here; the account's filters
will act here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from groupware.core import db
from groupware.core.errors import NotFound
from mail.models.mailbox import SpecialUse
from mail.services import trace
from mail.services.content import PreparedMessage
from mail.services.messages import Appended, append_message
from mail.services.trace import Note, Passage, Step

INBOX = "inbox"
JUNK = "taken for junk"
"""What the trace says of it."""
NOTICE_ROOM = 256 << 10
"""Octets beyond the quota for what this server itself has to say, such as that it is used up."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a message arrives; `detail` is what stood behind a plus in the address (RFC 5233).

    A notice of this server (`Taken.is_notice`) arrives also where the quota has no room. What has a
    `passage` leaves a step in the trace. The rest is as in `mail.services.messages.append_message`.
    """

    prefix: bytes = b""
    detail: str = ""
    is_junk: bool = False
    is_notice: bool = False
    flags: int = 0
    keywords: Sequence[str] = ()
    internal_date: int | None = None
    internal_zone: int = 0
    passage: Passage | None = None


def file_message(
    account_id: int, prepared: PreparedMessage, arrival: Arrival = Arrival()
) -> Appended:
    """Put a message into the mailbox that it belongs in, in the account's transaction.

    Junk into the mailbox for junk where there is one; `user+detail` into the mailbox of that
    name where there is one; everything else into INBOX. Raises as `append_message` does, and
    `NotFound` where the account has no mailbox at all.
    """
    if arrival.passage is not None:
        db.on_commit(partial(note_delivered, account_id, prepared, arrival, arrival.passage))
    return append_message(
        account_id,
        _choose_mailbox(account_id, arrival),
        prepared,
        flags=arrival.flags,
        keywords=arrival.keywords,
        internal_date=arrival.internal_date,
        internal_zone=arrival.internal_zone,
        prefix=arrival.prefix,
        beyond=NOTICE_ROOM if arrival.is_notice else 0,
    )


def note_delivered(
    account_id: int, prepared: PreparedMessage, arrival: Arrival, passage: Passage
) -> None:
    """Note that an account has a message. Hot: runs after each delivery."""
    trace.note(
        Note(
            Step.DELIVERED,
            passage.sender,
            passage.recipient,
            passage.recipient,
            account_id,
            trace.name_of(prepared, arrival.prefix),
            None,
            passage.reference,
            None,
            len(arrival.prefix) + prepared.staged.size,
            passage.peer,
            JUNK if arrival.is_junk else passage.detail,
        )
    )


def _choose_mailbox(account_id: int, arrival: Arrival) -> int:
    """Return the collection. Hot: runs for each delivery, most of which are for INBOX."""
    if not arrival.is_junk and not arrival.detail:
        condition, params = "c.name = 'INBOX'", []
    elif arrival.is_junk:
        condition, params = "(c.name = 'INBOX' OR b.special_use = %s)", [SpecialUse.JUNK.value]
    else:
        condition, params = "1 = 1", []
    # Case is folded here: SQLite's LOWER knows ASCII only, and would pass by the index.
    rows = db.fetch_rows(
        "SELECT c.name, c.id, b.special_use FROM core_collection c"
        " JOIN mail_mailbox b ON b.collection_id = c.id"
        f" WHERE c.account_id = %s AND c.kind = 'mail' AND b.selectable AND {condition}",
        [account_id, *params],
    )
    if arrival.is_junk:
        junk = [key for _, key, special_use in rows if special_use == SpecialUse.JUNK]
        if junk:
            return int(junk[0])
    found = {name.lower(): int(key) for name, key, _ in rows}
    if INBOX not in found:
        raise NotFound("The recipient has no mailbox.")
    return found[INBOX] if arrival.is_junk else found.get(arrival.detail.lower(), found[INBOX])
