"""What others see of a person: the name and the photo."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from groupware.account.views.pages import account_of, acting, done, own_page, show
from groupware.core import audit, limits
from groupware.core.directory import photos, rename_account
from groupware.core.errors import GroupwareError, Invalid


@own_page("GET", "HEAD", "POST")
def profile(request: HttpRequest) -> HttpResponse:
    """Show the profile; a POST changes the name."""
    if request.method != "POST":
        return _page(request)
    account = account_of(request)
    try:
        with audit.acting(acting(request)):
            rename_account(account.login, account.login, name=request.POST.get("name", "").strip())
    except GroupwareError as error:
        return _page(request, error)
    return done(request, _("Your name is changed."), "account-profile")


@own_page("GET", "HEAD", "POST")
def photo(request: HttpRequest) -> HttpResponse:
    """Return the photo; a POST gives another, or takes it away."""
    if request.method != "POST":
        found = photos.find_photo(request.user.pk or 0)
        if found is None:
            raise Http404
        return HttpResponse(found.data, content_type=found.media_type)
    try:
        with audit.acting(acting(request)):
            text = _change_photo(request, account_of(request).login)
    except GroupwareError as error:
        return _page(request, error)
    return done(request, text, "account-profile")


def _change_photo(request: HttpRequest, login: str) -> str:
    if "remove" in request.POST:
        photos.remove_photo(login)
        return _("Your photo is removed.")
    given = request.FILES.get("photo")
    if given is None:
        raise Invalid(_("Choose a picture first."))
    # One octet more than is allowed tells that it is too large.
    photos.set_photo(login, given.read(limits.PHOTO_SIZE.value + 1))
    return _("Your photo is changed.")


def _page(request: HttpRequest, error: GroupwareError | None = None) -> HttpResponse:
    has_photo = photos.find_photo(request.user.pk or 0) is not None
    return show(request, "profile", {"section": "profile", "has_photo": has_photo}, error)
