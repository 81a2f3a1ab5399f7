"""Who a DAV request comes from: HTTP Basic over TLS, against the one door (`core.auth`)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from groupware.core.auth import Principal, authenticate
from groupware.core.errors import AuthenticationFailed, Throttled
from groupware.core.proxies import client_address, is_secure
from groupware.dav.errors import DavError

REALM: Final = "Groupware"
CHALLENGE: Final = {"WWW-Authenticate": f'Basic realm="{REALM}", charset="UTF-8"'}
PROTOCOL: Final = "dav"


def authenticate_request(environ: Mapping[str, Any]) -> Principal:
    """Return whose request it is; raises `DavError` 401, 403 where the password came in the clear."""
    login, password = _credentials(environ)
    if not is_secure(environ) and not settings.GROUPWARE_ALLOW_PLAINTEXT:
        raise DavError(
            403, "Passwords are taken over TLS only: use the https address of this server."
        )
    try:
        return authenticate(
            login, password, protocol=PROTOCOL, network=str(client_address(environ))
        )
    except Throttled as error:
        raise DavError(429, error.message, headers={"Retry-After": "60"}) from error
    except AuthenticationFailed as error:
        raise DavError(401, error.message, headers=CHALLENGE) from error


def _credentials(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return address and password of HTTP Basic (RFC 7617)."""
    scheme, _, encoded = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
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
