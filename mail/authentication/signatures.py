"""Signatures over fields and body, as DKIM and ARC both make them: checking one, making one.

RFC 6376 §3.5 and §6.1, RFC 8301 (no SHA-1), RFC 8463 (Ed25519), RFC 8617 §4.1.2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mail.authentication import keys
from mail.authentication.canonical import (
    RELAXED,
    SIMPLE,
    Field,
    Message,
    canonicalize_field,
    hash_body,
    select_fields,
)
from mail.authentication.keys import BadKey, KeyRecord, parse_key_record
from mail.authentication.lookups import DnsFailure, Lookups
from mail.authentication.tags import BadTags, parse_tags, without_signature

__all__ = ["Bodies", "Refused", "Signature", "check", "find_key", "make", "read_signature"]

ALGORITHMS = {b"rsa-sha256": keys.RSA, b"ed25519-sha256": keys.ED25519}
MAX_FIELD = 16 << 10
MAX_NAMES = 200
MAX_RECORDS = 4
"""TXT records of one key that are looked at; there should be one."""
_DOMAIN = re.compile(rb"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*+)(?>(\.[A-Za-z0-9_-]++)*)")
_NUMBER = re.compile(rb"[0-9]{1,12}")
_SKEW = 300
"""Seconds that the clock of a signer may be ahead, or behind an expiry."""


class Refused(Exception):
    """The signature counts for nothing; `result` as RFC 8601 §2.7.1 calls it."""

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Signature:
    """The tags of one, read and found well formed."""

    field: Field
    algorithm: str
    domain: str
    selector: str
    signature: bytes
    body_hash: bytes
    names: list[bytes]
    fields_method: bytes
    body_method: bytes
    length: int | None
    identity: str
    expires: int | None
    signed: int | None


class Bodies:
    """The hashes of one body: each form of it is made once, however many signatures there are."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._known: dict[bytes, tuple[bytes, int]] = {}

    def hash(self, method: bytes) -> tuple[bytes, int]:
        """Return the digest and the length of the body in this form."""
        if method not in self._known:
            self._known[method] = hash_body(self._body, method)
        return self._known[method]


def read_signature(field: Field, *, of_arc: bool = False) -> Signature:
    """Read a DKIM-Signature or an ARC-Message-Signature; raises `Refused`."""
    if len(field.raw) > MAX_FIELD:
        raise Refused("policy", "signature too long")
    try:
        tags = parse_tags(field.value)
    except BadTags as error:
        raise Refused("permerror", str(error)) from error
    if missing := [name for name in (b"a", b"b", b"bh", b"d", b"h", b"s") if name not in tags]:
        raise Refused("permerror", f"no {missing[0].decode()}=")
    if not of_arc and tags.get(b"v") != b"1":
        raise Refused("permerror", "unknown version")
    names = [name.strip().lower() for name in tags[b"h"].split(b":")]
    if b"from" not in names or len(names) > MAX_NAMES:
        raise Refused(
            "permerror", "From is not signed" if len(names) <= MAX_NAMES else "h= too long"
        )
    fields_method, body_method = _read_methods(tags, RELAXED if of_arc else SIMPLE)
    return Signature(
        field=field,
        algorithm=_read_algorithm(tags[b"a"]),
        domain=read_domain(tags[b"d"]),
        selector=read_domain(tags[b"s"]),
        signature=decode(tags[b"b"]),
        body_hash=decode(tags[b"bh"]),
        names=names,
        fields_method=fields_method,
        body_method=body_method,
        length=_read_number(tags, b"l"),
        identity="" if of_arc else _read_identity(tags),
        expires=_read_number(tags, b"x"),
        signed=_read_number(tags, b"t"),
    )


def _read_algorithm(value: bytes) -> str:
    if value.lower() not in ALGORITHMS:
        sha1 = value.lower() == b"rsa-sha1"
        raise Refused("policy" if sha1 else "permerror", "SHA-1" if sha1 else "unknown algorithm")
    return value.lower().decode("ascii")


def _read_methods(tags: dict[bytes, bytes], default: bytes) -> tuple[bytes, bytes]:
    first, _, second = tags.get(b"c", default + b"/" + default).lower().partition(b"/")
    methods = (first, second or SIMPLE)
    if not set(methods) <= {SIMPLE, RELAXED}:
        raise Refused("permerror", "unknown canonicalization")
    return methods


def read_domain(value: bytes) -> str:
    """Return a domain or a selector in lower case; raises `Refused`."""
    if not _DOMAIN.fullmatch(value):
        raise Refused("permerror", "no domain name in d= or s=")
    return value.decode("ascii").lower()


def _read_identity(tags: dict[bytes, bytes]) -> str:
    """Return the domain of `i=`, which is `d=` or below it (§3.5)."""
    domain = tags[b"d"].lower()
    identity = tags.get(b"i", b"@" + domain).lower().rpartition(b"@")[2]
    if identity != domain and not identity.endswith(b"." + domain):
        raise Refused("permerror", "i= is not of d=")
    return identity.decode("ascii", "replace")


def _read_number(tags: dict[bytes, bytes], name: bytes) -> int | None:
    value = tags.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise Refused("permerror", f"no number in {name.decode()}=")
    return int(value)


def decode(value: bytes) -> bytes:
    """Read base64 with space in it; raises `Refused`."""
    try:
        return base64.b64decode(b"".join(value.split()), validate=True)
    except binascii.Error as error:
        raise Refused("permerror", "no base64 where there should be") from error


def find_key(lookups: Lookups, algorithm: str, selector: str, domain: str) -> KeyRecord:
    """Return the public key of a signature; raises `Refused`."""
    try:
        records = lookups.txt(f"{selector}._domainkey.{domain}")
    except DnsFailure as error:
        raise Refused("temperror", "key not to be had now") from error
    reason = "no key"
    for record in records[:MAX_RECORDS]:
        try:
            found = parse_key_record(record)
        except BadKey as error:
            reason = str(error)
            continue
        if found.algorithm == ALGORITHMS[algorithm.encode("ascii")]:
            return found
        reason = "key of another kind than the signature"
    # RFC 8301 §3.2: a short key is as good as none.
    raise Refused("policy" if reason == "key too short" else "permerror", reason)


def check(signature: Signature, message: Message, bodies: Bodies, key: KeyRecord, now: int) -> None:
    """Check what was signed against the message; raises `Refused`."""
    if signature.signed is not None and signature.signed > now + _SKEW:
        raise Refused("policy", "signed in the future")
    if signature.expires is not None and signature.expires < now - _SKEW:
        raise Refused("policy", "expired")
    if key.is_strict and signature.identity and signature.identity != signature.domain:
        raise Refused("permerror", "i= is not d=, which the key wants")
    digest, length = bodies.hash(signature.body_method)
    if signature.length is not None and signature.length != length:
        # What is behind l= may be anybody's (§8.2).
        raise Refused("policy", "only a part of the body is signed")
    if digest != signature.body_hash:
        raise Refused("fail", "body has changed")
    chosen = select_fields(message.fields, signature.names)
    if not keys.verify(
        key.key,
        signature.signature,
        digest_fields(chosen, signature.field, signature.fields_method),
    ):
        raise Refused("fail", "signature does not match")
    if signature.names.count(b"from") < len(message.named(b"from")):
        raise Refused("policy", "a From is not signed")


def digest_fields(fields: Iterable[Field], last: Field, method: bytes) -> bytes:
    """Return the SHA-256 of fields and, with an empty `b=`, of the signature's own (§3.7)."""
    digest = hashlib.sha256()
    for field in fields:
        digest.update(canonicalize_field(field, method))
    name, _, value = last.raw.partition(b":")
    emptied = Field(last.name, name + b":" + without_signature(value))
    digest.update(canonicalize_field(emptied, method).removesuffix(b"\r\n"))
    return digest.digest()


def make(
    name: str,
    tags: Iterable[tuple[str, str]],
    digest: Callable[[Field], bytes],
    key: keys.PrivateKey,
) -> Field:
    """Return a signed field: `tags` in lines of their own, `b=` last; `digest` says what is signed."""
    unsigned = f"{name}: " + ";\r\n\t".join(f"{tag}={value}" for tag, value in tags) + ";\r\n\tb="
    field = Field(name.lower().encode("ascii"), unsigned.encode("ascii") + b"\r\n")
    text = base64.b64encode(keys.sign(key, digest(field))).decode("ascii")
    folded = "\r\n\t ".join(text[at : at + 72] for at in range(0, len(text), 72))
    return Field(field.name, (unsigned + folded + "\r\n").encode("ascii"))
