"""What opens the account: password, second factor, app passwords, browsers, a link elsewhere.

Each change is a POST to a row of `ACTIONS`, from a browser that signed in a moment ago.
"""

from collections.abc import Callable

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from groupware.core import audit, auth
from groupware.core.clock import epoch
from groupware.core.errors import GroupwareError, Invalid
from groupware.core.languages import localized
from groupware.core.models import Account
from groupware.core.proxies import client_address
from groupware.core.scopes import SCOPES
from groupware.identity.services import elsewhere, factors, outside, passwords, sessions
from groupware.identity.views import answers

_WORDS = {**SCOPES, "api": gettext_lazy("Use the REST API in your name, but for administering")}
Shown = dict[str, object]
"""What an action wants the page to show this once."""


@never_cache
@login_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Show what opens the account."""
    return _page(request, {})


@never_cache
@login_required
@sensitive_post_parameters("current", "new", "again", "code")
@require_POST
def act(request: HttpRequest, action: str) -> HttpResponse:
    """Do one of the actions; who signed in too long ago proves it anew first."""
    if action not in ACTIONS:
        raise Http404
    if not sessions.is_fresh(request.session):
        return redirect(f"{reverse('sign-in')}?{urlencode({'next': reverse('security')})}")
    try:
        with audit.acting(_actor(request)):
            answer = ACTIONS[action](request, _account(request))
    except GroupwareError as error:
        return _page(request, {"error": localized(error)}, status=answers.status_of(error))
    return answer if isinstance(answer, HttpResponse) else _page(request, answer)


def change_password(request: HttpRequest, account: Account) -> Shown:
    """Change the password; this browser stays signed in, everything else begins anew."""
    new = request.POST.get("new", "")
    if new != request.POST.get("again", ""):
        raise Invalid(_("The two new passwords differ: nothing was changed."))
    current, network = request.POST.get("current", ""), str(client_address(request.META))
    passwords.change(account.pk, current, new, network=network)
    sessions.stay(request)
    return {"done": _("The password is changed. Every other browser and program signs in anew.")}


def begin_factor(_request: HttpRequest, account: Account) -> Shown:
    """Make a secret, and show it for the authenticator."""
    return {"enrolment": _shown(factors.begin_enrolment(account.pk))}


def confirm_factor(request: HttpRequest, account: Account) -> Shown:
    """Let the second factor count, and show the recovery codes."""
    try:
        codes = factors.confirm_enrolment(account.pk, request.POST.get("code", ""))
    except Invalid as error:
        enrolment = _shown(factors.get_enrolment(account.pk))
        return {"error": localized(error), "enrolment": enrolment}
    sessions.stay(request)
    return {"codes": codes, "done": _("The second factor is on.")}


def remove_factor(request: HttpRequest, account: Account) -> Shown:
    """Take the second factor away, for one more of its codes."""
    network = str(client_address(request.META))
    factors.check_code(account.pk, request.POST.get("code", ""), network=network)
    factors.remove(account.pk)
    sessions.stay(request)
    return {"done": _("The second factor is off: the password alone opens the account.")}


def renew_codes(_request: HttpRequest, account: Account) -> Shown:
    """Replace the recovery codes."""
    codes = factors.renew_recovery_codes(account.pk)
    return {"codes": codes, "done": _("The old recovery codes are void.")}


def create_app_password(request: HttpRequest, account: Account) -> Shown:
    """Create an app password for a program."""
    scopes = frozenset(request.POST.getlist("scopes"))
    label = request.POST.get("label", "")
    return {"app_password": auth.create_app_password(account.pk, label, scopes)}


def revoke_app_password(request: HttpRequest, account: Account) -> Shown:
    """Revoke an app password."""
    auth.revoke_app_password(account.pk, request.POST.get("id", ""))
    sessions.stay(request)
    return {"done": _("The app password opens nothing any more.")}


def end_browser(request: HttpRequest, account: Account) -> HttpResponse:
    """Sign a browser out."""
    number = request.POST.get("id", "")
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise Invalid(_("Choose one of the browsers that are listed."))
    sessions.end_browser(account.pk, int(number))
    return redirect("security")


def end_everywhere(request: HttpRequest, account: Account) -> HttpResponse:
    """Sign out everywhere, here too."""
    sessions.end_everywhere(account.pk)
    request.session.flush()
    return redirect("sign-in")


def link(request: HttpRequest, _account: Account) -> HttpResponse:
    """Begin to link what the identity provider calls this person.

    A page with a link, because a form that is redirected elsewhere is what our policy forbids.
    """
    if settings.GROUPWARE_OIDC is None:
        raise Http404
    request.session[answers.LINKING] = epoch()
    return render(request, "identity/link.html", {"provider": settings.GROUPWARE_OIDC})


def unlink(_request: HttpRequest, account: Account) -> HttpResponse:
    """Forget what the identity provider calls this person."""
    if settings.GROUPWARE_OIDC is None:
        raise Http404
    outside.unlink(account.pk, settings.GROUPWARE_OIDC.issuer)
    return redirect("security")


ACTIONS: dict[str, Callable[[HttpRequest, Account], HttpResponse | Shown]] = {
    "change-password": change_password,
    "begin-second-factor": begin_factor,
    "confirm-second-factor": confirm_factor,
    "remove-second-factor": remove_factor,
    "renew-recovery-codes": renew_codes,
    "create-app-password": create_app_password,
    "revoke-app-password": revoke_app_password,
    "end-session": end_browser,
    "end-all-sessions": end_everywhere,
    "link": link,
    "unlink": unlink,
}


def _page(request: HttpRequest, shown: Shown, *, status: int = 200) -> HttpResponse:
    account = _account(request)
    provider = settings.GROUPWARE_OIDC
    context = {
        "section": "security",
        "account": account,
        "factor": factors.describe(account.pk),
        "browsers": sessions.list_browsers(account.pk, request.session.session_key),
        "app_passwords": auth.list_app_passwords(account.pk),
        "scopes": [(scope, _WORDS.get(scope, "")) for scope in sorted(auth.SCOPES)],
        "is_fresh": sessions.is_fresh(request.session),
        "has_own_password": not elsewhere.keeps_password(account),
        "provider": provider,
        "is_linked": provider is not None and outside.is_linked(account.pk, provider.issuer),
    }
    return render(request, "identity/security.html", context | shown, status=status)


def _actor(request: HttpRequest) -> audit.Actor:
    account = _account(request)
    return audit.Actor(account.pk, account.login, network=str(client_address(request.META)))


def _account(request: HttpRequest) -> Account:
    return Account.objects.get(pk=request.user.pk or 0)


def _shown(enrolment: factors.Enrolment) -> dict[str, str]:
    """Return the secret in groups that a person can type, and the same as an image."""
    secret = enrolment.secret
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    image = segno.make(enrolment.uri, error="m").png_data_uri(scale=5, border=4)
    return {"secret": grouped, "image": image}
