"""DKIM (RFC 6376): whose signatures of a message hold, and signing one."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass

from mail.authentication import signatures
from mail.authentication.canonical import (
    RELAXED,
    Field,
    Message,
    hash_body,
    read_message,
    select_fields,
)
from mail.authentication.keys import RSA, PrivateKey
from mail.authentication.lookups import Lookups
from mail.authentication.signatures import Bodies, Refused, digest_fields

__all__ = ["DkimResult", "Signer", "sign_message", "verify_signatures"]

MAX_SIGNATURES = 8
"""Signatures that are checked, from the top: a sender cannot make this server work for nothing."""

# RFC 6376 §5.4.1, and what changes how a message is shown.
SIGNED = (
    b"from",
    b"sender",
    b"reply-to",
    b"subject",
    b"date",
    b"message-id",
    b"to",
    b"cc",
    b"in-reply-to",
    b"references",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"content-disposition",
    b"list-id",
    b"list-post",
    b"list-help",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-subscribe",
    b"list-owner",
    b"list-archive",
)
# Named once more than they are there: another one that is added breaks the signature (§8.15).
# Sender and List-* are what a mailing list adds in good faith.
OVERSIGNED = frozenset(SIGNED[:14]) - {b"sender"}


@dataclass(frozen=True, slots=True)
class DkimResult:
    """What became of one signature; `mark` is the beginning of its `b=` (RFC 6008)."""

    result: str
    reason: str = ""
    domain: str = ""
    selector: str = ""
    algorithm: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """What a domain signs with."""

    domain: str
    selector: str
    algorithm: str
    key: PrivateKey


def verify_signatures(
    message: Message, bodies: Bodies, lookups: Lookups, now: int
) -> list[DkimResult]:
    """Return what became of each signature, in their order; nobody's errors come out."""
    found = message.named(b"dkim-signature")
    results = [_verify(field, message, bodies, lookups, now) for field in found[:MAX_SIGNATURES]]
    if len(found) > MAX_SIGNATURES:
        results.append(DkimResult("policy", "more signatures than are checked"))
    return results


def _verify(
    field: Field, message: Message, bodies: Bodies, lookups: Lookups, now: int
) -> DkimResult:
    try:
        signature = signatures.read_signature(field)
    except Refused as refused:
        return DkimResult(refused.result, refused.reason)
    result, reason = "pass", ""
    try:
        key = signatures.find_key(
            lookups, signature.algorithm, signature.selector, signature.domain
        )
        signatures.check(signature, message, bodies, key, now)
        if key.is_testing:
            reason = "the domain is testing"
    except Refused as refused:
        result, reason = refused.result, refused.reason
    return DkimResult(
        result,
        reason,
        signature.domain,
        signature.selector,
        signature.algorithm,
        base64.b64encode(signature.signature).decode("ascii")[:8],
    )


def names_to_sign(message: Message) -> list[bytes]:
    """Return the names for `h=`, each as often as the field is there, some once more."""
    there = Counter(field.name for field in message.fields)
    return [name for name in SIGNED for _ in range(there[name] + (name in OVERSIGNED))]


def sign_message(data: bytes, signer: Signer, now: int) -> bytes:
    """Return the DKIM-Signature field for a message, to be put before it.

    Relaxed for both: servers between here and there fold and trim. Without `l=`.
    """
    message = read_message(data)
    names = names_to_sign(message)
    digest, _ = hash_body(message.body, RELAXED)
    kind = "rsa-sha256" if signer.algorithm == RSA else "ed25519-sha256"
    tags = [
        ("v", "1"),
        ("a", kind),
        ("c", "relaxed/relaxed"),
        ("d", signer.domain),
        ("s", signer.selector),
        ("t", str(now)),
        ("h", fold_names(names)),
        ("bh", base64.b64encode(digest).decode("ascii")),
    ]
    chosen = select_fields(message.fields, names)
    return signatures.make(
        "DKIM-Signature", tags, lambda field: digest_fields(chosen, field, RELAXED), signer.key
    ).raw


def fold_names(names: list[bytes]) -> str:
    """Return the names for `h=`, folded."""
    lines: list[str] = [""]
    for name in names:
        if len(lines[-1]) + len(name) > 66:
            lines.append("")
        lines[-1] += name.decode("ascii") + ":"
    return "\r\n\t ".join(lines)[:-1]
