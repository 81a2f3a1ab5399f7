"""Streams in memory: how many there may be, and clients that do not read. No database is asked."""

import asyncio
from typing import Any

import pytest

from groupware.api.push.streams import Full, Listener, Streams
from groupware.core import limits
from groupware.core.livesessions import Wanted
from groupware.core.principals import Principal
from tests.conftest import SetLimit


def listener(account_id: int = 1) -> Listener:
    principal = Principal(account_id, "ann@example.test", 1)
    return Listener(principal, frozenset({"mail"}), network="192.0.2.1")


async def nothing_comes() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError("the event is never set")


async def nothing_is_read(_message: Any) -> None:
    await asyncio.Event().wait()


def opened(streams: Streams, account_id: int) -> "asyncio.Task[None]":
    serving = streams.serve(listener(account_id), [], nothing_comes, nothing_is_read)
    return asyncio.get_running_loop().create_task(serving)


async def test_a_process_holds_so_many_streams_and_no_more(set_limit: SetLimit) -> None:
    set_limit(limits.EVENTS_STREAMS, 2)
    streams = Streams()
    held = [opened(streams, account_id) for account_id in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(Full, match="as many streams of events as it can"):
        await opened(streams, 3)
    held[0].cancel()
    await asyncio.gather(held[0], return_exceptions=True)
    third = opened(streams, 3)
    await asyncio.sleep(0)
    assert not third.done()
    for task in (*held, third):
        task.cancel()
    await asyncio.gather(*held, third, return_exceptions=True)


async def test_an_account_holds_so_many_streams_and_no_more(set_limit: SetLimit) -> None:
    set_limit(limits.EVENTS_OF_ACCOUNT, 1)
    streams = Streams()
    held = [opened(streams, account_id) for account_id in (1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(Full, match="close some first"):
        await opened(streams, 1)
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)


async def test_streams_are_told_among_the_live_sessions_of_an_account() -> None:
    streams = Streams()
    held = [opened(streams, account_id) for account_id in (1, 1, 2)]
    await asyncio.sleep(0)
    told = list(streams.list_sessions(Wanted(1)))
    assert [(one.protocol, one.network, one.credential) for one in told] == [
        ("events", "192.0.2.1", "password")
    ] * 2
    assert len({one.id for one in told}) == 2
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    assert list(streams.list_sessions(Wanted(1))) == []


async def test_one_stream_is_ended_and_others_go_on() -> None:
    streams = Streams()
    first, second = (opened(streams, 1) for _ in range(2))
    await asyncio.sleep(0)
    told = [held.id for held in streams.list_sessions(Wanted(1))]
    assert not streams.end_session(2, told[0])
    assert streams.end_session(1, told[0])
    done, going = await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
    assert len(done) == len(going) == 1
    assert [held.id for held in streams.list_sessions(Wanted(1))] == [told[1]]
    assert not streams.end_session(1, told[0])
    for task in going:
        task.cancel()
    await asyncio.gather(*going, return_exceptions=True)


async def test_a_client_that_reads_nothing_is_let_go(set_limit: SetLimit) -> None:
    set_limit(limits.EVENTS_WRITE, 0.01)
    await opened(Streams(), 1)


async def test_all_streams_end_when_the_process_stops(set_limit: SetLimit) -> None:
    set_limit(limits.EVENTS_WRITE, 0.01)
    streams = Streams()
    held = opened(streams, 1)
    await asyncio.sleep(0)
    streams.stop()
    await held
