"""The page on which a person gives an application a token, or does not (RFC 6749 §4.1.1)."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.views import AuthorizationView
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from groupware.core.errors import GroupwareError, NotAllowed
from groupware.core.languages import localized
from groupware.core.publicurl import secure_url
from groupware.core.scopes import OPENING
from groupware.identity.services import sessions
from groupware.oauth.models import Application
from groupware.oauth.services import applications, tokens
from groupware.oauth.validator import CHALLENGE_WANTED, is_challenge
from groupware.oauth.views.asked import CLEAR, check_text, is_private

_SOURCE: Final = re.compile(r"https?://[a-z0-9.:\[\]-]+|[a-z][a-z0-9+.-]*:")
_POLICY: Final = (
    "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {source}; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_NOT_WHOLE: Final = _(
    "What the application asked for cannot be read: go back to it and begin once more."
)


class SignInWanted(NotAllowed):
    """What an application asks for is given by who signed in a moment ago."""


@method_decorator(never_cache, name="dispatch")
class ConsentView(AuthorizationView):
    """GET asks the person who is signed in, POST is their answer.

    The toolkit checks who asks and for what; an address that answers go to is never one that an
    administrator did not register.
    """

    template_name = "oauth/consent.html"
    login_url = "/account/login/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer over TLS only; what cannot be read is said to the person."""
        if not is_private(request):
            return self._refuse(localized(CLEAR), status=403)
        try:
            check_text(request)
            response: HttpResponse = super().dispatch(request, *args, **kwargs)
        except ValueError:  # the query is no form, or holds what no database does
            return self._refuse(_NOT_WHOLE)
        except GroupwareError as error:
            return self._refuse(localized(error))
        return response

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask the person, each time: the toolkit lets an application wish that nobody be asked."""
        asked = request.GET.copy()
        asked.pop("approval_prompt", None)
        request.GET = asked  # type: ignore[assignment]  # as mutable as it is immutable
        try:
            response: HttpResponse = super().get(request, *args, **kwargs)
        except SignInWanted:
            return redirect_to_login(request.get_full_path(), self.login_url)
        return response

    def validate_authorization_request(self, request: HttpRequest) -> Any:
        """Check what is asked for; without PKCE there is nothing to give (RFC 9700 §2.1.1).

        Raises `SignInWanted` where it opens more than a browser gives that signed in long ago.
        """
        scopes, credentials = super().validate_authorization_request(request)
        said = (credentials.get(f"code_challenge{name}") for name in ("", "_method"))
        if not is_challenge(*said):
            raise OAuthToolkitError(
                error=InvalidRequestError(
                    description=CHALLENGE_WANTED, state=credentials.get("state")
                ),
                redirect_uri=credentials["redirect_uri"],
            )
        _require_fresh(request, scopes)
        return scopes, credentials

    def create_authorization_response(
        self,
        request: HttpRequest,
        scopes: str,
        credentials: Any,
        allow: bool,  # noqa: FBT001
    ) -> Any:
        """Make the code, or the refusal, that the application is sent."""
        create = partial(super().create_authorization_response, request, scopes, credentials, allow)
        assert request.user.pk is not None
        if not allow:
            return create()
        # What it may not ask for at all is told to the application below.
        mine = applications.get_application(credentials["client_id"]).scopes.split()
        _require_fresh(request, set(scopes.split()).intersection(mine))
        return tokens.allow(request.user.pk, create)

    def form_valid(self, form: Any) -> HttpResponse:
        """Take the answer; raises `NotFound` where the application is gone meanwhile."""
        applications.get_application(form.cleaned_data["client_id"])
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, _form: Any) -> HttpResponse:
        """Refuse a form that is not the one that was sent."""
        return self._refuse(_NOT_WHOLE)

    def redirect(self, redirect_to: str, _application: Application | None) -> HttpResponse:
        """Send the answer, with who it is from (RFC 9207)."""
        issuer = urlencode({"iss": secure_url()})
        address = f"{redirect_to}{'&' if '?' in redirect_to else '?'}{issuer}"
        # Where none is known yet the address was found among those of one all the same.
        scheme = urlsplit(redirect_to).scheme
        response: HttpResponse = OAuth2ResponseRedirect(address, {scheme})
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whom the token goes to."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        parts = urlsplit(context.get("redirect_uri") or "")
        return {**context, "destination": parts.hostname or parts.scheme}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Render the page; its answer may be sent on to the application alone."""
        response: HttpResponse = super().render_to_response(context, **kwargs)
        source = _source_of(context.get("redirect_uri") or "")
        response.headers["Content-Security-Policy"] = _POLICY.format(
            nonce=self.request.csp_nonce, source=source
        )
        return response

    def _refuse(self, reason: Any, status: int = 400) -> HttpResponse:
        return self.render_to_response({"reason": reason}, status=status)


def _require_fresh(request: HttpRequest, scopes: Iterable[str]) -> None:
    if not OPENING.isdisjoint(scopes) and not sessions.is_fresh(request.session):
        raise SignInWanted(
            "You signed in too long ago for what the application asks for: go back to it and begin"
            " once more."
        )


def _source_of(uri: str) -> str:
    """Return what a policy calls the place of an address: its origin, or a scheme."""
    parts = urlsplit(uri)
    source = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    return source if _SOURCE.fullmatch(source) else ""
