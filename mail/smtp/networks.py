"""What each network does in one process: its connections, and how many came within a minute.

Not divided by the number of processes: a connection stays where it was taken, and a server that
sends over one alone would have a part only of what its limit says (docs/limits.md).
"""

from collections import Counter

from groupware.core.networks import network_of
from mail.smtp.limits import ServerLimits

MINUTE = 60


class Networks:
    """Counts by network; a minute that is over is forgotten as a whole, so little is kept."""

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self._open: Counter[str] = Counter()
        self._connections: Counter[str] = Counter()
        self._messages: Counter[str] = Counter()
        self._minute = 0

    def enter(self, address: str, now: float) -> bool:
        """Count a connection; False where it is one too many, which `leave` must not be told."""
        network = network_of(address)
        self._begin_minute(now)
        self._connections[network] += 1
        if (
            self._connections[network] > self._limits.connection_rate
            or self._open[network] >= self._limits.network_connections
        ):
            return False
        self._open[network] += 1
        return True

    def leave(self, address: str) -> None:
        """Note that a connection has ended."""
        network = network_of(address)
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]

    def may_send(self, address: str, now: float) -> bool:
        """Count a message, and tell whether the network may send it now."""
        network = network_of(address)
        self._begin_minute(now)
        self._messages[network] += 1
        return self._messages[network] <= self._limits.message_rate

    def _begin_minute(self, now: float) -> None:
        minute = int(now // MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._connections.clear()
            self._messages.clear()
