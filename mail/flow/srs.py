"""Senders of other domains as what is forwarded names them: SRS, the Sender Rewriting Scheme. Pure.

What is forwarded with its sender fails that domain's SPF. `SRS0=hash=day=domain=local@ours` passes
ours, and leads a bounce back to the sender. One that another forwarder has rewritten already
becomes `SRS1=hash=theirs==rest@ours`, which leads back to that forwarder, however many there are.
The hash keeps others from sending through addresses that were never made here; case is not kept by
every server on the way, so nothing here depends on it.
"""

import hmac
import re
from hashlib import sha256

DAYS_VALID = 21
"""For so long a bounce may take: queues give up after some five days."""
HASH_LENGTH = 8
"""Characters of base 32: 40 bits, which nobody tries out over SMTP."""

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DAYS = 1024
_REWRITTEN = re.compile(r"SRS([01])[=+-](.*)\Z", re.IGNORECASE | re.DOTALL)
_ATOM = r"[^\s\x00-\x20\x7f@\"(),:;<>\[\]\\.]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL = re.compile(r"([\"\\])")


class SrsError(ValueError):
    """An address that looks rewritten and was not made here, or too long ago; the text says why."""


def is_rewritten(address: str) -> bool:
    """Tell whether an address looks like one that SRS made."""
    return _REWRITTEN.match(_split(address)[0]) is not None


def rewrite(sender: str, domain: str, secret: str, day: int) -> str:
    """Return the address in `domain` that leads back to `sender`; `day` counts from the epoch."""
    local_part, sender_domain = _split(sender)
    found = _REWRITTEN.match(local_part)
    if found is None:
        rest = f"{_stamp(day)}={sender_domain}={local_part}"
        return _join(f"SRS0={_hash(secret, '0', rest)}={rest}", domain)
    kind, inner = found.groups()
    # The separator of an SRS0 belongs to its forwarder, whose hash may cover it.
    rest = f"{sender_domain}={local_part[4:]}" if kind == "0" else inner.partition("=")[2]
    return _join(f"SRS1={_hash(secret, '1', rest)}={rest}", domain)


def restore(address: str, secret: str, day: int) -> str:
    """Return the sender that a rewritten address leads back to; raises `SrsError`."""
    found = _REWRITTEN.match(_split(address)[0])
    if found is None:
        raise SrsError("not a rewritten address")
    kind, inner = found.groups()
    given, _, rest = inner.partition("=")
    # Compared as octets: what a peer sent may be no ASCII, which the comparison of texts refuses.
    if not hmac.compare_digest(given.upper().encode(), _hash(secret, kind, rest).encode()):
        raise SrsError("not made here")
    if kind == "1":
        domain, _, theirs = rest.partition("=")
        return _join(f"SRS0{theirs}", domain)
    stamp, _, named = rest.partition("=")
    if _age(stamp, day) > DAYS_VALID:
        raise SrsError("made too long ago")
    domain, _, local_part = named.partition("=")
    return _join(local_part, domain)


def _hash(secret: str, kind: str, rest: str) -> str:
    digest = hmac.digest(secret.encode(), f"{kind}={rest}".lower().encode(), sha256)
    number = int.from_bytes(digest[:8], "big")
    return "".join(_BASE32[number >> (5 * place) & 31] for place in range(HASH_LENGTH))


def _stamp(day: int) -> str:
    return _BASE32[day % _DAYS >> 5] + _BASE32[day & 31]


def _age(stamp: str, day: int) -> int:
    high, low = (_BASE32.index(character) for character in stamp.upper())
    age = (day - (high << 5 | low)) % _DAYS
    return 0 if age == _DAYS - 1 else age  # a clock that is a day ahead


def _split(address: str) -> tuple[str, str]:
    """Return (local part, domain), quoting undone (RFC 5321 §4.1.2)."""
    local_part, _, domain = address.rpartition("@")
    if len(local_part) > 1 and local_part[0] == local_part[-1] == '"':
        local_part = _QUOTED_PAIR.sub(r"\1", local_part[1:-1])
    return local_part, domain


def _join(local_part: str, domain: str) -> str:
    held = local_part if _DOT_STRING.match(local_part) else _quote(local_part)
    return f"{held}@{domain}"


def _quote(local_part: str) -> str:
    escaped = _SPECIAL.sub(lambda found: f"\\{found[1]}", local_part)
    return f'"{escaped}"'
