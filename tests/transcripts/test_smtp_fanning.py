"""Delivering after the reply: some at once, and clients wait where too many wait already."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from groupware.core import aio
from mail.smtp.fanning import AT_ONCE, MOST_WAITING, FanOut


@pytest.fixture(autouse=True)
def _crossing_ends() -> Iterator[None]:
    yield
    aio.close_crossing()


class Deliveries:
    """What is delivered, which ends when it may."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.may_end = threading.Event()
        self.are_all_busy = threading.Event()

    def begin(self, inbound_id: int) -> None:
        self.begun.append(inbound_id)
        if len(self.begun) >= AT_ONCE:
            self.are_all_busy.set()
        assert self.may_end.wait(10)
        if inbound_id == 1:
            raise RuntimeError("this one fails")


async def settle(fan_out: FanOut) -> None:
    async with asyncio.timeout(10):
        while fan_out._tasks:
            await asyncio.wait(fan_out._tasks)


async def test_some_are_delivered_at_once_and_all_in_the_end() -> None:
    deliveries = Deliveries()
    fan_out = FanOut(deliveries.begin)
    for inbound_id in range(3 * AT_ONCE):
        fan_out.add(inbound_id)
    assert await asyncio.to_thread(deliveries.are_all_busy.wait, 10)
    assert sorted(deliveries.begun) == list(range(AT_ONCE))
    deliveries.may_end.set()
    await settle(fan_out)
    assert sorted(deliveries.begun) == list(range(3 * AT_ONCE))


async def test_clients_wait_where_too_many_wait() -> None:
    deliveries = Deliveries()
    fan_out = FanOut(deliveries.begin)
    for inbound_id in range(MOST_WAITING - 1):
        fan_out.add(inbound_id)
    await asyncio.wait_for(fan_out.wait_for_room(), 10)
    for inbound_id in range(MOST_WAITING - 1, MOST_WAITING + AT_ONCE):
        fan_out.add(inbound_id)
    waiting = asyncio.create_task(fan_out.wait_for_room())
    assert await asyncio.to_thread(deliveries.are_all_busy.wait, 10)
    assert not waiting.done()
    deliveries.may_end.set()
    await asyncio.wait_for(waiting, 10)
    await settle(fan_out)


async def test_what_has_not_begun_at_the_end_is_left_to_the_sweep() -> None:
    deliveries = Deliveries()
    fan_out = FanOut(deliveries.begin)
    for inbound_id in range(2 * AT_ONCE):
        fan_out.add(inbound_id)
    assert await asyncio.to_thread(deliveries.are_all_busy.wait, 10)
    stopping = asyncio.create_task(fan_out.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    deliveries.may_end.set()
    await asyncio.wait_for(stopping, 10)
    assert sorted(deliveries.begun) == list(range(AT_ONCE))
