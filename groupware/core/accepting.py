"""Accepting connections so that each of several processes has its share of them.

The processes of a protocol wait at one socket. Whoever wakes first would take all that is waiting
there, and a few busy connections would then share one processor while the others idle. So a
process takes one at a time, lets a moment pass behind each, and waits the longer the more it holds
already: who holds less is there first.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

import structlog

MOMENT: Final = 0.001
"""Seconds; timers of the event loop know no shorter ones."""
LONGEST: Final = 4
"""Moments that a process with many connections waits for others to take the next one."""
HELD_FOR_EACH: Final = 16
"""Of so many connections held, one more is taken at a time: thousands that come at once are soon in."""
PAUSE_SECONDS: Final = 1.0
"""After a failure, such as too many open files."""

_log = structlog.get_logger("groupware.accepting")


class Acceptor:
    """One listening socket in one process; `held` tells how many connections it has already.

    `is_shared` tells whether other processes accept from the socket as well; `options` are those of
    `connect_accepted_socket` (ssl).
    """

    def __init__(
        self,
        listening: socket.socket,
        factory: Callable[[], asyncio.BaseProtocol],
        held: Callable[[], int],
        *,
        is_shared: bool,
        **options: Any,
    ) -> None:
        self._listening = listening
        self._factory = factory
        self._held = held
        self._is_shared = is_shared
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = True
        listening.settimeout(0)
        self._wait()

    def close(self) -> None:
        """Accept no more; what is being accepted goes on."""
        self._is_open = False
        self._loop.remove_reader(self._listening.fileno())
        if self._timer is not None:
            self._timer.cancel()
        self._listening.close()

    def _wait(self) -> None:
        self._timer = None
        self._loop.add_reader(self._listening.fileno(), self._come)

    def _come(self) -> None:
        """Somebody is there: let processes that hold less be first."""
        moments = min(self._held(), LONGEST) if self._is_shared else 0
        if not moments:
            self._accept()
            return
        self._loop.remove_reader(self._listening.fileno())
        self._timer = self._loop.call_later(moments * MOMENT, self._accept)

    def _accept(self) -> None:
        pause = MOMENT if self._is_shared else 0.0
        try:
            for _ in range(1 + self._held() // HELD_FOR_EACH):
                self._connect(self._listening.accept()[0])
        except (BlockingIOError, ConnectionAbortedError):
            pass  # another process was first, or the client left
        except OSError as error:
            _log.warning("no connection can be accepted", reason=str(error))
            pause = PAUSE_SECONDS
        self._loop.remove_reader(self._listening.fileno())
        self._timer = self._loop.call_later(pause, self._wait)

    def _connect(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)  # noqa: FBT003 (the standard library's own)
        task = self._loop.create_task(self._make(accepted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make(self, accepted: socket.socket) -> None:
        """Hand a connection to its protocol, when TLS is there."""
        try:
            await self._loop.connect_accepted_socket(self._factory, accepted, **self._options)
        except OSError as error:  # TLS was not agreed on, or the client left meanwhile
            _log.debug("a connection came to nothing", reason=str(error))
            accepted.close()
