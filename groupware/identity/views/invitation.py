"""The page that an invitation leads to: a person chooses a password, and is signed in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from groupware.core.directory import MIN_PASSWORD
from groupware.core.errors import GroupwareError, Invalid, NotFound
from groupware.core.languages import localized
from groupware.core.leaving import invitations
from groupware.identity.services import signin
from groupware.identity.views import answers


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Ask for a password, and again where what came is none."""
    try:
        account = invitations.find_invited(secret)
        if request.method != "POST":
            return _page(request, address=account.login)
        invitations.accept(secret, _chosen(request))
    except NotFound as error:
        return _page(request, error=error, status=404)
    except GroupwareError as error:
        return _page(request, address=account.login, error=error, status=answers.status_of(error))
    return answers.go_on(request, "", is_signed_in=signin.begin(request, account.pk, ""))


def _chosen(request: HttpRequest) -> str:
    password, again = request.POST.get("password", ""), request.POST.get("again", "")
    if password != again:
        raise Invalid("The two passwords differ: type the same one twice.")
    return password


def _page(
    request: HttpRequest,
    *,
    address: str = "",
    error: GroupwareError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "address": address,
        "error": localized(error) if error else "",
        "least": MIN_PASSWORD,
    }
    return render(request, "identity/invitation.html", context, status=status)
