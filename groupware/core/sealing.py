"""Secrets of others that must be read again, encrypted at rest: docs/adr/0046.

A password for another server cannot be hashed. What is kept of it in the database is sealed by a key
that lies in DATA/keys, so that a copy of the database alone gives nothing away. What it is for goes
into the seal: moved into a row of another purpose it opens nothing.
"""

import hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from groupware.core.errors import Invalid
from groupware.core.keys import load_secret

KEY = "sealing_key"
_VERSION = b"\x01"
_NONCE = 12
_WRONG = (
    "The password that is kept cannot be read (DATA/keys is not the one that it was sealed with):"
    " set it again."
)


class Unsealable(Invalid):
    """The secret cannot be read: it was sealed by another key, or is damaged."""


def seal(secret: str, purpose: str) -> bytes:
    """Return the secret as it may be kept; equal secrets look different each time."""
    nonce = secrets.token_bytes(_NONCE)
    return _VERSION + nonce + _cipher().encrypt(nonce, secret.encode(), purpose.encode())


def unseal(sealed: bytes, purpose: str) -> str:
    """Return what was sealed for this purpose; raises `Unsealable`."""
    version, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    if version != _VERSION:
        raise Unsealable(_WRONG, detail=f"form {version!r}")
    try:
        return _cipher().decrypt(nonce, rest, purpose.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise Unsealable(_WRONG, detail=repr(error)) from error


def fingerprint(content: bytes) -> bytes:
    """Return what tells whether content is the same, and no more: who has the database cannot guess.

    A plain digest of what holds a password would let it be guessed at full speed.
    """
    key = _key(load_secret(settings.GROUPWARE_DATA, KEY), b"groupware fingerprints 1")
    return hmac.digest(key, content, "sha256")


def _cipher() -> AESGCM:
    return _derived(load_secret(settings.GROUPWARE_DATA, KEY))


@lru_cache(maxsize=4)
def _derived(held: str) -> AESGCM:
    return AESGCM(_key(held, b"groupware sealing 1"))


def _key(held: str, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(held.encode())
