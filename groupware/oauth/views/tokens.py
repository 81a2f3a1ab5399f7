"""The endpoints that programs speak to: tokens for a code, renewal, revocation (RFC 6749, 7009)."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.views import RevokeTokenView, TokenView

from groupware.core.errors import GroupwareError
from groupware.oauth.services import tokens
from groupware.oauth.views.asked import CLEAR, check_text, is_private


class TokenEndpoint(TokenView):
    """POST: a code, or a refresh token, becomes tokens."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Answer in the form of RFC 6749 §5."""
        return _answer(request, partial(self.authorization_flow_token_response, request))


class RevocationEndpoint(RevokeTokenView):
    """POST: a token is taken back."""

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Answer in the form of RFC 7009 §2.2."""
        return _answer(request, partial(super().post, request))


def _answer(request: HttpRequest, work: Callable[[], HttpResponse]) -> HttpResponse:
    if not is_private(request):
        return _error("invalid_request", CLEAR, status=403)
    try:
        check_text(request)
        return tokens.answer(request.POST.dict(), work)
    except ValueError:  # a query that is no form, or what no database holds
        return _error("invalid_request", "The request cannot be read.")
    except GroupwareError as error:
        response = _error("temporarily_unavailable", error.message, status=503)
        response.headers["Retry-After"] = "5"
        return response


def _error(code: str, text: str, *, status: int = 400) -> JsonResponse:
    return JsonResponse(
        {"error": code, "error_description": text},
        status=status,
        headers={"Cache-Control": "no-store"},
    )
