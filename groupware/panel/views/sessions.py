"""Who is signed in at this moment, by whatever protocol; one session is ended, or all of an account."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from groupware.core import livesessions
from groupware.core.administration import Administrator, accounts
from groupware.core.errors import GroupwareError
from groupware.core.languages import localized
from groupware.core.livesessions import Found, LiveSession, Wanted
from groupware.core.models import Account
from groupware.core.roles import Permission
from groupware.panel.access import administer_as, administrator_of
from groupware.panel.words import PROTOCOLS

PROTOCOLS_OF_SESSIONS = ("imap", "pop3", "submission", "events", "web")


class Row(NamedTuple):
    """A session with its account, and whether who looks may end it."""

    session: LiveSession
    account: Account
    may_end: bool


def sessions_page(request: HttpRequest) -> HttpResponse:
    """Show the sessions of every account that he sees, the last active first; end one."""
    from groupware.panel.registry import site

    by = administrator_of(request)
    if request.method == "POST":
        return _end(request, by)
    text, protocol = request.GET.get("q", "")[:320], request.GET.get("protocol", "")
    known = protocol if protocol in PROTOCOLS_OF_SESSIONS else ""
    found = find_sessions(by, text.strip().lower(), known)
    rows = sorted(_rows(by, found), key=lambda row: -row.session.active_at)
    context: dict[str, Any] = {
        "title": _("Sessions"),
        "q": text,
        "protocol": known,
        "protocols": [(name, PROTOCOLS[name]) for name in PROTOCOLS_OF_SESSIONS],
        "rows": rows,
        "count": found.count,
        "left_out": found.count - len(found.sessions),
    }
    return render(request, "panel/sessions.html", {**site.each_context(request), **context})


def find_sessions(by: Administrator, text: str, protocol: str) -> Found:
    """Return the sessions of accounts in his domains, by a part of their addresses and a protocol."""
    domains = None
    if by.reach(Permission.LOOK).domain_ids is not None:
        domains = frozenset(by.domains().filter(alias_of=None).values_list("name", flat=True))
    return livesessions.find_sessions(Wanted(domains=domains, protocol=protocol, text=text))


def _rows(by: Administrator, found: Found) -> Iterator[Row]:
    # Processes know the login as it was; whose a session is now, and who sees it, the rows say.
    own = by.accounts().in_bulk({held.account_id for held in found.sessions})
    for held in found.sessions:
        if (account := own.get(held.account_id)) is not None:
            yield Row(held, account, by.may_in(Permission.HELP, account.domain_id))


def _end(request: HttpRequest, by: Administrator) -> HttpResponse:
    number, wanted = request.POST.get("account", ""), request.POST.get("session", "")[:64]
    key = int(number) if number.isdecimal() and len(number) < 19 else 0
    account = by.get_account(key)
    try:
        held = livesessions.get_session(account.pk, wanted)
        administer_as(request, lambda by: accounts.end_session(by, by.get_account(key), held))
    except GroupwareError as error:
        messages.error(request, localized(error))
    else:
        messages.success(request, _("The session is over."))
    return HttpResponseRedirect(request.get_full_path())
