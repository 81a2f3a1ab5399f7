"""Secrets of this server at rest: nothing in the database opens anything."""

from hashlib import sha256


def digest(secret: str) -> str:
    """Return what is kept of a secret of at least 128 random bits, and looked up by."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
