"""ARC (RFC 8617): the chain of those who passed a message on, checked, and a link of our own."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from mail.authentication import keys, signatures
from mail.authentication.canonical import (
    RELAXED,
    Field,
    Message,
    hash_body,
    read_message,
    select_fields,
)
from mail.authentication.dkim import Signer, fold_names, names_to_sign
from mail.authentication.lookups import Lookups
from mail.authentication.signatures import Bodies, Refused, digest_fields
from mail.authentication.tags import BadTags, parse_tags

__all__ = ["ArcResult", "seal_message", "verify_chain"]

MAX_SETS = 50
RESULTS = b"arc-authentication-results"
SIGNATURE = b"arc-message-signature"
SEAL = b"arc-seal"
_PARTS = (RESULTS, SIGNATURE, SEAL)
_RESULTS_INSTANCE = re.compile(rb"[ \t\r\n]*+i[ \t\r\n]*+=[ \t\r\n]*+([0-9]{1,3})[ \t\r\n]*+;")
_INSTANCE = re.compile(rb"[1-9][0-9]?")

Set = dict[bytes, Field]


@dataclass(frozen=True, slots=True)
class ArcResult:
    """none, pass or fail; of a chain that holds the sealers, the first one first, and its results."""

    result: str
    reason: str = ""
    sealers: tuple[str, ...] = ()
    first_results: bytes = b""


def verify_chain(message: Message, bodies: Bodies, lookups: Lookups, now: int) -> ArcResult:
    """Check the whole chain (§5.2); nobody's errors come out."""
    try:
        sets = _read_sets(message)
        if not sets:
            return ArcResult("none")
        sealers = _check_sets(sets, message, bodies, lookups, now)
    except Refused as refused:
        return ArcResult("fail", refused.reason)
    first = _RESULTS_INSTANCE.sub(b"", sets[0][RESULTS].value, count=1)
    return ArcResult("pass", "", sealers, first)


def _read_sets(message: Message) -> list[Set]:
    """Return the sets in order; raises `Refused` where one is not whole (§5.2 step 3)."""
    sets: dict[int, Set] = {}
    for field in message.fields:
        if field.name in _PARTS:
            held = sets.setdefault(_read_instance(field), {})
            if field.name in held:
                raise Refused("fail", "a part of an ARC set comes twice")
            held[field.name] = field
    if len(sets) > MAX_SETS or sorted(sets) != list(range(1, len(sets) + 1)):
        raise Refused("fail", "the ARC sets are not numbered one by one")
    if any(len(held) != len(_PARTS) for held in sets.values()):
        raise Refused("fail", "an ARC set is not whole")
    return [sets[instance] for instance in sorted(sets)]


def _read_instance(field: Field) -> int:
    if field.name == RESULTS:
        found = _RESULTS_INSTANCE.match(field.value)
        text = found[1] if found else b""
    else:
        text = _read_tags(field).get(b"i", b"")
    if not _INSTANCE.fullmatch(text):
        raise Refused("fail", "an ARC field without its number")
    return int(text)


def _read_tags(field: Field) -> dict[bytes, bytes]:
    if len(field.raw) > signatures.MAX_FIELD:
        raise Refused("fail", "ARC field too long")
    try:
        return parse_tags(field.value)
    except BadTags as error:
        raise Refused("fail", str(error)) from error


def _check_sets(
    sets: list[Set], message: Message, bodies: Bodies, lookups: Lookups, now: int
) -> tuple[str, ...]:
    """Check validation values, the last signature and all seals; return the sealers."""
    for at, held in enumerate(sets):
        status = _read_tags(held[SEAL]).get(b"cv", b"").lower()
        if status != (b"pass" if at else b"none"):
            raise Refused("fail", "a sealer found the chain broken")
    last = signatures.read_signature(sets[-1][SIGNATURE], of_arc=True)
    if SEAL in last.names:
        raise Refused("fail", "a seal is signed where it must not be")
    key = signatures.find_key(lookups, last.algorithm, last.selector, last.domain)
    signatures.check(last, message, bodies, key, now)
    return tuple(_check_seal(sets[: at + 1], lookups) for at in range(len(sets)))


def _check_seal(sets: list[Set], lookups: Lookups) -> str:
    """Check the seal of the last of these sets (§5.1.1); return who sealed."""
    seal = sets[-1][SEAL]
    tags = _read_tags(seal)
    if b"h" in tags or tags.get(b"a", b"").lower() not in signatures.ALGORITHMS:
        raise Refused("fail", "a seal that is none")
    domain = signatures.read_domain(tags.get(b"d", b""))
    selector = signatures.read_domain(tags.get(b"s", b""))
    key = signatures.find_key(lookups, tags[b"a"].lower().decode("ascii"), selector, domain)
    octets = signatures.decode(tags.get(b"b", b""))
    if not keys.verify(key.key, octets, digest_fields(_sealed(sets), seal, RELAXED)):
        raise Refused("fail", "a seal does not match")
    return domain


def _sealed(sets: list[Set]) -> list[Field]:
    """Return what a seal is over, without the seal itself."""
    fields = [held[part] for held in sets for part in _PARTS if part in held]
    return fields[:-1] if fields[-1].name == SEAL else fields


def seal_message(data: bytes, results: bytes, chain: str, signer: Signer, now: int) -> bytes:
    """Return the ARC set to put before a message, or nothing where none may be added (§5.1).

    `results` is what stands in our Authentication-Results, with the authserv-id; `chain` what
    `verify_chain` found. A chain that is broken, or full, is not gone on with: that is said by
    whoever broke it, and nobody would believe a seal on it.
    """
    message = read_message(data)
    if not message.named(b"from") or chain == "fail":
        return b""
    try:
        sets = _read_sets(message)
    except Refused:
        return b""
    if len(sets) >= MAX_SETS or bool(sets) != (chain == "pass"):
        return b""
    instance = len(sets) + 1
    own: Set = {
        RESULTS: Field(RESULTS, b"ARC-Authentication-Results: i=%d; " % instance + results),
        SIGNATURE: _sign(message, instance, signer, now),
    }
    seal = _seal([*sets, own], instance, signer, now)
    return seal.raw + own[SIGNATURE].raw + own[RESULTS].raw


def _sign(message: Message, instance: int, signer: Signer, now: int) -> Field:
    there = [b"dkim-signature"] * len(message.named(b"dkim-signature"))
    names = names_to_sign(message) + there
    digest, _ = hash_body(message.body, RELAXED)
    tags = [
        *_common_tags(instance, signer, now),
        ("c", "relaxed/relaxed"),
        ("h", fold_names(names)),
        ("bh", base64.b64encode(digest).decode("ascii")),
    ]
    chosen = select_fields(message.fields, names)
    return signatures.make(
        "ARC-Message-Signature",
        tags,
        lambda field: digest_fields(chosen, field, RELAXED),
        signer.key,
    )


def _seal(sets: list[Set], instance: int, signer: Signer, now: int) -> Field:
    tags = [*_common_tags(instance, signer, now), ("cv", "pass" if instance > 1 else "none")]
    return signatures.make(
        "ARC-Seal", tags, lambda field: digest_fields(_sealed(sets), field, RELAXED), signer.key
    )


def _common_tags(instance: int, signer: Signer, now: int) -> list[tuple[str, str]]:
    return [
        ("i", str(instance)),
        ("a", "rsa-sha256" if signer.algorithm == keys.RSA else "ed25519-sha256"),
        ("d", signer.domain),
        ("s", signer.selector),
        ("t", str(now)),
    ]
