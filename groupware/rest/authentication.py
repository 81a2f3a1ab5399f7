"""Who a request comes from: a bearer token, an app password, or the session of a browser.

In this order, and the first kind of credentials that a request carries decides: a token that opens
nothing is refused, whatever cookie came with it.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final, NoReturn

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from groupware.core import auth, devices
from groupware.core.auth import Principal
from groupware.core.errors import AuthenticationFailed, NotAllowed
from groupware.core.models import Account
from groupware.core.proxies import client_address, is_secure

PROTOCOL: Final = "api"
REALM: Final = "Groupware"

Found = tuple[Account, Principal]


class BearerAuthentication(BaseAuthentication):
    """A bearer token (RFC 6750), in the header field alone: a URL would lie in logs."""

    def authenticate(self, request: Request) -> Found | None:
        """Return who the token speaks for; None where there is none."""
        token = _credentials(request, "bearer")
        if token is None:
            return None
        _require_tls(request)
        said = {"protocol": PROTOCOL, **_client(request)}
        return _account_of(auth.authenticate_token(token, **said))


class BasicAuthentication(BaseAuthentication):
    """An address with an app password of scope `api` (RFC 7617).

    Without a second factor the password does as well.
    """

    def authenticate(self, request: Request) -> Found | None:
        """Return whom the credentials belong to; None where there are none."""
        encoded = _credentials(request, "basic")
        if encoded is None:
            return None
        _require_tls(request)
        try:
            decoded = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            _refuse()
        login, colon, password = decoded.decode("utf-8", "surrogateescape").partition(":")
        if not colon:
            _refuse()
        said = {"protocol": PROTOCOL, **_client(request)}
        return _account_of(auth.authenticate(login, password, **said))


class SessionAuthentication(BaseAuthentication):
    """The session of a browser; whatever changes something needs the CSRF token as well."""

    def authenticate(self, request: Request) -> Found | None:
        """Return whose session it is; None where there is none that is good."""
        account = getattr(request._request, "user", None)  # noqa: SLF001 (as DRF's own does)
        if not isinstance(account, Account) or not account.can_log_in:
            return None
        _check_csrf(request)
        return account, Principal(account.pk, account.login, account.credential_epoch)


def note_told(request: Request, modseqs: Mapping[str, int]) -> None:
    """Note up to where a program was told of collections, by their ids; a browser's page is none."""
    principal = request.auth
    if modseqs and isinstance(principal, Principal) and "Authorization" in request.headers:
        contact = devices.find_contact(principal, PROTOCOL, **_client(request))
        for object_id, modseq in modseqs.items():
            contact.tell(object_id, modseq)


def challenge(request: Request) -> str:
    """Return the WWW-Authenticate of a 401.

    Basic is not offered to scripts in a browser, which would show its own window for it: `fetch`
    sends Sec-Fetch-Mode, older libraries X-Requested-With.
    """
    bearer = f'Bearer realm="{REALM}"'
    if "X-Requested-With" in request.headers or "Sec-Fetch-Mode" in request.headers:
        return bearer
    return f'{bearer}, Basic realm="{REALM}", charset="UTF-8"'


def _client(request: Request) -> dict[str, str]:
    """Return where a request comes from, and what the program calls itself."""
    agent = request.headers.get("User-Agent", "")
    return {"network": str(client_address(request.META)), "client": agent}


def _credentials(request: Request, wanted: str) -> str | None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == wanted else None


def _account_of(principal: Principal) -> Found:
    account = Account.objects.defer("password").filter(pk=principal.account_id).first()
    if account is None:  # deleted just now
        _refuse()
    return account, principal


def _refuse() -> NoReturn:
    raise AuthenticationFailed("The credentials cannot be read: send address and app password.")


def _require_tls(request: Request) -> None:
    if not is_secure(request.META) and not settings.GROUPWARE_ALLOW_PLAINTEXT:
        raise NotAllowed(
            "Credentials are taken over TLS only: use the https address of this server."
        )


def _check_csrf(request: Request) -> None:
    def no_view(*_: object) -> NoReturn:
        raise AssertionError("the check alone is asked")

    check = CSRFCheck(no_view)
    check.process_request(request._request)  # noqa: SLF001 (as DRF's own does)
    reason = check.process_view(request._request, no_view, (), {})  # noqa: SLF001
    if reason:
        raise NotAllowed(
            "A session changes something only with its CSRF token: send it as X-CSRFToken.",
            detail=str(reason),
        )
