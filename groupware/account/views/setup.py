"""Setting up a device: what to enter where, or a password of its own in a code or a profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from groupware.account.views.pages import account_of, acting, needs_proof, own_page, show
from groupware.clientconfig import phonecode
from groupware.clientconfig import profile as apple
from groupware.clientconfig.servers import Dav, find_servers
from groupware.core import audit, auth
from groupware.core.errors import GroupwareError, Invalid
from groupware.core.models import Account

_MAIL: Final = frozenset({"imap", "smtp"})
_ALL: Final = _MAIL | {"dav"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of device: how it is called, and what an app password for it opens."""

    label: str | Promise
    scopes: frozenset[str]


KINDS: Final[Mapping[str, Kind]] = {
    "apple": Kind(gettext_lazy("iPhone, iPad, Mac"), _ALL),
    "android": Kind(gettext_lazy("Android"), _ALL),
    "thunderbird": Kind(gettext_lazy("Thunderbird"), _ALL),
    "outlook": Kind(gettext_lazy("Outlook"), _MAIL),
    "other": Kind(gettext_lazy("Another program"), _ALL | {"pop3"}),
}


@own_page("GET", "HEAD", "POST")
@needs_proof
def setup(request: HttpRequest) -> HttpResponse:
    """Show how a device is set up; a POST makes a password for it, which is shown this once."""
    if request.method != "POST":
        return _page(request, request.GET.get("kind", ""))
    kind = request.POST.get("kind", "")
    try:
        password = _create_password(request, kind)
    except GroupwareError as error:
        return _page(request, kind, error=error)
    return _page(request, kind, password=password)


@own_page("POST")
@needs_proof
def download_profile(request: HttpRequest) -> HttpResponse:
    """Return Apple's profile, with a password of its own or, where none is asked for, without."""
    account = account_of(request)
    try:
        password = _create_password(request, "apple") if "password" in request.POST else ""
    except GroupwareError as error:
        return _page(request, "apple", error=error)
    owner = apple.Owner(account.login, account.name, password)
    body = apple.render(owner, _("Mail, calendars and contacts of {login}").format(login=account))
    name = f"{account.domain.name}.mobileconfig"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(body, content_type=apple.CONTENT_TYPE, headers=headers)


@sensitive_variables()
def _create_password(request: HttpRequest, kind: str) -> str:
    if kind not in KINDS:
        raise Invalid(_("Choose what you want to set up."))
    label = request.POST.get("label", "").strip() or str(KINDS[kind].label)
    with audit.acting(acting(request)):
        return auth.create_app_password(request.user.pk or 0, label, KINDS[kind].scopes)


@sensitive_variables()
def _page(
    request: HttpRequest, kind: str, *, password: str = "", error: GroupwareError | None = None
) -> HttpResponse:
    kind = kind if kind in KINDS else ""
    servers, account = find_servers(), account_of(request)
    context = {
        "section": "new-device",
        "kinds": [(name, held.label) for name, held in KINDS.items()],
        "kind": kind,
        "kind_label": KINDS[kind].label if kind else "",
        "servers": servers,
        "password": password,
        "here": _code(
            f"{settings.GROUPWARE_PUBLIC_URL}{reverse('account-new-device')}?kind={kind}"
        ),
        **(_codes(account, password) if password and kind == "android" else {}),
    }
    return show(request, "setup", context, error)


def _codes(account: Account, password: str) -> dict[str, str]:
    """Return the codes that programs on Android take an account from."""
    servers = find_servers()
    codes = {}
    if mail := phonecode.render(account.login, account.name, password, servers):
        codes["mail_code"] = _code(mail)
    if servers.dav is not None:
        codes["dav_code"] = _code(_dav_address(account, password, servers.dav))
    return codes


def _dav_address(account: Account, password: str, dav: Dav) -> str:
    """Return the address that opens DAVx⁵ with everything filled in."""
    credentials = f"{quote(account.login, safe='')}:{quote(password, safe='')}"
    return f"davx5://{credentials}@{dav.netloc}/dav/"


def _code(text: str) -> str:
    """Return a QR code as an image that stands in the page itself."""
    image: str = segno.make(text, error="l").png_data_uri(scale=4, border=4)
    return image
