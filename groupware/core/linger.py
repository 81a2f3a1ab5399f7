"""Staying awake for a moment where the next command comes at once (docs/adr/0024).

A client that sends one command after the other is answered sooner by a process that has not gone
to sleep in between: to be woken costs it more than most commands do.
"""

import asyncio
from typing import Final

from groupware.core.clock import monotonic

MOMENT: Final = 0.0002
"""Seconds in which a client that waits for each answer sends its next command."""


class Linger:
    """Keeps the running event loop from sleeping; one for each loop."""

    def __init__(self) -> None:
        self._until = 0.0
        self._is_awake = False

    @property
    def is_awake(self) -> bool:
        """Tell whether the loop does not sleep now."""
        return self._is_awake

    def begin(self, now: float) -> None:
        """Stay awake for a moment from `now` on."""
        self._until = now + MOMENT
        if not self._is_awake:
            self._is_awake = True
            self._look(asyncio.get_running_loop())

    def end(self) -> None:
        """Let the loop sleep: others have work, which it would only disturb."""
        self._until = 0.0

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Come again at the loop's next turn; what has come meanwhile has its turn before."""
        if monotonic() < self._until:
            loop.call_soon(self._look, loop)
        else:
            self._is_awake = False
