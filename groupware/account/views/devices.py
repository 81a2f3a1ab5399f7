"""What is connected to an account, and what may connect: sessions, app passwords, applications."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from groupware.account.views.pages import acting, done, own_page, show
from groupware.core import audit, auth, livesessions
from groupware.core.errors import GroupwareError
from groupware.oauth import queries
from groupware.oauth.services import tokens


@own_page("GET", "HEAD")
def devices(request: HttpRequest) -> HttpResponse:
    """Show what is connected and what may connect."""
    return _page(request)


@own_page("POST")
def revoke(request: HttpRequest) -> HttpResponse:
    """Take back what an application was allowed."""
    try:
        with audit.acting(acting(request)):
            tokens.revoke_application(request.user.pk or 0, request.POST.get("client", ""))
    except GroupwareError as error:
        return _page(request, error)
    return done(request, _("The application has no access any more."), "account-devices")


def _page(request: HttpRequest, error: GroupwareError | None = None) -> HttpResponse:
    account_id = request.user.pk or 0
    context = {
        "section": "devices",
        "live": [
            (held, _moment(held.began_at), _moment(held.active_at))
            for held in livesessions.list_sessions(account_id)
            if held.protocol != "web"
        ],
        "app_passwords": auth.list_app_passwords(account_id),
        "authorizations": queries.list_authorizations(account_id),
    }
    return show(request, "devices", context, error)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
