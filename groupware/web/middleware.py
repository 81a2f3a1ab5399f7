"""What every request gets: a session id for its log lines, a metric, a content security policy."""

import secrets
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

from groupware.core.clock import monotonic
from groupware.core.logging import bind_session, unbind_session
from groupware.core.metrics import HTTP_SECONDS
from groupware.core.proxies import client_address

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
POLICY = (
    "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

_log = structlog.get_logger("groupware.web")

Handler = Callable[[HttpRequest], HttpResponseBase]


def observe_requests(get_response: Handler) -> Handler:
    """Bind a session id to the request's context, and measure and log the request."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        bind_session("http", peer=str(client_address(request.META)))
        start = monotonic()
        try:
            response = get_response(request)
            _observe(request, response.status_code, monotonic() - start)
        finally:
            unbind_session()
        return response

    return middleware


def _observe(request: HttpRequest, status: int, seconds: float) -> None:
    method = request.method if request.method in METHODS else "other"
    HTTP_SECONDS.labels(method, status).observe(seconds)
    # The path may name a person's collections: the route says what was asked for.
    route = request.resolver_match.route if request.resolver_match else ""
    _log.debug("request", method=method, route=route, status=status)


def secure_content(get_response: Handler) -> Handler:
    """Allow a page nothing but its own inline style, unless its view set a policy itself.

    Templates find the nonce of the style as `request.csp_nonce`.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce))
        return response

    return middleware
