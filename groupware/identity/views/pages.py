"""Signing in and out with a browser."""

from collections.abc import Callable
from typing import Any

import requests
import structlog
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from groupware.core.errors import AuthenticationFailed, GroupwareError
from groupware.core.languages import localized
from groupware.identity import oidc
from groupware.identity.services import sessions, signin
from groupware.identity.views import answers

_log = structlog.get_logger("groupware.auth")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for address and password; what comes next is the second factor, or the session."""
    next_url = request.POST.get("next") or request.GET.get("next", "")
    if request.method != "POST":
        if request.user.is_authenticated and sessions.is_fresh(request.session):
            return answers.go_on(request, next_url, is_signed_in=True)
        return answers.sign_in_page(request, next_url)
    address, password = request.POST.get("login", ""), request.POST.get("password", "")
    wanted = answers.safe_next(request, next_url)
    try:
        is_signed_in = signin.begin_with_password(request, address, password, wanted)
    except GroupwareError as error:
        return answers.refuse(request, error, next_url)
    return answers.go_on(request, wanted, is_signed_in=is_signed_in)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of whoever has proven the first."""
    if signin.find_pending(request) is None:
        return redirect("sign-in")
    if request.method != "POST":
        return render(request, "identity/code.html")
    try:
        pending = signin.end_with_code(request, request.POST.get("code", ""))
    except GroupwareError as error:
        context = {"error": localized(error)}
        return render(request, "identity/code.html", context, status=answers.status_of(error))
    return answers.go_on(request, pending.next_url, is_signed_in=True)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the browser's session."""
    logout(request)
    return redirect("sign-in")


@never_cache
@require_safe
def to_provider(request: HttpRequest) -> HttpResponse:
    """Lead the browser to the identity provider."""
    return _converse(request, OAuth2LoginView.adapter_view)


@never_cache
@require_safe
def from_provider(request: HttpRequest) -> HttpResponse:
    """Take in what the identity provider sent the browser back with."""
    return _converse(request, OAuth2CallbackView.adapter_view)


def _converse(request: HttpRequest, make_view: Callable[[Any], Any]) -> HttpResponse:
    """Let allauth speak; what it does not expect of a provider becomes a page of ours."""
    try:
        view = make_view(oidc.Conversation(request, oidc.PROVIDER_ID))
        response: HttpResponse = view(request)
    except (requests.RequestException, OAuth2Error, LookupError, ValueError, TypeError) as error:
        _log.warning("identity provider unusable", reason=repr(error))
        return answers.refuse(request, AuthenticationFailed(oidc.NOTHING_CAME))
    except GroupwareError as error:
        return answers.refuse(request, error)
    return response
