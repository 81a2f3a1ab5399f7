"""Tag lists (RFC 6376 §3.2): `v=1; a=rsa-sha256; …`, of DKIM, ARC, their keys and DMARC. Pure."""

from __future__ import annotations

import re

__all__ = ["BadTags", "parse_tags", "without_signature"]

_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]*+")
_SPACE = b" \t\r\n"
# Possessive quantifiers keep the pattern linear on hostile input.
_SIGNATURE = re.compile(rb"(\A|;)([ \t\r\n]*+b[ \t\r\n]*+=)[^;]*+")


class BadTags(ValueError):
    """What was read is no tag list."""


def parse_tags(text: bytes) -> dict[bytes, bytes]:
    """Return the tags, their values without space around; raises `BadTags`.

    Names are case-sensitive, and none comes twice.
    """
    tags: dict[bytes, bytes] = {}
    for spec in text.strip(_SPACE).removesuffix(b";").split(b";"):
        name, equals, value = spec.partition(b"=")
        name = name.strip(_SPACE)
        if not equals or not _NAME.fullmatch(name):
            raise BadTags("a tag has no name or no value")
        if name in tags:
            raise BadTags("a tag comes twice")
        tags[name] = value.strip(_SPACE)
    return tags


def without_signature(value: bytes) -> bytes:
    """Return a field's value with its `b=` tag emptied (RFC 6376 §3.7)."""
    return _SIGNATURE.sub(rb"\1\2", value, count=1)
