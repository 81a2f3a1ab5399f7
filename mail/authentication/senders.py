"""Who sends many messages is judged by SPF once in half a minute, not once for each of them."""

from __future__ import annotations

import threading

from groupware.core import dns
from groupware.core.clock import monotonic
from mail.authentication.lookups import Lookups
from mail.authentication.spf import MAX_SENDER, SpfResult, check_sender

__all__ = ["judge_sender"]

KEPT_SECONDS = 30.0
"""How long a result is believed; a TTL that is shorter is of those who change their addresses now."""
MOST_KEPT = 1_000
"""Results that a process keeps."""


class Results:
    """What was found out a moment ago, by peer, HELO and sender; the oldest goes first."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, str], tuple[float, object, SpfResult]] = {}
        self._guard = threading.Lock()

    def find(self, key: tuple[str, str, str]) -> SpfResult | None:
        """Return a result that still counts, None where it has to be found out."""
        ends, source, found = self._held.get(key, (0.0, None, None))
        return found if ends > monotonic() and source is dns.source() else None

    def keep(self, key: tuple[str, str, str], found: SpfResult) -> None:
        """Keep a result, unless the next message may have a better one."""
        if found.result == "temperror":
            return
        with self._guard:
            self._held.pop(key, None)
            if len(self._held) >= MOST_KEPT:
                del self._held[next(iter(self._held))]
            self._held[key] = monotonic() + KEPT_SECONDS, dns.source(), found

    def __len__(self) -> int:
        return len(self._held)


_results = Results()


def judge_sender(lookups: Lookups, *, peer: str, helo: str, mail_from: str) -> SpfResult:
    """Return what `check_sender` says by the DNS of this server, or said a moment ago. Hot."""
    key = peer, helo, mail_from
    if (known := _results.find(key)) is not None:
        return known
    found = check_sender(lookups, peer=peer, helo=helo, mail_from=mail_from)
    if max(len(helo), len(mail_from)) <= MAX_SENDER:
        _results.keep(key, found)
    return found
