"""Who a DAV request comes from: HTTP Basic or a token, over TLS, against the one door (`core.auth`).

The challenge names Basic alone: of two, old programs on phones understand neither.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from groupware.core import devices
from groupware.core.auth import Principal, authenticate, authenticate_token
from groupware.core.errors import AuthenticationFailed, Throttled
from groupware.core.proxies import client_address, is_secure
from groupware.dav.errors import DavError

REALM: Final = "Groupware"
CHALLENGE: Final = {"WWW-Authenticate": f'Basic realm="{REALM}", charset="UTF-8"'}
BAD_TOKEN: Final = {"WWW-Authenticate": f'Bearer realm="{REALM}", error="invalid_token"'}
PROTOCOL: Final = "dav"


def authenticate_request(environ: Mapping[str, Any]) -> Principal:
    """Return whose request it is; raises `DavError` 401, 403 where the password came in the clear."""
    scheme, _, said = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    is_token = scheme.lower() == "bearer"
    login, password = ("", "") if is_token else _credentials(scheme, said)
    if not is_secure(environ) and not settings.GROUPWARE_ALLOW_PLAINTEXT:
        raise DavError(
            403, "Passwords are taken over TLS only: use the https address of this server."
        )
    network, client = str(client_address(environ)), environ.get("HTTP_USER_AGENT", "")
    if is_token:
        return _take_token(said.strip(), network, client)
    try:
        return authenticate(login, password, protocol=PROTOCOL, network=network, client=client)
    except Throttled as error:
        raise DavError(429, error.message, headers={"Retry-After": "60"}) from error
    except AuthenticationFailed as error:
        raise DavError(401, error.message, headers=CHALLENGE) from error


def note_told(
    environ: Mapping[str, Any], principal: Principal, collection_id: int, modseq: int
) -> None:
    """Note up to where a client was told of a collection of its own account."""
    network, client = str(client_address(environ)), environ.get("HTTP_USER_AGENT", "")
    devices.find_contact(principal, PROTOCOL, network, client).tell(collection_id, modseq)


def _take_token(token: str, network: str, client: str) -> Principal:
    """Take a token of RFC 6750 §2.1; each request asks anew, so that a revoked one ends at once."""
    try:
        return authenticate_token(token, protocol=PROTOCOL, network=network, client=client)
    except AuthenticationFailed as error:
        raise DavError(401, error.message, headers=BAD_TOKEN) from error


def _credentials(scheme: str, encoded: str) -> tuple[str, str]:
    """Return address and password of HTTP Basic (RFC 7617)."""
    if scheme.lower() != "basic":
        raise DavError(401, "Sign in with your address and password.", headers=CHALLENGE)
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DavError(401, "The credentials cannot be read.", headers=CHALLENGE) from error
    login, colon, password = decoded.decode("utf-8", "surrogateescape").partition(":")
    if not colon:
        raise DavError(401, "The credentials cannot be read.", headers=CHALLENGE)
    return login, password
