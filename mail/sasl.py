"""Tokens in SASL, for every protocol: OAUTHBEARER (RFC 7628) and Google's XOAUTH2. Pure.

Who fails is told why in JSON, as one more challenge; the client answers that with next to
nothing, and only then the exchange has failed.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

SEPARATOR: Final = "\x01"
MAX_MESSAGE: Final = 8_192
"""Octets of a client's message that are read at all."""
METADATA: Final = "/.well-known/oauth-authorization-server"
"""Where the server says how tokens are had (RFC 8414 §3)."""

# RFC 7628 §3.1, RFC 5801 §4: no channel binding, and the name of whom it is for.
_GS2_HEADER: Final = re.compile(r"(?:n|y),(?:a=([^,]+))?,")
# RFC 6750 §2.1: b64token.
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)

# RFC 5801 §4: how names hold the two characters that the header does not.
_ESCAPED: Final = re.compile(r"=(.{0,2})")
_MEANT: Final = {"2C": ",", "3D": "="}


class BadMessage(ValueError):
    """The client's message is none of the mechanism."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token, and whom the client says it is for; "" where it does not say.

    Without a token, which RFC 7628 §4.3 allows, the client asks how one is had.
    """

    token: str
    login: str = ""


def parse_oauthbearer(message: bytes) -> Bearer:
    """Parse the client's message (RFC 7628 §3.1); raises `BadMessage`."""
    header, *pairs = _split(message)
    found = _GS2_HEADER.fullmatch(header)
    if found is None:
        raise BadMessage("that is no OAUTHBEARER message")
    return Bearer(_token_of(pairs), _unescape(found[1] or ""))


def parse_xoauth2(message: bytes) -> Bearer:
    """Parse `user=LOGIN ^A auth=Bearer TOKEN ^A ^A`; raises `BadMessage`."""
    user, *pairs = _split(message)
    name, _, login = user.partition("=")
    if name.lower() != "user" or not login:
        raise BadMessage("that is no XOAUTH2 message")
    return Bearer(_token_of(pairs), login)


PARSERS: Final[Mapping[str, Callable[[bytes], Bearer]]] = {
    "OAUTHBEARER": parse_oauthbearer,
    "XOAUTH2": parse_xoauth2,
}
"""The mechanisms, by the names that they are announced under."""


def refusal(mechanism: str, scope: str, public_url: str) -> bytes:
    """Return the challenge that says why there is no login (RFC 7628 §3.2.2)."""
    told = {"scope": scope, "openid-configuration": f"{public_url}{METADATA}"}
    if mechanism == "XOAUTH2":
        return json.dumps({"status": "401", "schemes": "bearer", **told}).encode()
    return json.dumps({"status": "invalid_token", **told}).encode()


def _split(message: bytes) -> list[str]:
    """Return the parts of a message that ends in an empty one, twice."""
    if len(message) > MAX_MESSAGE:
        raise BadMessage("the message is too long")
    try:
        parts = message.decode("utf-8").split(SEPARATOR)
    except UnicodeDecodeError:
        raise BadMessage("the message is not UTF-8") from None
    if len(parts) < 3 or parts[-2:] != ["", ""] or "" in parts[:-2]:
        raise BadMessage("the message does not end as it must")
    return parts[:-2]


def _token_of(pairs: list[str]) -> str:
    values = [pair.partition("=")[2] for pair in pairs if pair.lower().startswith("auth=")]
    if len(values) != 1:
        raise BadMessage("the message has no auth field, or several")
    if not values[0].strip():
        return ""
    found = _BEARER.fullmatch(values[0].strip())
    if found is None:
        raise BadMessage("the auth field holds no bearer token")
    return found[1]


def _unescape(name: str) -> str:
    """Return a name of RFC 5801 §4, in which comma and equals sign are written otherwise."""
    try:
        return _ESCAPED.sub(lambda found: _MEANT[found[1].upper()], name)
    except KeyError:
        raise BadMessage("the name is not written as it must be") from None
