"""The overview of an account, and what fills it."""

from django.http import HttpRequest, HttpResponse

from groupware.account.views.pages import own_page, show
from groupware.core import auth, db
from groupware.core.quota import get_quota
from groupware.identity.services import factors, sessions
from mail.space import read_space


@own_page("GET", "HEAD")
def home(request: HttpRequest) -> HttpResponse:
    """Show how the account stands, and what its person may want to do next."""
    account_id = request.user.pk or 0
    context = {
        "section": "home",
        "quota": get_quota(account_id),
        "factor": factors.describe(account_id),
        "app_passwords": len(auth.list_app_passwords(account_id)),
        "browsers": len(sessions.list_browsers(account_id)),
    }
    return show(request, "home", context)


@own_page("GET", "HEAD")
def space(request: HttpRequest) -> HttpResponse:
    """Show what fills the account."""
    with db.read_snapshot():
        found = read_space(request.user.pk or 0)
    most = max((held.octets for held in found.collections), default=0)
    most_of_year = max((held.octets for held in found.years), default=0)
    context = {"section": "space", "space": found, "most": most, "most_of_year": most_of_year}
    return show(request, "space", context)
