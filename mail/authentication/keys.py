"""Keys of DKIM: records of public ones in the DNS (RFC 6376 §3.6.1, RFC 8463), signing, checking.

No network here: the record comes as octets. An RSA key under 1,024 bits proves nothing (RFC 8301
§3.2), and one over the highest size would cost more than it proves.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from mail.authentication.tags import BadTags, parse_tags

__all__ = ["ED25519", "RSA", "BadKey", "KeyRecord", "PrivateKey", "PublicKey", "parse_key_record"]

RSA = "rsa"
ED25519 = "ed25519"
LOWEST_BITS = 1_024
HIGHEST_BITS = 8_192
MAX_EXPONENT_BITS = 64
MAX_RECORD = 8 << 10
_SHA256 = Prehashed(hashes.SHA256())

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey
PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class BadKey(ValueError):
    """The record holds no key that can be used; the text is for Authentication-Results."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A public key; `is_strict`: `i=` must be of `d=` itself; `is_testing`: `t=y`."""

    algorithm: str
    key: PublicKey
    is_strict: bool = False
    is_testing: bool = False


def parse_key_record(record: bytes) -> KeyRecord:
    """Read a TXT record; raises `BadKey`."""
    if len(record) > MAX_RECORD:
        raise BadKey("key record too long")
    try:
        tags = parse_tags(record)
    except BadTags as error:
        raise BadKey("key record unreadable") from error
    if tags.get(b"v", b"DKIM1") != b"DKIM1":
        raise BadKey("key record of another version")
    if b"sha256" not in _split(tags.get(b"h", b"sha256")):
        raise BadKey("key not for sha256")
    if not {b"*", b"email"} & set(_split(tags.get(b"s", b"*"))):
        raise BadKey("key not for mail")
    algorithm = tags.get(b"k", b"rsa")
    flags = _split(tags.get(b"t", b""))
    return KeyRecord(
        algorithm.decode("ascii", "replace"),
        _parse_key(algorithm, _decode(tags.get(b"p"))),
        is_strict=b"s" in flags,
        is_testing=b"y" in flags,
    )


def _split(value: bytes) -> list[bytes]:
    return [part.strip() for part in value.split(b":")]


def _decode(text: bytes | None) -> bytes:
    if text is None:
        raise BadKey("key record without a key")
    if not text:
        raise BadKey("key revoked")
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise BadKey("key unreadable") from error


def _parse_key(algorithm: bytes, octets: bytes) -> PublicKey:
    try:
        if algorithm == b"ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(octets)
        if algorithm != b"rsa":
            raise BadKey("key of an unknown kind")
        key = serialization.load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise error if isinstance(error, BadKey) else BadKey("key unreadable") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadKey("key of another kind than it says")
    if key.key_size < LOWEST_BITS:
        raise BadKey("key too short")
    if key.key_size > HIGHEST_BITS or key.public_numbers().e.bit_length() > MAX_EXPONENT_BITS:
        raise BadKey("key too long")
    return key


def verify(key: PublicKey, signature: bytes, digest: bytes) -> bool:
    """Tell whether the signature is this key's over a SHA-256 digest."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), _SHA256)
        else:
            # RFC 8463 §3: the digest is what is signed.
            key.verify(signature, digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(key: PrivateKey, digest: bytes) -> bytes:
    """Sign a SHA-256 digest."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, padding.PKCS1v15(), _SHA256)
    return key.sign(digest)


def generate(algorithm: str) -> PrivateKey:
    """Make a key: RSA of 2,048 bits, which fits the DNS everywhere, or Ed25519."""
    if algorithm == ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def export_private(key: PrivateKey) -> str:
    """Return a private key as PEM (PKCS#8), not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def load_private(pem: str) -> PrivateKey:
    """Read what `export_private` wrote."""
    key = serialization.load_pem_private_key(pem.encode("ascii"), None)
    if not isinstance(key, PrivateKey):
        raise ValueError("neither RSA nor Ed25519")  # noqa: TRY004 - of our own database
    return key


def render_record(key: PrivateKey) -> str:
    """Return the TXT record of the public half."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        octets = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        kind = ED25519
    else:
        octets = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        kind = RSA
    return f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode('ascii')}"
