"""How pages answer: refusals with their status, and where the browser goes next."""

from collections.abc import Mapping

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.errors import (
    AuthenticationFailed,
    Busy,
    DiskReserve,
    GroupwareError,
    NotFound,
    Throttled,
)
from groupware.core.languages import localized
from groupware.identity.services import outside, signin

LINKING = "linking"
_STATUSES: Mapping[type[GroupwareError], int] = {
    Throttled: 429,
    AuthenticationFailed: 403,
    NotFound: 404,
    Busy: 503,
    DiskReserve: 507,
}
"""The first that matches counts; what is not named cannot succeed as it is: 422."""
_log = structlog.get_logger("groupware.auth")


def status_of(error: GroupwareError) -> int:
    """Return the status of a page that says why something was refused."""
    return next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), 422)


def safe_next(request: HttpRequest, url: str) -> str:
    """Return the place on this server that was asked for, or nothing."""
    hosts = {request.get_host()}
    is_safe = url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure())
    return url if url.startswith("/") and is_safe else ""


def go_on(request: HttpRequest, next_url: str, *, is_signed_in: bool) -> HttpResponse:
    """Lead the browser to where it wanted, or to the page that asks for the second factor."""
    if not is_signed_in:
        return redirect("sign-in-code")
    return redirect(safe_next(request, next_url) or settings.LOGIN_REDIRECT_URL)


def refuse(request: HttpRequest, error: GroupwareError, next_url: str = "") -> HttpResponse:
    """Show the sign-in page with what went wrong."""
    _log.info("sign-in refused", reason=type(error).__name__, detail=error.detail)
    return sign_in_page(request, next_url, error=localized(error), status=status_of(error))


def sign_in_page(
    request: HttpRequest, next_url: str, *, error: str = "", status: int = 200
) -> HttpResponse:
    """Return the sign-in page."""
    context = {
        "next": safe_next(request, next_url),
        "error": error,
        "domain": settings.GROUPWARE_DOMAIN,
        "provider": settings.GROUPWARE_OIDC,
        "address": request.POST.get("login", ""),
    }
    return render(request, "identity/sign_in.html", context, status=status)


def take_over(
    request: HttpRequest, issuer: str, claims: outside.Claims, next_url: str
) -> HttpResponse:
    """Sign in whom a provider proved; or link them, where the browser's person asked for that."""
    if _may_link(request) and request.user.pk is not None:
        outside.link(request.user.pk, issuer, claims)
        return redirect("security")
    account = outside.get_person(issuer, claims)
    wanted = safe_next(request, next_url)
    return go_on(request, wanted, is_signed_in=signin.begin(request, account.pk, wanted))


def _may_link(request: HttpRequest) -> bool:
    """Whether the browser's person began to link, a moment ago."""
    began = request.session.pop(LINKING, None)
    if began is None or not request.user.is_authenticated:
        return False
    return 0 <= epoch() - int(began) < limits.SIGN_IN_TIME.value
