"""Commands that change messages: STORE, COPY, MOVE, EXPUNGE.

Each crosses to the store once; its transaction also reads what else happened, so that the reply
comes with everything that the client does not know yet.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from groupware.core import aio, db
from groupware.core.changes import lock_account
from groupware.core.errors import NotFound
from mail import flags, queries
from mail.imap import responses
from mail.imap.errors import (
    EXPUNGE_ISSUED,
    NO_RIGHT,
    TRY_CREATE,
    Outcome,
    Refused,
    Reply,
    bad,
    ok,
)
from mail.imap.looking import Position, read_changes
from mail.imap.requests import Copy, Plain, Store, StoreMode, UidExpunge
from mail.imap.responses import Condition
from mail.imap.sequences import SequenceSet, Uid
from mail.imap.session import Session
from mail.imap.view import FlagRow, Ranges
from mail.places import Place, find_place
from mail.services import messages
from mail.services.copying import Copied, copy_messages, move_messages
from mail.services.flags import Stored, StoreOp, store_flags
from mail.uidset import to_ranges

_OPS = {
    StoreMode.REPLACE: StoreOp.SET,
    StoreMode.ADD: StoreOp.ADD,
    StoreMode.REMOVE: StoreOp.REMOVE,
}
STORED_HERE: Final = 64
"""Messages whose flags are changed in the event loop: a few rows of each are read and written."""
FLAG_FIELDS = ("uid", "flags", "keywords", "modseq")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Copying:
    """A COPY or MOVE to be done in one transaction by an account; without all `count` not at all."""

    account_id: int
    owner_id: int
    collection_id: int
    ranges: Ranges
    mailbox: str
    count: int | None
    move: bool


def ranges_of(session: Session, messages_: SequenceSet, *, by_uid: bool) -> Ranges:
    """Return the UIDs that a command names; raises `Refused` for numbers beyond the last."""
    view = session.selected()
    if by_uid:
        return view.ranges_of_uids(messages_)
    ranges = view.ranges_of_seqs(messages_)
    if ranges is None:
        raise Refused(bad("There is no message of that number."))
    return ranges


def with_changes(position: Position, service: Callable[[], T]) -> tuple[T, queries.Changes]:
    """Run a service and read, in the same transaction, what happened since `position`."""
    with db.write_transaction():
        done = service()
        changes = read_changes(position)
    return done, changes


async def store(session: Session, request: Store) -> Outcome:
    """STORE and UID STORE (RFC 3501 §6.4.6, RFC 7162 §3.1.3)."""
    view = session.writable()
    ranges = ranges_of(session, request.messages, by_uid=request.by_uid)
    since = request.unchanged_since
    if since is not None:
        session.enable_condstore()
        since = view.identity.trust(since)
    if not ranges:
        return ok("Nothing to store.")
    mask, keywords = flags.parse_flags(request.flags)
    identity = view.identity
    _check_flags(request, identity.actor, mask, keywords)
    # A silent STORE succeeds at those that are there (RFC 2180 §4.2.1), unless it asks for more.
    lenient = request.by_uid or (request.silent and request.unchanged_since is None)

    def service() -> Stored:
        return store_flags(
            identity.account_id,
            identity.collection_id,
            ranges,
            _OPS[request.mode],
            mask,
            keywords,
            unchanged_since=since,
            actor=identity.actor,
            wants_rows=not lenient or not request.silent or session.condstore,
        )

    stored = await store_and_absorb(session, ranges, service, has_keywords=bool(keywords))
    _tell_stored(session, request, stored)
    return _reply_to_store(session, request, ranges, stored, lenient=lenient)


def _check_flags(request: Store, actor: flags.Actor, mask: int, keywords: tuple[str, ...]) -> None:
    """Refuse where none of the flags may be changed; with one that may, the others stay.

    Clients take a NO badly (RFC 4314 §4).
    """
    if request.mode is StoreMode.REPLACE:
        allowed = bool(actor.mask)
    else:
        allowed = bool(mask & actor.mask or (keywords and actor.keywords))
    if not allowed and (mask or keywords or request.mode is StoreMode.REPLACE):
        raise Refused(NO_RIGHT)


async def store_and_absorb(
    session: Session, ranges: Ranges, service: Callable[[], Stored], *, has_keywords: bool = False
) -> Stored:
    """Run a STORE; its session knows then what others did before it, and that it was done.

    Hot: that of a few messages is done in the event loop, where nobody else writes.
    """
    view = session.selected()
    if view.count(ranges) <= STORED_HERE:
        with suppress(db.NotNow):
            return _store_here(session, service, has_keywords=has_keywords)
    account_id = view.identity.account_id
    stored, others = await aio.write(after_changes, account_id, session.position(), service)
    session.absorb(others.changes)
    view.pass_over(stored.modseq, others.now)
    return stored


def _store_here(session: Session, service: Callable[[], Stored], *, has_keywords: bool) -> Stored:
    position = session.position()

    def work() -> tuple[Stored, tuple[str, ...] | None]:
        if queries.get_highest_modseq(position.collection_id) != position.modseq:
            raise db.NotNow  # others were here: what they did may be too much to read in the loop
        stored = service()
        if not has_keywords:
            return stored, None
        return stored, queries.get_mailbox_by_id(position.collection_id).keywords

    stored, words = aio.write_here(work)
    session.absorb_own(stored.modseq, words)
    return stored


@dataclass(frozen=True, slots=True)
class Others:
    """What others did before a STORE, and those of their messages as the STORE left them."""

    changes: queries.Changes
    now: list[FlagRow]


def after_changes(
    account_id: int, position: Position, service: Callable[[], Stored]
) -> tuple[Stored, Others]:
    """Run a STORE and read, in the same transaction, what happened since `position` before it.

    What the STORE itself did is known: ten thousand messages need not be read for it.
    """
    with db.write_transaction():
        lock_account(account_id)
        changes = read_changes(position)
        stored = service()
        if stored.modseq:
            info = queries.get_mailbox_by_id(position.collection_id)
            changes = replace(changes, info=info)
        now = queries.fetch_messages(
            position.collection_id,
            to_ranges(row[0] for row in changes.changed),
            FLAG_FIELDS,
            reader_id=position.reader_id,
            limit=len(changes.changed),
        )
    return stored, Others(changes, now)


def _tell_stored(session: Session, request: Store, stored: Stored) -> None:
    """Answer with the new flags, or where they are not wanted with the new mod-sequences.

    What others changed is told in any case: the client, which changes the flags in its own
    memory, would otherwise change those of before (RFC 3501 §6.4.6).
    """
    session.tell_keywords()
    if request.silent and not session.condstore:
        return
    view = session.selected()
    told = view.number(stored.rows)
    if request.silent:
        own = (
            responses.fetch(seq, (b"UID %d" % uid, b"MODSEQ (%d)" % modseq))
            for seq, (uid, _, _, modseq) in told
            if modseq == stored.modseq and not view.owes(uid)
        )
        session.write(b"".join(own))
        told = [(seq, row) for seq, row in told if view.owes(row[0])]
    session.write(responses.fetch_flags(told, with_modseq=session.condstore))
    view.tell(stored.rows)


def _reply_to_store(
    session: Session, request: Store, ranges: Ranges, stored: Stored, *, lenient: bool
) -> Reply:
    view = session.selected()
    code = None
    if stored.modified:
        numbers = stored.modified if request.by_uid else view.seqs_of(stored.modified)
        code = responses.code_modified(filter(None, numbers))
    found = len(stored.rows) + len(stored.modified)
    if not lenient and found < view.count(ranges):
        return Reply(Condition.NO, EXPUNGE_ISSUED.text, code or EXPUNGE_ISSUED.code)
    return ok("Stored, but for those changed since." if code else "Stored.", code)


async def copy(session: Session, request: Copy) -> Outcome:
    """COPY and UID COPY (RFC 3501 §6.4.7, RFC 4315 §3)."""
    copying = _prepare(session, request, move=False)
    copied, changes = await aio.write(with_changes, session.position(), copying_service(copying))
    session.absorb(changes)
    return ok("Copied.", _copy_code(copied))


async def move(session: Session, request: Copy) -> Outcome:
    """MOVE and UID MOVE (RFC 6851): COPYUID first, then EXPUNGE, then the reply."""
    session.writable("te")
    copying = _prepare(session, request, move=True)
    moved, changes = await aio.write(with_changes, session.position(), copying_service(copying))
    session.absorb(changes)
    if moved.leaving:
        session.doubt()
    code = _copy_code(moved)
    if code is not None:
        session.write(responses.status_line(None, Condition.OK, "Moved.", code))
    is_done = moved.source_uids and not moved.leaving
    return ok("Moved.", session.code_settled() if is_done else None)


def _prepare(session: Session, request: Copy, *, move: bool) -> Copying:
    view = session.selected()
    ranges = ranges_of(session, request.messages, by_uid=request.by_uid)
    count = None if request.by_uid else view.count(ranges)
    identity = view.identity
    return Copying(
        session.account_id,
        identity.account_id,
        identity.collection_id,
        ranges,
        request.mailbox,
        count,
        move,
    )


def copying_service(copying: Copying) -> Callable[[], Copied]:
    """Return the service that does it; all or nothing."""

    def service() -> Copied:
        target = find_target(copying.account_id, copying.mailbox)
        act = move_messages if copying.move else copy_messages
        copied = act(
            copying.owner_id,
            copying.collection_id,
            copying.ranges,
            target.info.account_id,
            target.info.collection_id,
            flags.actor_with(copying.account_id, target.rights),
        )
        if copying.count is not None and len(copied.source_uids) < copying.count:
            raise Refused(EXPUNGE_ISSUED)
        return copied

    return service


def find_target(account_id: int, name: str) -> Place:
    """Return the mailbox that messages are to go to.

    Raises `Refused` with TRYCREATE where there is none, `NotAllowed` without the right `i`.
    """
    try:
        place = find_place(account_id, name)
        place.require("i")
    except NotFound:
        raise Refused(TRY_CREATE) from None
    if not place.info.selectable:
        raise Refused(TRY_CREATE)
    return place


def _copy_code(copied: Copied) -> bytes | None:
    if not copied.source_uids:
        return None
    return responses.code_copy_uid(
        copied.uid_validity, map(Uid, copied.source_uids), map(Uid, copied.target_uids)
    )


async def expunge(session: Session, _request: Plain) -> Outcome:
    """EXPUNGE (RFC 3501 §6.4.3)."""
    return await _expunge(session, None)


async def uid_expunge(session: Session, request: UidExpunge) -> Outcome:
    """UID EXPUNGE (RFC 4315 §2.1)."""
    return await _expunge(session, ranges_of(session, request.messages, by_uid=True))


async def _expunge(session: Session, ranges: Ranges | None) -> Outcome:
    identity = session.writable("e").identity

    def service() -> list[int]:
        return messages.expunge_messages(identity.account_id, identity.collection_id, ranges)

    expunged, changes = await aio.write(with_changes, session.position(), service)
    session.absorb(changes)
    return ok("Expunged.", session.code_settled() if expunged else None)
