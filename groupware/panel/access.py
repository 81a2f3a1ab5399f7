"""Who asks for a page, and what is done in his name.

The roles are read once for each request; a write reads them anew in its transaction (`administer`).
"""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from groupware.core.administration import Administrator, By, administer
from groupware.core.models import Account
from groupware.core.proxies import client_address
from groupware.identity.services import sessions

T = TypeVar("T")
_HELD = "_administrator"


def administrator_of(request: HttpRequest) -> Administrator:
    """Return who asks, with his roles; raises `NotAllowed` for who has none."""
    held: Administrator | None = getattr(request, _HELD, None)
    if held is None:
        held = Administrator(request.user.pk or 0)
        setattr(request, _HELD, held)
    return held


def administer_as(request: HttpRequest, work: Callable[[Administrator], T]) -> T:
    """Run a write as who asks, in one transaction; the audit log names him."""
    account = request.user
    assert isinstance(account, Account)  # the site lets nobody else in
    by = By(account.pk, account.login, str(client_address(request.META)))
    try:
        return administer(by, work)
    finally:
        # What he did may have changed his own roles.
        request.__dict__.pop(_HELD, None)


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the browser proved who it is a moment ago."""
    return sessions.is_fresh(request.session)


def _page(request: HttpRequest) -> str:
    """Return the page itself, which is what a form was sent to; of a link also what it fills in."""
    return request.path if request.method == "POST" else request.get_full_path()


def to_sign_in(request: HttpRequest, page: str = "") -> HttpResponseRedirect:
    """Lead to the sign-in page, and from there back to this one, or to another page."""
    back = urlencode({"next": page or _page(request)})
    return HttpResponseRedirect(f"{reverse('sign-in')}?{back}")
