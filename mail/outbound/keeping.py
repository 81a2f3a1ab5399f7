"""Connections that stay open a moment for the next message to the same place."""

import threading

from groupware.core.clock import monotonic
from mail.outbound.connecting import Connection

KEPT_SECONDS = 5.0
"""Shorter than any server waits for a command (RFC 5321 §4.5.3.2.7), and polite."""


class KeptConnections:
    """One for each next hop; of one process, for any number of threads."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Connection]] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> Connection | None:
        """Return a connection to a next hop, which is the caller's now."""
        with self._lock:
            found = self._kept.pop(key, None)
        return found[1] if found is not None else None

    def keep(self, key: str, connection: Connection) -> None:
        """Keep a connection; one is enough for each next hop."""
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = (monotonic() + KEPT_SECONDS, connection)
        if before is not None:
            before[1].client.leave()

    def leave_old(self) -> None:
        """Leave those that nobody took in time."""
        self._leave(monotonic())

    def leave_all(self) -> None:
        """Leave all of them."""
        self._leave(float("inf"))

    def _leave(self, now: float) -> None:
        with self._lock:
            old = [key for key, (until, _) in self._kept.items() if until < now]
            left = [self._kept.pop(key)[1] for key in old]
        for connection in left:
            connection.client.leave()
