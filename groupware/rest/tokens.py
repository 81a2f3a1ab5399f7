"""Opaque texts that a client hands back: cursors, states, and ids of the events of a stream.

They are sealed (docs/adr/0064): they count changes of whole accounts, also of those that share a
mailbox with the client and nothing else. Whoever changes one, or keeps one from before the key was
lost, is refused.
"""

import base64
import binascii
import json
from typing import Any, Final

from groupware.core.sealing import Unsealable, seal, unseal

MAX_LENGTH: Final = 8_000
"""Characters: what fits into a URL everywhere."""
PURPOSE: Final = "rest token"


class BadToken(ValueError):
    """The text was not given out here."""


def pack(value: Any) -> str:
    """Return JSON values as text for a URL; no two are alike, also of the same value."""
    text = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(seal(text, PURPOSE)).rstrip(b"=").decode()


def unpack(text: str) -> Any:
    """Return what `pack` was given; raises `BadToken`."""
    if len(text) > MAX_LENGTH:
        raise BadToken("too long")
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return json.loads(unseal(octets, PURPOSE))
    except (binascii.Error, Unsealable, ValueError, RecursionError) as error:
        raise BadToken("not given out here") from error
