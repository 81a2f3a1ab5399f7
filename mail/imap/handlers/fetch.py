"""FETCH and UID FETCH: batches from the store, streamed at the pace of the client.

Hot: guarded by the FETCH benchmarks.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from groupware.core import aio
from mail import queries
from mail.flags import SEEN, serialize_flags
from mail.imap import responses
from mail.imap.ahead import read_ahead
from mail.imap.binary import INLINE, Decoded, readers_of
from mail.imap.errors import EXPUNGE_ISSUED, Outcome, Refused, Reply, bad, ok
from mail.imap.fetching import INLINE_WHOLE, Batch, Chunk, Unseen, read_batch
from mail.imap.fetchitems import Attribute
from mail.imap.fetchplan import FetchPlan, plan_fetch
from mail.imap.handlers.messages import ranges_of, store_and_absorb
from mail.imap.requests import Fetch
from mail.imap.resync import intersect, without
from mail.imap.session import Session
from mail.imap.view import FlagRow, Ranges
from mail.services.flags import Stored, StoreOp, store_flags
from mail.spans import Span
from mail.uidset import normalize, to_ranges

GLANCE: Final = 4
"""Messages that are read in the event loop's own thread, where that is faster."""
_Crossing = Callable[..., Coroutine[Any, Any, Batch]]
FETCHED: Final = ok("Fetched.")
PIECE: Final = 256 * 1024
"""Octets of a large section that are in memory at once."""


async def fetch(session: Session, request: Fetch) -> Outcome:
    """Do a FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4)."""
    view = session.selected()
    if request.vanished:
        await _tell_vanished(session, request)
    ranges = ranges_of(session, request.messages, by_uid=request.by_uid)
    if request.changed_since is not None or Attribute.MODSEQ in request.items:
        session.enable_condstore()
    plan = plan_fetch(
        request.items,
        by_uid=request.by_uid,
        changed_since=_trust(session, request.changed_since),
        sets_seen=view.identity.may("s"),
    )
    if await _tell_ahead(session, plan, ranges):
        return FETCHED
    known = view.count(ranges)
    count, refusal = await _send_messages(session, plan, ranges, known) if ranges else (0, None)
    if refusal is not None:
        return refusal
    if not request.by_uid and request.changed_since is None and count < known:
        return EXPUNGE_ISSUED
    return FETCHED


async def _tell_ahead(session: Session, plan: FetchPlan, ranges: Ranges) -> bool:
    """Tell a message that was read ahead, or is now with those behind it; False for any other.

    Of a client that fetches one message after the other.
    """
    if len(ranges) != 1 or not (plan.by_column and plan.is_light) or plan.changed_since:
        return False
    [(uid, last)] = ranges
    view, ahead = session.selected(), session.ahead
    seq = view.find_seq(uid) if uid == last else None
    if seq is None:
        return False
    version = session.shared.watch.version()
    response = ahead.find(plan, view, seq - 1, version)
    if response is None and ahead.is_due:
        responses = await aio.glance(read_ahead, view, plan, seq - 1)
        response = responses.pop((uid, seq), None)
        ahead.keep(responses)
    if response is None:
        return False
    session.forget_look()
    await _send_octets(session, response)
    return True


async def _send_messages(
    session: Session, plan: FetchPlan, ranges: Ranges, known: int
) -> tuple[int, Reply | None]:
    """Send the responses; return of how many messages, and why others have none.

    While one batch goes out, the next one is read.
    """
    view = session.selected()
    is_short = known <= GLANCE and plan.is_light
    # What lies far apart is more than one statement.
    glance = aio.glance_once if ranges[-1][1] - ranges[0][0] < queries.FEW else aio.glance
    cross: _Crossing = glance if is_short else aio.read
    inline = INLINE if is_short else INLINE_WHOLE
    read = partial(cross, read_batch, view, plan, ranges, inline=inline)
    batch: Batch = await read(0)
    count, refusal = batch.count, batch.refusal
    while True:
        ahead = None if batch.is_last else asyncio.ensure_future(read(batch.last_uid))
        try:
            session.forget_look()  # the batch may tell modseqs that are later than the last look
            flags = await _set_seen(session, batch) if batch.unseen else {}
            await _send(session, batch.chunks, flags)
            if ahead is None:
                return count, refusal
            batch = await ahead
        finally:
            if ahead is not None:
                ahead.cancel()
        count += batch.count
        refusal = refusal or batch.refusal


def _trust(session: Session, modseq: int | None) -> int | None:
    return None if modseq is None else session.selected().identity.trust(modseq)


async def _tell_vanished(session: Session, request: Fetch) -> None:
    """Tell which of the UIDs are gone (RFC 7162 §3.2.6), ahead of any FETCH response.

    What the client numbers still is left out: its VANISHED follows, without EARLIER. `*` is the
    last UID that ever was, or the last message could go and nobody hear of it.
    """
    view = session.selected()
    if not session.qresync:
        raise Refused(bad("Enable QRESYNC first."))
    collection_id = view.identity.collection_id
    since = _trust(session, request.changed_since) or 0
    gone = await aio.read(queries.list_vanished, collection_id, since, view.uid_next)
    asked = request.messages.resolve(max(view.uid_next - 1, 1))
    told = without(intersect(normalize(gone), asked), view.uids)
    if told:
        session.write(responses.vanished(told, earlier=True))


async def _set_seen(session: Session, batch: Batch) -> dict[int, FlagRow]:
    identity = session.selected().identity
    ranges = to_ranges(batch.unseen)

    def service() -> Stored:
        return store_flags(
            identity.account_id,
            identity.collection_id,
            ranges,
            StoreOp.ADD,
            SEEN,
            (),
            actor=identity.actor,
        )

    stored = await store_and_absorb(session, ranges, service)
    session.selected().tell(stored.rows)
    return {row[0]: row for row in stored.rows}


async def _send(session: Session, chunks: list[Chunk], flags: dict[int, FlagRow]) -> None:
    for chunk in chunks:
        if isinstance(chunk, bytes):
            await _send_octets(session, chunk)
        elif isinstance(chunk, Unseen):
            if session.condstore and not chunk.has_uid:
                session.write(b"UID %d " % chunk.uid)
            with_modseq = chunk.with_modseq or session.condstore
            session.write(_render_flags(flags.get(chunk.uid), with_modseq=with_modseq))
        else:
            await _stream(session, chunk)


async def _send_octets(session: Session, data: bytes) -> None:
    for start in range(0, len(data), PIECE):
        session.write(data[start : start + PIECE])
        await session.output.drain()


async def _stream(session: Session, chunk: Span | Decoded) -> None:
    for read in readers_of(chunk):
        try:
            data = await aio.call(read)
        except Exception:
            # The literal is announced and cannot be taken back: only the connection can end.
            session.abort()
            raise
        session.write(data)
        await session.output.drain()


def _render_flags(row: FlagRow | None, *, with_modseq: bool) -> bytes:
    r"""Return the flags with the new \Seen; of a message gone since, that alone.

    A client with CONDSTORE is told UID and mod-sequence, asked for or not (RFC 7162 §3.2.4).
    """
    if row is None:
        return b"FLAGS (" + serialize_flags(SEEN, "") + b")"
    _, mask, keywords, modseq = row
    flags = b"FLAGS (" + serialize_flags(mask, keywords) + b")"
    return flags + b" MODSEQ (%d)" % modseq if with_modseq else flags
