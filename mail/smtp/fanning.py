"""Delivering what was taken, once its reply has gone: several messages at once."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

from groupware.core import aio

AT_ONCE: Final = 8
"""Messages that are delivered at once: their writes share commits."""
MOST_WAITING: Final = 64
"""Messages that wait for it; with more, clients wait before theirs are taken."""

_log = structlog.get_logger("groupware.smtp")


class FanOut:
    """Hands inbound messages over to the service; what is left at the end is the sweep's."""

    def __init__(self, begin: Callable[[int], None]) -> None:
        self._begin = begin
        self._waiting: deque[int] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_room = asyncio.Event()
        self._has_room.set()

    def add(self, inbound_id: int) -> None:
        """Deliver a message as soon as it is its turn."""
        self._waiting.append(inbound_id)
        if len(self._waiting) >= MOST_WAITING:
            self._has_room.clear()
        if len(self._tasks) < AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._work_off())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def wait_for_room(self) -> None:
        """Return when not too many wait."""
        if not self._has_room.is_set():
            await self._has_room.wait()

    async def stop(self) -> None:
        """Finish what has begun."""
        self._waiting.clear()
        self._has_room.set()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _work_off(self) -> None:
        while self._waiting:
            inbound_id = self._waiting.popleft()
            if len(self._waiting) < MOST_WAITING:
                self._has_room.set()
            try:
                await aio.call_outside(self._begin, inbound_id)
            except Exception:  # noqa: BLE001 (logged with its traceback; the sweep does it again)
                _log.exception("fan-out failed", inbound=inbound_id)
