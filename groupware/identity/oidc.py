"""Sign-in with an outside identity provider (OpenID Connect Core 1.0), by django-allauth.

allauth leads the browser there and back: authorization code with PKCE and state, the ID token's
issuer, audience and times. What the provider says is taken over in `Adapter.pre_social_login`, and
ends there: allauth signs nobody in and writes nothing. docs/adr/0051.
"""

import functools
import hmac
import secrets
from typing import Any, NoReturn

import requests
import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse

from groupware.core import limits
from groupware.core.errors import AuthenticationFailed, GroupwareError
from groupware.identity.providers import OidcProvider
from groupware.identity.services import outside
from groupware.identity.views import answers

PROVIDER_ID = "oidc"
NONCE = "oidc_nonce"
NOTHING_CAME = "Signing in elsewhere did not end well: begin again, or use your password."
_log = structlog.get_logger("groupware.auth")


class Conversation(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """What is said to the provider."""

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return where it sends the browser back to: under the one name that it knows."""
        return settings.GROUPWARE_PUBLIC_URL + reverse("oidc-callback")


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    """The provider that the environment names."""

    oauth2_adapter_class = Conversation

    def get_auth_params(self) -> dict[str, str]:
        """Return what is asked beside the usual: that the ID token carry this browser's nonce."""
        nonce = self.request.session.setdefault(NONCE, secrets.token_urlsafe(16))
        return {**super().get_auth_params(), "nonce": nonce}


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Where allauth hands over (`SOCIALACCOUNT_ADAPTER`)."""

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> Provider:
        """Return the one provider there is."""
        held = _configured()
        app = SocialApp(
            provider="openid_connect",
            provider_id=PROVIDER_ID,
            name=held.name,
            client_id=held.client_id,
            secret=held.client_secret,
            settings={"server_url": held.issuer, "oauth_pkce_enabled": True},
        )
        return Provider(request, app=app)

    def get_requests_session(self) -> requests.Session:
        """Return what asks the provider, for no longer than `OIDC_TIMEOUT` and without a detour."""
        session = requests.Session()
        session.max_redirects = 0
        ask = functools.partial(session.request, timeout=limits.OIDC_TIMEOUT.value)
        session.request = ask  # type: ignore[method-assign]
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> NoReturn:
        """Sign in whom the provider proved, or link what it calls him; allauth's way ends here."""
        issuer = _configured().issuer
        next_url = sociallogin.state.get("next") or ""
        try:
            nonce = request.session.pop(NONCE, "")
            claims = _claims(sociallogin.account.extra_data, issuer, nonce)
            response = answers.take_over(request, issuer, claims, next_url)
        except GroupwareError as error:
            response = answers.refuse(request, error)
        raise ImmediateHttpResponse(response)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Provider,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Say on our own page that nothing came of it."""
        cause = exception.__cause__ if exception is not None else None
        reason = repr(cause or exception)
        _log.info("sign-in elsewhere failed", error=str(error), reason=reason)
        failed = AuthenticationFailed(NOTHING_CAME)
        raise ImmediateHttpResponse(answers.refuse(request, failed))


def _configured() -> OidcProvider:
    held: OidcProvider | None = settings.GROUPWARE_OIDC
    if held is None:
        raise Http404
    return held


def _claims(data: dict[str, Any], issuer: str, nonce: str) -> outside.Claims:
    """Return what the provider says of the person; both its answers must be of the same one."""
    id_token, userinfo = data.get("id_token"), data.get("userinfo")
    if not isinstance(id_token, dict) or not isinstance(id_token.get("sub"), str):
        raise AuthenticationFailed(NOTHING_CAME, detail="no ID token")
    # OpenID Connect Discovery 1.0 §4.3: what is found under an issuer's URL is that issuer's.
    if id_token.get("iss") != issuer:
        raise AuthenticationFailed(NOTHING_CAME, detail="another issuer")
    # OpenID Connect Core 1.0 §3.1.3.7, 11: the token is of this browser's sign-in.
    if not nonce or not hmac.compare_digest(str(id_token.get("nonce", "")), nonce):
        raise AuthenticationFailed(NOTHING_CAME, detail="another nonce")
    # OpenID Connect Core 1.0 §5.3.2: otherwise the answers must not be used.
    if isinstance(userinfo, dict) and userinfo.get("sub") != id_token["sub"]:
        raise AuthenticationFailed(NOTHING_CAME, detail="two subjects")
    said = id_token | (userinfo if isinstance(userinfo, dict) else {})
    email = said.get("email")
    # Some say it in a string.
    if not isinstance(email, str) or str(said.get("email_verified")).lower() != "true":
        email = ""
    return outside.Claims(id_token["sub"], email)
