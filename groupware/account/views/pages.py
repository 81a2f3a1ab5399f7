"""What the pages have in common: who is signed in, how they answer, and when proof is asked for anew."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from groupware.core import audit
from groupware.core.errors import GroupwareError
from groupware.core.languages import localized
from groupware.core.models import Account
from groupware.core.proxies import client_address
from groupware.identity.services import sessions
from groupware.identity.views import answers

View = Callable[..., HttpResponseBase]


def own_page(*methods: str) -> Callable[[View], View]:
    """Let a view be for who is signed in alone, and its answers be kept nowhere."""

    def decorate(view: View) -> View:
        held: View = never_cache(login_required(require_http_methods(methods)(view)))
        return held

    return decorate


def needs_proof(view: View) -> View:
    """Let a POST be from who proved a moment ago who he is; others sign in anew, and come back."""

    @wraps(view)
    def proven(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not sessions.is_fresh(request.session):
            back = answers.safe_next(request, request.POST.get("back", "")) or request.path
            return redirect(f"{reverse('sign-in')}?{urlencode({'next': back})}")
        return view(request, *args, **kwargs)

    return proven


def account_of(request: HttpRequest) -> Account:
    """Return the account that is signed in."""
    return Account.objects.select_related("domain").get(pk=request.user.pk or 0)


def acting(request: HttpRequest) -> audit.Actor:
    """Return who is signed in, for the audit log."""
    account = account_of(request)
    return audit.Actor(account.pk, account.login, network=str(client_address(request.META)))


def show(
    request: HttpRequest,
    template: str,
    context: Mapping[str, object],
    error: GroupwareError | None = None,
) -> HttpResponse:
    """Return a page; with what went wrong, where something did, and its status."""
    held = {
        **context,
        "account": account_of(request),
        "is_fresh": sessions.is_fresh(request.session),
        "error": localized(error) if error is not None else "",
    }
    status = 200 if error is None else answers.status_of(error)
    return render(request, f"account/{template}.html", held, status=status)


def done(request: HttpRequest, text: str, page: str) -> HttpResponse:
    """Lead the browser to a page that says once what was done."""
    messages.success(request, text)
    return redirect(page)
