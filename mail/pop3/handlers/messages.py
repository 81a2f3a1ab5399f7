"""STAT, LIST, UIDL, RETR, TOP, DELE and RSET (RFC 1939 §5, §7).

Hot: RETR and UIDL, guarded by the benchmarks of POP3.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from itertools import chain, takewhile

import structlog

from mail.pop3 import responses
from mail.pop3.commands import Numbered, Plain, Top
from mail.pop3.connection import RunReceived
from mail.pop3.reading import Gone, Unreadable
from mail.pop3.session import Session
from mail.pop3.wire import Stuffer, TopCutter, serialize_message

_log = structlog.get_logger("groupware.pop3")


async def stat(session: Session, _request: Plain) -> None:
    """STAT: how many messages are not marked, and their octets."""
    maildrop = session.opened.maildrop
    session.write(responses.ok(f"{maildrop.count} {maildrop.octets}"))


async def list_sizes(session: Session, request: Numbered) -> None:
    """LIST: octets, as RETR sends them but for the dots that the wire adds."""
    maildrop, number = session.opened.maildrop, request.number
    if not number:
        text = f"{maildrop.count} messages ({maildrop.octets} octets)"
        await _send_rows(session, text, maildrop.scan_listing())
    elif _check(session, number):
        session.write(responses.ok(f"{number} {maildrop.size(number)}"))


async def list_unique_ids(session: Session, request: Numbered) -> None:
    """UIDL: what a program knows each message by."""
    maildrop, number = session.opened.maildrop, request.number
    if not number:
        await _send_rows(session, "Unique-ids:", maildrop.unique_ids())
    elif _check(session, number):
        session.write(responses.ok(f"{number} {maildrop.unique_id(number)}"))


async def retrieve(session: Session, request: Numbered) -> None:
    r"""RETR; the message is `\Seen` then, where the account's policy says so."""
    opened, number = session.opened, request.number
    if not _check(session, number):
        return
    message = await _open(session, number)
    if message is None:
        return
    head = responses.octets_follow(opened.maildrop.size(number))
    if isinstance(message, bytes):
        session.write(b"".join(serialize_message(head, message)))
    else:
        session.write(head)
        await _send(session, message, None)
    if opened.policy.marks_seen and not session.closing:
        opened.seen.add([opened.maildrop.uid(number)])


async def retrieve_run(session: Session, run: RunReceived) -> int:
    """RETR of several messages: answer the first ones together, and return how many."""
    opened = session.opened
    maildrop = opened.maildrop
    found = await _read_together(session, run.numbers)
    if not found:
        await retrieve(session, Numbered(run.numbers[0]))
        return 1
    numbers = run.numbers[: len(found)]
    heads = map(responses.octets_follow, map(maildrop.size, numbers))
    session.write(b"".join(chain.from_iterable(map(serialize_message, heads, found))))
    if opened.policy.marks_seen and not session.closing:
        opened.seen.add(map(maildrop.uid, numbers))
    return len(found)


async def top(session: Session, request: Top) -> None:
    r"""TOP: the header and so many lines; nothing is `\Seen` by it."""
    number, lines = request.number, request.lines
    if not _check(session, number):
        return
    if taken := session.opened.tops.take(number, lines):
        session.write(taken)
    else:
        await _answer_tops(session, [number], [lines])


async def top_run(session: Session, run: RunReceived) -> int:
    """TOP of several messages: answer the first ones together, and return how many."""
    maildrop = session.opened.maildrop
    standing = list(takewhile(maildrop.stands, run.numbers))
    if not standing:
        _check(session, run.numbers[0])
        return 1
    return await _answer_tops(session, standing, run.lines)


async def _answer_tops(session: Session, numbers: Sequence[int], lines: Sequence[int]) -> int:
    """Answer the first of these TOPs together, and return how many."""
    tops = session.opened.tops
    found = await tops.read(numbers, lines)
    if not found:
        messages = await _read_together(session, tops.worth_whole(numbers, lines))
        found = tops.make(numbers, lines, messages)
    if not found:
        await _read_top(session, numbers[0], lines[0])
        return 1
    session.write(b"".join(found))
    return len(found)


async def _read_top(session: Session, number: int, lines: int) -> None:
    """Answer a TOP for which the message has to be read whole, or in pieces."""
    message = await _open(session, number)
    if message is None:
        return
    if isinstance(message, bytes):
        session.write(session.opened.tops.make([number], [lines], [message])[0])
    else:
        session.write(responses.TOP_FOLLOWS)
        await _send(session, message, TopCutter(lines))


async def delete(session: Session, request: Numbered) -> None:
    """DELE: mark a message; nothing happens to it before QUIT."""
    if _check(session, request.number):
        session.opened.maildrop.delete(request.number)
        session.write(responses.ok("Marked."))


async def reset(session: Session, _request: Plain) -> None:
    """RSET: take the marks off."""
    maildrop = session.opened.maildrop
    maildrop.reset()
    session.write(responses.ok(f"{maildrop.count} messages, {maildrop.octets} octets."))


def _check(session: Session, number: int) -> bool:
    """Tell whether a message is there, and the client why not."""
    maildrop = session.opened.maildrop
    if not maildrop.holds(number):
        session.write(responses.NO_SUCH_MESSAGE)
        return False
    if maildrop.is_deleted(number):
        session.write(responses.DELETED)
        return False
    return True


async def _read_together(session: Session, numbers: Sequence[int]) -> Sequence[bytes]:
    """Return the first of these messages, up to one that is not there, large, gone or damaged."""
    opened = session.opened
    try:
        return await opened.reader.read_small(list(takewhile(opened.maildrop.stands, numbers)))
    except Unreadable:
        return ()


async def _open(session: Session, number: int) -> bytes | AsyncGenerator[bytes, None] | None:
    """Return the message, a large one in pieces, or tell why there is none."""
    reader = session.opened.reader
    if (held := reader.take_ahead(number)) is not None:
        return held
    try:
        return await reader.read(number)
    except Gone:
        session.write(responses.GONE)
    except Unreadable:
        _log.exception("message cannot be read", uid=session.opened.maildrop.uid(number))
        session.write(responses.DAMAGED)
    return None


async def _send(
    session: Session, pieces: AsyncGenerator[bytes, None], cutter: TopCutter | None
) -> None:
    stuffer = Stuffer()
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                session.write(stuffer.feed(piece if cutter is None else cutter.feed(piece)))
                await session.output.drain()
                if cutter is not None and cutter.is_done:
                    break
    except Unreadable:
        # The message is begun and cannot be taken back: only the connection can end.
        _log.exception("message cannot be read to its end")
        session.abort()
        return
    session.write(stuffer.finish())


async def _send_rows(session: Session, text: str, rows: Iterator[bytes]) -> None:
    session.write(responses.ok(text))
    for piece in rows:
        session.write(piece)
        await session.output.drain()
    session.write(responses.END)
