"""Everything of an account in one file: asked for, made in the background, fetched by its person."""

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from groupware.account.views.pages import account_of, acting, done, needs_proof, own_page, show
from groupware.core import audit
from groupware.core.errors import GroupwareError, NotFound
from groupware.core.leaving import exports
from groupware.core.models import AccountExport


@own_page("GET", "HEAD", "POST")
@needs_proof
def export(request: HttpRequest) -> HttpResponse:
    """Show the exports; a POST asks for one."""
    if request.method != "POST":
        return _page(request)
    try:
        with audit.acting(acting(request)):
            exports.ask(account_of(request))
    except GroupwareError as error:
        return _page(request, error)
    return done(
        request, _("The export is being made: come back in a few minutes."), "account-export"
    )


@own_page("POST")
@needs_proof
def download(request: HttpRequest) -> HttpResponseBase:
    """Return the file of an export."""
    try:
        held = _find(request)
        file = exports.path_of(held).open("rb")
    except (GroupwareError, FileNotFoundError) as error:
        return _page(request, error if isinstance(error, GroupwareError) else _gone())
    name = f"{held.login}-{held.asked_at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@own_page("POST")
@needs_proof
def remove(request: HttpRequest) -> HttpResponse:
    """Remove an export with its file."""
    try:
        exports.remove(_find(request))
    except GroupwareError as error:
        return _page(request, error)
    return done(request, _("The file is removed."), "account-export")


def _find(request: HttpRequest) -> AccountExport:
    number = request.POST.get("id", "")
    mine = AccountExport.objects.filter(account=request.user.pk or 0)
    held = next((one for one in mine if str(one.pk) == number), None)
    if held is None:
        raise _gone()
    return held


def _gone() -> NotFound:
    return NotFound(_("This export is not there any more: ask for a new one."))


def _page(request: HttpRequest, error: GroupwareError | None = None) -> HttpResponse:
    mine = AccountExport.objects.filter(account=request.user.pk or 0).order_by("-id")
    return show(request, "export", {"section": "export", "exports": mine}, error)
