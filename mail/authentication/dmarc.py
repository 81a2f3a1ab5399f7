"""DMARC (RFC 7489): whether the author's domain is behind a message, and what it wants if not.

What is one organization is told by the public suffix list, which `publicsuffixlist` brings along.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from groupware.core.addresses import BadAddress, parse_domain
from mail.authentication.canonical import Message
from mail.authentication.lookups import DnsFailure, Lookups
from mail.authentication.tags import BadTags, parse_tags
from mail.mime.addresses import parse_addresses
from mail.mime.fields import unfold

__all__ = ["DmarcResult", "Identities", "evaluate", "organizational_domain", "read_authors"]

POLICIES = ("none", "quarantine", "reject")
MAX_AUTHORS = 5
"""Domains of From that are evaluated; a message with more is from nobody."""
MAX_FROM = 8 << 10
_PERCENT = re.compile(rb"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Identities:
    """The domains that SPF and DKIM have shown; `is_temporary`: one of them could not be asked."""

    spf: str
    dkim: tuple[str, ...]
    is_temporary: bool = False


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """pass, fail, none, temperror or permerror; `policy` is what is to be done with a failure.

    `published` is what the domain says, before `pct=` is heeded.
    """

    result: str
    policy: str = "none"
    published: str = ""
    domain: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Record:
    policy: str
    percent: int
    is_strict_dkim: bool
    is_strict_spf: bool


def read_authors(message: Message) -> tuple[str, ...]:
    """Return the domains of From, each once; () where there is none that can be read (§6.6.1)."""
    domains: dict[str, None] = {}
    for field in message.named(b"from"):
        for address in parse_addresses(unfold(field.value[:MAX_FROM]), 2 * MAX_AUTHORS):
            if address.mailbox is None or address.host is None:
                continue
            try:
                domains[parse_domain(address.host.decode("utf-8"))] = None
            except (BadAddress, UnicodeDecodeError):
                return ()
    return tuple(domains)


def evaluate(
    lookups: Lookups, message: Message, shown: Identities, authors: tuple[str, ...]
) -> DmarcResult:
    """Evaluate every author's domain; the strictest word of those that fail counts (§6.6.1)."""
    if not authors or len(authors) > MAX_AUTHORS:
        return DmarcResult("permerror", reason="no author that could be asked about")
    results = [_evaluate(lookups, message, shown, author) for author in authors]
    failing = [found for found in results if found.result == "fail"]
    if failing:
        return max(failing, key=lambda found: POLICIES.index(found.policy))
    for word in ("temperror", "none"):
        if others := [found for found in results if found.result == word]:
            return others[0]
    if len(message.named(b"from")) > 1:
        return replace(results[0], result="permerror", reason="more than one From")
    return results[0]


def _evaluate(lookups: Lookups, message: Message, shown: Identities, author: str) -> DmarcResult:
    try:
        record = _find_record(lookups, author)
    except DnsFailure:
        return DmarcResult("temperror", domain=author)
    if record is None:
        return DmarcResult("none", domain=author)
    aligned = any(_aligned(held, author, strict=record.is_strict_dkim) for held in shown.dkim)
    if aligned or _aligned(shown.spf, author, strict=record.is_strict_spf):
        return DmarcResult("pass", "none", record.policy, author)
    if shown.is_temporary:
        return DmarcResult("temperror", "none", record.policy, author)
    return DmarcResult("fail", _sample(record, message), record.policy, author)


def _aligned(domain: str, author: str, *, strict: bool) -> bool:
    """Tell whether an identity is the author's (§3.1): the same, or of the same organization."""
    if not domain or strict:
        return bool(domain) and domain == author
    return organizational_domain(domain) == organizational_domain(author)


def _sample(record: _Record, message: Message) -> str:
    """Heed `pct=` (§6.6.4): the others get the next milder word, a message always the same."""
    if record.percent >= 100:
        return record.policy
    told = b"".join(field.raw for name in (b"from", b"date") for field in message.named(name))
    drawn = int.from_bytes(hashlib.sha256(told).digest()[:4], "big") % 100
    if drawn < record.percent:
        return record.policy
    return POLICIES[max(POLICIES.index(record.policy) - 1, 0)]


def _find_record(lookups: Lookups, author: str) -> _Record | None:
    """Ask the domain, then its organization (§6.6.3); raises `DnsFailure`."""
    if (record := _ask(lookups, author, of_child=False)) is not None:
        return record
    organization = organizational_domain(author)
    return None if organization == author else _ask(lookups, organization, of_child=True)


def _ask(lookups: Lookups, domain: str, *, of_child: bool) -> _Record | None:
    found = [
        text for text in lookups.txt(f"_dmarc.{domain}") if text.lower().startswith(b"v=dmarc1")
    ]
    # Several records are none (§6.6.3 step 5).
    return _parse(found[0], of_child=of_child) if len(found) == 1 else None


def _parse(text: bytes, *, of_child: bool) -> _Record | None:
    try:
        tags = {name.lower(): value for name, value in parse_tags(text).items()}
    except BadTags:
        return None
    if tags[b"v"].upper() != b"DMARC1":
        return None
    word = tags.get(b"sp", tags.get(b"p", b"")) if of_child else tags.get(b"p", b"")
    policy = word.lower().decode("ascii", "replace")
    if policy not in POLICIES:
        # A record that asks for reports alone is one of p=none (§6.6.3 step 6).
        if b"rua" not in tags:
            return None
        policy = "none"
    percent = tags.get(b"pct", b"100")
    return _Record(
        policy,
        int(percent) if _PERCENT.fullmatch(percent) else 100,
        is_strict_dkim=tags.get(b"adkim", b"r").lower() == b"s",
        is_strict_spf=tags.get(b"aspf", b"r").lower() == b"s",
    )


def organizational_domain(domain: str) -> str:
    """Return the domain that was registered; of a public suffix the suffix itself (§3.2)."""
    return _suffixes().privatesuffix(domain) or domain


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """Return the list, read at first use: that takes a moment."""
    return PublicSuffixList()
