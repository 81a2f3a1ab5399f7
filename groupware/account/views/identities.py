"""As whom a person writes: addresses, names, signatures."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from groupware.account.views.pages import done, own_page, show
from groupware.core.errors import GroupwareError, NotFound
from mail.models import Identity
from mail.services import identities as service

_TEXTS = ("address", "name", "reply_to", "signature_text", "signature_html")


@own_page("GET", "HEAD", "POST")
def identities(request: HttpRequest) -> HttpResponse:
    """Show the identities; a POST makes another."""
    if request.method != "POST":
        return _list(request)
    try:
        service.create_identity(request.user.pk or 0, _values(request))
    except GroupwareError as error:
        return _list(request, error)
    return done(request, _("The identity is ready."), "account-identities")


@own_page("GET", "HEAD", "POST")
def identity(request: HttpRequest, identity_id: int) -> HttpResponse:
    """Show one identity; a POST changes it, or deletes it."""
    account_id = request.user.pk or 0
    try:
        held = service.get_identity(account_id, identity_id)
    except NotFound as error:
        raise Http404 from error
    if request.method != "POST":
        return _form(request, held)
    try:
        if "delete" in request.POST:
            service.delete_identity(account_id, identity_id)
            return done(request, _("The identity is deleted."), "account-identities")
        service.change_identity(account_id, identity_id, _values(request))
    except GroupwareError as error:
        return _form(request, held, error)
    return done(request, _("The identity is changed."), "account-identities")


def _values(request: HttpRequest) -> dict[str, object]:
    given = {name: request.POST.get(name, "") for name in _TEXTS}
    # Browsers send CRLF; a signature is kept with the line ends of text.
    signature = given["signature_text"].replace("\r\n", "\n")
    return {**given, "signature_text": signature, "is_default": "is_default" in request.POST}


def _list(request: HttpRequest, error: GroupwareError | None = None) -> HttpResponse:
    account_id = request.user.pk or 0
    context = {
        "section": "identities",
        "identities": service.list_identities(account_id),
        "senders": service.list_senders(account_id),
        "given": request.POST,
    }
    return show(request, "identities", context, error)


def _form(
    request: HttpRequest, held: Identity, error: GroupwareError | None = None
) -> HttpResponse:
    given = {name: request.POST.get(name, getattr(held, name)) for name in _TEXTS}
    context = {
        "section": "identities",
        "identity": held,
        "senders": service.list_senders(request.user.pk or 0),
        "given": {**given, "is_default": held.is_default},
    }
    return show(request, "identity", context, error)
