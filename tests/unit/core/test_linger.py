"""An event loop that stays awake for a moment, and then sleeps again."""

import asyncio

import pytest

from groupware.core import linger
from groupware.core.linger import MOMENT, Linger


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    held = Clock()
    monkeypatch.setattr(linger, "monotonic", held)
    return held


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_loop_is_awake_until_the_moment_is_over(clock: Clock) -> None:
    lingering = Linger()
    lingering.begin(clock.now)
    await turns(100)
    assert lingering.is_awake
    clock.now += MOMENT
    await turns(2)
    assert not lingering.is_awake


async def test_each_quick_command_begins_the_moment_anew(clock: Clock) -> None:
    lingering = Linger()
    for _ in range(5):
        lingering.begin(clock.now)
        clock.now += MOMENT / 2
        await turns(2)
        assert lingering.is_awake
    clock.now += MOMENT
    await turns(2)
    assert not lingering.is_awake


async def test_others_work_ends_it(clock: Clock) -> None:
    lingering = Linger()
    lingering.begin(clock.now)
    lingering.end()
    await turns(2)
    assert not lingering.is_awake


async def test_it_may_begin_again_after_its_end(clock: Clock) -> None:
    lingering = Linger()
    for _ in range(2):
        lingering.begin(clock.now)
        lingering.end()
        await turns(2)
    lingering.begin(clock.now)
    await turns(2)
    assert lingering.is_awake
    lingering.end()
