"""Browsers that are signed in: opened here only, listed, and ended one by one or all at once.

A session carries the account's credential_epoch (`Account.get_session_auth_hash`), so whatever ends
the sessions of protocols ends those of browsers too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth import login
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F, QuerySet
from django.http import HttpRequest

from groupware.core import audit, auth, db, devices, limits
from groupware.core.clock import epoch, now
from groupware.core.errors import NotFound
from groupware.core.events import CredentialsChanged, publish
from groupware.core.livesessions import LiveSession, Wanted
from groupware.core.models import Account
from groupware.core.principals import Principal
from groupware.core.proxies import client_address
from groupware.identity.agents import name_of
from groupware.identity.models import WebSession
from groupware.identity.services.sessionstore import AGENT, EPOCH, NETWORK, digest

WEB: Final = "web"
BACKEND = "groupware.identity.backends.WebBackend"
AUTHENTICATED_AT = "authenticated_at"
MAX_AGENT = 200
"""Characters that are kept of what a browser calls itself."""


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that is signed in, as its person sees it."""

    id: int
    network: str
    agent: str
    name: str
    created_at: datetime
    seen_at: datetime
    is_current: bool


def open_session(request: HttpRequest, account: Account) -> None:
    """Sign the browser in: whoever calls this has seen every factor proven now.

    The session gets a new key. Beyond `MAX_WEB_SESSIONS` the one that is unused longest ends.
    """
    _open(request, account, authenticated_at=epoch())
    principal = Principal(account.pk, account.login, account.credential_epoch)
    agent = request.headers.get("User-Agent", "")
    devices.note_login(principal, auth.WEB, str(client_address(request.META)), agent)


def stay(request: HttpRequest) -> None:
    """Keep the browser signed in after what ended every session of its account.

    When it proved who it is stays what it was.
    """
    account = Account.objects.get(pk=request.user.pk or 0)
    _open(request, account, authenticated_at=request.session.get(AUTHENTICATED_AT, 0))


def _open(request: HttpRequest, account: Account, *, authenticated_at: int) -> None:
    agent = request.headers.get("User-Agent", "")[:MAX_AGENT]
    with db.write_transaction():
        login(request, account, backend=BACKEND)
        request.session[AUTHENTICATED_AT] = authenticated_at
        request.session[EPOCH] = account.credential_epoch
        request.session[NETWORK] = str(client_address(request.META))
        request.session[AGENT] = "".join(char if char.isprintable() else "?" for char in agent)
        request.session.save()
        held = WebSession.objects.filter(account=account).order_by("-seen_at", "-pk")
        surplus = list(held.values_list("pk", flat=True)[limits.WEB_SESSIONS.value :])
        WebSession.objects.filter(pk__in=surplus).delete()


def is_fresh(session: SessionBase) -> bool:
    """Return whether the browser proved who it is a moment ago (`REAUTHENTICATION_AFTER`)."""
    moment = session.get(AUTHENTICATED_AT, 0)
    return 0 <= epoch() - int(moment) < limits.REAUTHENTICATION.value


def list_browsers(account_id: int, current_key: str | None = None) -> list[Browser]:
    """Return the browsers of an account that are signed in, the last used first."""
    current = digest(current_key) if current_key else ""
    held = _open_ones().filter(account_id=account_id)
    return [
        Browser(
            id=row.pk,
            network=row.network,
            agent=row.agent,
            name=name_of(row.agent),
            created_at=row.created_at,
            seen_at=row.seen_at,
            is_current=row.key_sha256 == current,
        )
        for row in held.order_by("-seen_at", "-pk")
    ]


class Browsers:
    """Browsers as live sessions, beside those of protocols (`livesessions.Holder`)."""

    def list_sessions(self, wanted: Wanted) -> Iterator[LiveSession]:
        """Tell the browsers that somebody asks for."""
        found = _open_ones()
        if wanted.account_id is not None:
            found = found.filter(account_id=wanted.account_id)
        if wanted.domains is not None:
            found = found.filter(account__domain__name__in=wanted.domains)
        if wanted.text:
            found = found.filter(account__login__contains=wanted.text)
        for held in found.defer("data").order_by("created_at", "pk"):
            yield LiveSession(
                id=f"{WEB}-{held.pk}",
                protocol=WEB,
                network=held.network,
                credential="password",
                began_at=int(held.created_at.timestamp()),
                active_at=int(held.seen_at.timestamp()),
                account_id=held.account_id or 0,
                client=name_of(held.agent),
            )

    def end_session(self, account_id: int, session_id: str) -> bool:
        """Sign a browser out, in the caller's write transaction; return whether it was signed in."""
        number = session_id.removeprefix(f"{WEB}-")
        return _delete(account_id, int(number)) if number.isdecimal() else False


BROWSERS = Browsers()


def end_browser(account_id: int, browser_id: int) -> None:
    """Sign one browser out; raises `NotFound`."""
    with audit.change():
        if not _delete(account_id, browser_id):
            raise NotFound("There is no such session any more.")
        audit.record("account.end-session", Account.objects.get(pk=account_id))


def _delete(account_id: int, browser_id: int) -> bool:
    ended, _ = WebSession.objects.filter(account_id=account_id, pk=browser_id).delete()
    # What a browser listens to looks at its session anew.
    db.on_commit(lambda: publish(CredentialsChanged(account_id)))
    return bool(ended)


def _open_ones() -> QuerySet[WebSession]:
    return WebSession.objects.filter(
        credential_epoch=F("account__credential_epoch"), expires_at__gt=now()
    )


def end_everywhere(account_id: int) -> None:
    """End every session of an account: browsers, and live sessions of every protocol."""
    with audit.change():
        WebSession.objects.filter(account_id=account_id).delete()
        auth.end_sessions(account_id)
        audit.record("account.end-sessions", Account.objects.get(pk=account_id))


def remove_expired() -> int:
    """Remove the sessions that are over, and return how many."""
    expired = WebSession.objects.filter(expires_at__lte=now())
    if not expired.exists():
        return 0
    with db.write_transaction():
        return expired.delete()[0]
