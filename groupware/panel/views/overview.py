"""The first page: how much mail, who takes the space, who signs in, and what wants attention."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import date, filesizeformat
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groupware.core import db, devices
from groupware.core.administration import Administrator
from groupware.core.clock import epoch
from groupware.core.models import Account, AccountKind, AccountState, Departure
from groupware.core.roles import Permission
from groupware.panel import charts
from groupware.panel.access import administrator_of
from groupware.panel.charts import Bar, Series
from groupware.panel.views.health import look_at_parts
from mail.models import Direction
from mail.services import queue, trace
from mail.services.queue import QueueFilter
from mail.services.trace import TraceFilter

DAYS = 14
DAY = 86_400
LARGEST = 5
FAILURES = 5


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that leads to what it counts; `level` is bad or warn where it wants attention."""

    icon: str
    figure: int
    text: str
    url: str
    level: str = ""


def overview(request: HttpRequest) -> HttpResponse:
    """Show what there is within the reach of who asks."""
    from groupware.panel.registry import site

    by = administrator_of(request)
    parts = look_at_parts(by)
    since = epoch() // DAY * DAY - (DAYS - 1) * DAY
    with db.read_snapshot():
        context: dict[str, Any] = {
            "title": _("Overview"),
            "tiles": _tiles(by),
            "parts": parts,
            "days": DAYS,
            "logins": _logins(by, since),
            "largest": _largest(by.accounts()),
            "domains": _domains(by),
        }
        if by.may(Permission.TRACE):
            reach = by.reach(Permission.TRACE).domain_ids
            context |= {"mail": _mail(reach, since), "failures": _failures(reach)}
    return render(request, "panel/overview.html", {**site.each_context(request), **context})


def _tiles(by: Administrator) -> list[Tile]:
    accounts = reverse("admin:core_account_changelist")
    people = by.accounts().filter(kind=AccountKind.PERSON, is_active=True)
    plain = people.filter(second_factor=False).count()
    leaving = Departure.objects.filter(account__in=by.accounts())
    stuck = leaving.exclude(trouble="").count()
    tiles = [
        Tile("person", people.count(), _("people who may sign in"), accounts),
        Tile("key", plain, _("people without a second factor"), f"{accounts}?state=plain"),
        Tile(
            "session",
            leaving.count(),
            _("accounts that are leaving"),
            f"{accounts}?state=disabled",
            "bad" if stuck else "",
        ),
    ]
    if by.may(Permission.QUEUE):
        wanted = QueueFilter(domain_ids=by.reach(Permission.QUEUE).domain_ids)
        waiting = queue.count_queue(wanted)
        url = reverse("admin:queue")
        tiles.append(Tile("queue", waiting, _("recipients whose mail waits"), url))
    return tiles


def _mail(reach: frozenset[int] | None, since: int) -> SafeString:
    """Return mail in and out, and what failed, by the day."""
    sums: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for hour in trace.traffic(reach, since):
        day = hour.moment // DAY * DAY
        sums[hour.direction][day] += hour.messages
        sums["failed"][day] += hour.failed
    names = {
        Direction.IN: (_("into mailboxes"), "main"),
        Direction.OUT: (_("to other servers"), "second"),
        "failed": (_("refused or given up"), "bad"),
    }
    figures = {name: sum(sums[key].values()) for key, (name, _level) in names.items()}
    series = [
        (name, [sums[key][day] for day in _days(since)], level)
        for key, (name, level) in names.items()
    ]
    return _columns(_("Mail by the day"), figures, since, series)


def _logins(by: Administrator, since: int) -> SafeString:
    """Return logins that opened a session, and those that did not, by the day."""
    good: dict[int, int] = defaultdict(int)
    failed: dict[int, int] = defaultdict(int)
    for held in devices.login_counts(by.sees.domain_ids, since):
        day = held.hour // DAY * DAY
        good[day] += held.succeeded
        failed[day] += held.failed + held.throttled
    names = _("signed in"), _("refused")
    figures = {names[0]: sum(good.values()), names[1]: sum(failed.values())}
    days = list(_days(since))
    series = [
        (names[0], [good[day] for day in days], "main"),
        (names[1], [failed[day] for day in days], "bad"),
    ]
    return _columns(_("Logins by the day"), figures, since, series)


def _columns(
    title: str,
    figures: Mapping[str, int],
    since: int,
    series: Iterable[tuple[str, list[int], str]],
) -> SafeString:
    told = ", ".join(f"{name}: {figure}" for name, figure in figures.items())
    labels = [date(datetime.fromtimestamp(day, UTC), "j M") for day in _days(since)]
    drawn = [Series(name, values, level) for name, values, level in series]
    return mark_safe(charts.columns(title, told, labels, drawn))  # noqa: S308 - escaped there


def _days(since: int) -> Iterable[int]:
    return range(since, since + DAYS * DAY, DAY)


def _largest(accounts: QuerySet[Account]) -> SafeString:
    """Return the accounts that use most."""
    states = (
        AccountState.objects.filter(account__in=accounts, bytes_used__gt=0)
        .order_by("-bytes_used")
        .values_list("account_id", "account__login", "bytes_used")[:LARGEST]
    )
    rows = list(states)
    most = rows[0][2] if rows else 1
    bars = [
        Bar(
            login,
            filesizeformat(used),
            used / most,
            reverse("admin:core_account_change", args=[key]),
        )
        for key, login, used in rows
    ]
    told = ngettext("%(count)s account", "%(count)s accounts", len(rows)) % {"count": len(rows)}
    return mark_safe(charts.ranking(_("Largest accounts"), told, bars))  # noqa: S308


def _domains(by: Administrator) -> SafeString:
    """Return how much the domains use."""
    rows = list(
        AccountState.objects.filter(account__in=by.accounts())
        .values("account__domain_id", "account__domain__name")
        .annotate(used=Sum("bytes_used"))
        .order_by("-used")
        .values_list("account__domain_id", "account__domain__name", "used")[:LARGEST]
    )
    most = max([used for _, _, used in rows], default=0) or 1
    bars = [
        Bar(
            name, filesizeformat(used), used / most, reverse("admin:core_domain_change", args=[key])
        )
        for key, name, used in rows
    ]
    told = ngettext("%(count)s domain", "%(count)s domains", len(rows)) % {"count": len(rows)}
    return mark_safe(charts.ranking(_("Storage by domain"), told, bars))  # noqa: S308


def _failures(reach: frozenset[int] | None) -> list[Any]:
    """Return the newest of what was given up or refused."""
    found: list[Any] = []
    for step in ("bounced", "refused"):
        found += trace.search(TraceFilter(domain_ids=reach, step=step), limit=FAILURES)
    return sorted(found, key=lambda entry: entry.moment, reverse=True)[:FAILURES]
