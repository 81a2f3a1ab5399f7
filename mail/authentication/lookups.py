"""The DNS for one message: all that is asked about it ends at one deadline."""

from __future__ import annotations

from groupware.core import dns
from groupware.core.clock import monotonic
from groupware.core.dns import DnsFailure

__all__ = ["DnsFailure", "Lookups"]

MAX_LOOKUPS = 80
"""Questions about one message: SPF's 10 with their addresses, and the keys of the signatures."""


class Lookups:
    """Questions within a number and a time; past them the DNS counts as failing."""

    def __init__(self, seconds: float) -> None:
        self._deadline = monotonic() + seconds
        self._left = MAX_LOOKUPS

    def txt(self, name: str) -> list[bytes]:
        """Return the TXT records; raises `DnsFailure`."""
        return dns.lookup_txt(name, seconds=self._seconds())

    def addresses(self, host: str, kind: str) -> list[str]:
        """Return the addresses of one kind, A or AAAA; raises `DnsFailure`."""
        return dns.lookup_addresses(host, kinds=(kind,), seconds=self._seconds())

    def exchangers(self, domain: str) -> list[tuple[int, str]]:
        """Return the MX records; raises `DnsFailure`."""
        return dns.lookup_mx(domain, seconds=self._seconds())

    def names(self, address: str) -> list[str]:
        """Return the names of an address; raises `DnsFailure`."""
        return dns.lookup_ptr(address, seconds=self._seconds())

    def _seconds(self) -> float:
        self._left -= 1
        seconds = self._deadline - monotonic()
        if seconds <= 0 or self._left < 0:
            raise DnsFailure("Too much was to be asked of the DNS about one message.")
        return seconds
