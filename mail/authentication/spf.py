"""SPF (RFC 7208): whether an address may speak for a domain.

pyspf evaluates the record and holds the RFC's bounds (10 terms that look up, 10 exchangers, 2
void answers); what it asks goes through `Lookups`, so that it ends in time.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import spf
import structlog

from groupware.core.addresses import BadAddress, parse_domain
from mail.authentication.lookups import DnsFailure, Lookups

__all__ = ["SpfResult", "check_sender"]

_log = structlog.get_logger(__name__)

RESULTS = frozenset({"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"})


@dataclass(frozen=True, slots=True)
class SpfResult:
    """The result, what was asked about (mailfrom or helo), and its domain."""

    result: str
    identity: str = "mailfrom"
    domain: str = ""
    sender: str = ""


MAX_RECORD = 4 << 10
MAX_TERM = 512
MAX_SENDER = 512


class _Query(spf.query):  # type: ignore[misc]  # pyspf has no types
    lookups_of: Lookups

    def dns(
        self,
        name: str,
        qtype: str,
        cnames: Any = None,  # noqa: ARG002 - the DNS follows them
        ignore_void: bool = False,  # noqa: FBT001, FBT002 - pyspf's
    ) -> list[Any]:
        name = str(name).lower().rstrip(".")
        key = (name, qtype)
        if key not in self.cache:
            try:
                self.cache[key] = self._ask(name, qtype)
            except DnsFailure as error:
                raise spf.TempError("DNS") from error
        if not self.cache[key] and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many void lookups")
        return list(self.cache[key])

    def _ask(self, name: str, kind: str) -> list[Any]:
        if kind == "TXT":
            return [[text] for text in map(_check_length, self.lookups_of.txt(name)) if text]
        if kind == "MX":
            return [(preference, host) for preference, host in self.lookups_of.exchangers(name)]
        if kind == "PTR":
            return list(self.lookups_of.names(self.c))
        return list(self.lookups_of.addresses(name, kind))


def _check_length(text: bytes) -> bytes:
    """Return a text that pyspf can read in no time, nothing for another one of no concern.

    Some of its patterns take the square of a term's length. Raises PermError.
    """
    is_short = len(text) <= MAX_RECORD and max(map(len, text.split(b" "))) <= MAX_TERM
    if not is_short and text.lower().startswith(b"v=spf1"):
        raise spf.PermError("a record too long")
    return text if is_short else b""


def check_sender(lookups: Lookups, *, peer: str, helo: str, mail_from: str) -> SpfResult:
    """Check the sender, of the null one the name that the client gave (§2.3, §2.4)."""
    identity = "mailfrom" if mail_from else "helo"
    local, _, domain = mail_from.rpartition("@")
    domain = _ascii(domain if mail_from else helo)
    sender = f"{local}@{domain}" if mail_from else domain
    is_known = is_address(peer) and "." in domain and not domain.startswith("[")
    if not is_known or len(sender) > MAX_SENDER:
        return SpfResult("none", identity, domain, sender)
    try:
        query = _Query(i=peer, s=f"{local or 'postmaster'}@{domain}", h=_ascii(helo) or domain)
        query.lookups_of = lookups
        result = str(query.check()[0])
    except Exception:  # noqa: BLE001 - what a record of anybody's makes pyspf raise is no result
        _log.info("SPF failed", domain=domain, exc_info=True)
        result = "permerror"
    return SpfResult(result if result in RESULTS else "permerror", identity, domain, sender)


def is_address(peer: str) -> bool:
    """Tell whether a peer is an IP address, not a socket of this machine."""
    try:
        ipaddress.ip_address(peer)
    except ValueError:
        return False
    return True


def _ascii(domain: str) -> str:
    if domain.isascii():
        return domain.rstrip(".").lower()
    try:
        return parse_domain(domain)
    except BadAddress:
        return ""
