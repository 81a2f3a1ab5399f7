"""What is connected to an account, and what may connect: sessions, app passwords, applications."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from groupware.account.views.pages import account_of, acting, done, own_page, show
from groupware.core import audit, auth, livesessions
from groupware.core.devices import Behind, DeviceEntry, KnownCollection, list_devices
from groupware.core.errors import GroupwareError
from groupware.identity.agents import name_of
from groupware.oauth import queries
from groupware.oauth.services import tokens

MOST_LAGGING: Final = 5
"""Collections of a device that are named as those where it is behind."""
_PROTOCOLS: Final = {
    "imap": "IMAP",
    "pop3": "POP3",
    "smtp": "SMTP",
    "submission": "SMTP",
    "dav": "CalDAV, CardDAV",
    "api": "REST",
    "events": "REST",
    "sieve": "ManageSieve",
    "web": "Web",
}


class KnownDevice(NamedTuple):
    """A device as its person sees it; `lagging` is where it is furthest behind."""

    name: str
    detail: str
    protocol: str
    network: str
    last_seen: datetime
    behind: Behind | None
    lagging: Sequence[KnownCollection]


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


@own_page("POST")
def end_session(request: HttpRequest) -> HttpResponse:
    """End one of the sessions that are open now; the others go on."""
    account = account_of(request)
    try:
        held = livesessions.get_session(account.pk, request.POST.get("session", "")[:64])
        with audit.acting(acting(request)):
            livesessions.end_session(account, held)
    except GroupwareError as error:
        return _page(request, error)
    return done(request, _("The session is over."), "account-devices")


def _page(request: HttpRequest, error: GroupwareError | None = None) -> HttpResponse:
    account_id = request.user.pk or 0
    context = {
        "section": "devices",
        "known": list(_list_known(account_id)),
        "live": [
            (held, _name_of(held.protocol), _moment(held.began_at), _moment(held.active_at))
            for held in livesessions.list_sessions(account_id)
            if held.protocol != "web"
        ],
        "app_passwords": auth.list_app_passwords(account_id),
        "authorizations": queries.list_authorizations(account_id),
    }
    return show(request, "devices", context, error)


def _list_known(account_id: int) -> Iterator[KnownDevice]:
    for held in list_devices(account_id):
        client = name_of(held.client)
        yield KnownDevice(
            name=held.label or client or _("Unnamed program"),
            detail=client if held.label else "",
            protocol=_name_of(held.protocol),
            network=held.network,
            last_seen=_moment(held.last_seen),
            behind=held.behind,
            lagging=_lagging(held),
        )


def _lagging(device: DeviceEntry) -> list[KnownCollection]:
    behind = [known for known in device.collections if known.behind.number]
    return sorted(behind, key=lambda known: -known.behind.number)[:MOST_LAGGING]


def _name_of(protocol: str) -> str:
    return _PROTOCOLS.get(protocol, protocol)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
