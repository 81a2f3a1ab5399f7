"""What the DNS says: asked of `GROUPWARE_DNS_SERVERS` or the system's resolver, kept for its TTL.

A name that is not there and one that has nothing of the kind are the same: an empty list. What
may be different in a minute, a time-out or a server that fails, raises `DnsFailure`. Names come
from outside: one that no DNS can hold is one that is not there.
"""

import ipaddress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import dns.exception
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.reversename
from django.conf import settings

from groupware.core import limits
from groupware.core.clock import now
from groupware.core.errors import GroupwareError

MAX_KEPT = 2_500
"""Answers that a process keeps."""
MAX_KEPT_OCTETS = 4 << 10
"""The longest of them: whoever can make this server ask could fill its memory with long ones."""
MAX_NAME = 4 * 255
"""Characters of a name: it has 255 octets at most, each of them written with four or fewer."""
MAX_AGE = timedelta(hours=1)
"""How long one is kept at most, whatever its TTL says: a wrong one is to go away by itself."""
TRY_SECONDS = 2.0
# RFC 9715 §3.1: what passes every network in one piece.
UDP_OCTETS = 1232
_SYSTEM = Path("/etc/resolv.conf")

Servers = tuple[tuple[str, int], ...]


class DnsFailure(GroupwareError):
    """The DNS gave no answer now; trying again later helps."""


class _Kept(dns.resolver.LRUCache):
    def put(self, key: Any, value: dns.resolver.Answer) -> None:
        wire = value.response.wire
        if wire is None or len(wire) > MAX_KEPT_OCTETS:
            return
        value.expiration = min(value.expiration, (now() + MAX_AGE).timestamp())
        super().put(key, value)


def lookup_txt(name: str, *, seconds: float | None = None) -> list[bytes]:
    """Return the TXT records, the strings of each joined (RFC 7208 §3.3)."""
    return [b"".join(found.strings) for found in _ask(name, "TXT", seconds)]


def lookup_mx(domain: str, *, seconds: float | None = None) -> list[tuple[int, str]]:
    """Return (preference, host), the best first; [(0, "")] says that no mail is taken (RFC 7505)."""
    return sorted(
        (found.preference, _text(found.exchange)) for found in _ask(domain, "MX", seconds)
    )


def lookup_addresses(
    host: str, *, kinds: tuple[str, ...] = ("A", "AAAA"), seconds: float | None = None
) -> list[str]:
    """Return the IPv4 and the IPv6 addresses; one kind is enough where the other fails."""
    addresses: list[str] = []
    failure: DnsFailure | None = None
    for kind in kinds:
        try:
            addresses += [found.address for found in _ask(host, kind, seconds)]
        except DnsFailure as error:
            failure = error
    if failure is not None and not addresses:
        raise failure
    return addresses


def lookup_ptr(address: str, *, seconds: float | None = None) -> list[str]:
    """Return the names that an IP address is said to have; nobody has checked them."""
    try:
        name = dns.reversename.from_address(str(ipaddress.ip_address(address)))
    except (ValueError, dns.exception.SyntaxError):
        return []
    return [_text(found.target) for found in _ask(name.to_text(), "PTR", seconds)]


def lookup_srv(name: str, *, seconds: float | None = None) -> list[tuple[int, int, int, str]]:
    """Return (priority, weight, port, host); the host "" says that there is no such service."""
    return sorted(
        (found.priority, found.weight, found.port, _text(found.target))
        for found in _ask(name, "SRV", seconds)
    )


def lookup_cname(name: str, *, seconds: float | None = None) -> list[str]:
    """Return the name that this one stands for."""
    return [_text(found.target) for found in _ask(name, "CNAME", seconds)]


def _ask(name: str, kind: str, seconds: float | None) -> list[Any]:
    """Return the records, within the seconds or `DNS_TIMEOUT`; raises `DnsFailure`."""
    asked = _parse_name(name) if 0 < len(name) <= MAX_NAME else None
    if asked is None:
        return []
    limit = float(limits.DNS_TIMEOUT.value)
    lifetime = limit if seconds is None else max(0.0, min(seconds, limit))
    try:
        resolver = _resolver()
        if (kept := _find_kept(resolver.cache, asked, kind)) is not None:
            return kept
        answer = resolver.resolve(asked, kind, lifetime=lifetime, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
        return []
    except (dns.exception.DNSException, OSError) as error:
        # The error's text has what each server said, of any length.
        detail = f"{kind} {name[:255]}: {type(error).__name__}: {error}"[:1000]
        raise DnsFailure("The DNS does not answer; try again later.", detail=detail) from error
    return list(answer)


def _find_kept(cache: Any, name: dns.name.Name, kind: str) -> list[Any] | None:
    """Return the records of an answer that is kept, None where it has to be asked for.

    Hot: several for each message that comes in; to resolve what is kept costs ten times as much.
    """
    answer = cache.get((name, dns.rdatatype.from_text(kind), dns.rdataclass.IN))
    if answer is not None:
        return list(answer)
    answer = cache.get((name, dns.rdatatype.ANY, dns.rdataclass.IN))
    if answer is not None and answer.response.rcode() == dns.rcode.NXDOMAIN:
        return []
    return None


@lru_cache(maxsize=MAX_KEPT)
def _parse_name(name: str) -> dns.name.Name | None:
    """Return the name in absolute form, IDNs by IDNA 2008; None for one that cannot be."""
    try:
        return dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical)
    except (dns.exception.DNSException, UnicodeError):
        return None


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def _resolver() -> dns.resolver.Resolver:
    servers: Servers = settings.GROUPWARE_DNS_SERVERS
    if servers:
        return _make_resolver(servers, 0)
    # A machine that changes its network changes this file, and the process lives on.
    stamp = _SYSTEM.stat().st_mtime_ns if _SYSTEM.exists() else 0
    return _make_resolver((), stamp)


@lru_cache(maxsize=2)
def _make_resolver(servers: Servers, _stamp: int) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(str(_SYSTEM), configure=not servers)
    if servers:
        resolver.nameservers = [
            dns.nameserver.Do53Nameserver(address, port) for address, port in servers
        ]
    resolver.timeout = TRY_SECONDS
    resolver.cache = _Kept(MAX_KEPT)
    resolver.use_edns(0, payload=UDP_OCTETS)
    return resolver


def source() -> object:
    """Return whom this process asks now; another one when the servers change, or all is forgotten."""
    return _resolver()


def forget_answers() -> None:
    """Ask anew for everything: for a person who has just changed what the DNS says."""
    _make_resolver.cache_clear()
