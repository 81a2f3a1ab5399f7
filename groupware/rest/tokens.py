"""Opaque texts that a client hands back: cursors and states. Pure.

They are not signed. Whoever makes one up is told nothing that he may not read anyway, since every
query goes by his rights; what cannot be read is refused.
"""

import base64
import binascii
import json
from typing import Any, Final

MAX_LENGTH: Final = 8_000
"""Characters: what fits into a URL everywhere."""


class BadToken(ValueError):
    """The text was not given out here."""


def pack(value: Any) -> str:
    """Return JSON values as text for a URL."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def unpack(text: str) -> Any:
    """Return what `pack` was given; raises `BadToken`."""
    if len(text) > MAX_LENGTH:
        raise BadToken("too long")
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return json.loads(octets)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadToken("not given out here") from error
