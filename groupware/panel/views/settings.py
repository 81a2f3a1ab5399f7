"""The settings of the installation, what each means, and what administrators are told of by mail."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from groupware.core import limits, variables
from groupware.core.variables import Setting
from mail.alarms import Alarm
from mail.services import adminnotices

NOTICES = (
    limits.NOTICE_CERTIFICATE,
    limits.NOTICE_DISK,
    limits.NOTICE_QUEUE,
    limits.NOTICE_QUEUE_AGE,
    limits.NOTICE_SENDING,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that wants to be looked at, and who is told of it."""

    alarm: Alarm
    readers: list[str]


def settings_page(request: HttpRequest) -> HttpResponse:
    """Show every setting that is as somebody searches for; nothing of it is changed here."""
    from groupware.panel.registry import site

    text = request.GET.get("q", "")[:100].strip()
    is_changed = request.GET.get("show") == "set"
    context: dict[str, Any] = {
        "title": _("Settings"),
        "q": text,
        "show": "set" if is_changed else "",
        "variables": _chosen(variables.list_variables(), text, is_changed=is_changed),
        "limits": _chosen(variables.list_limits(), text, is_changed=is_changed),
        "audit_days": limits.AUDIT_DAYS.value,
        "trace_days": limits.TRACE_KEEP.value,
        "thresholds": [_named(limit.name) for limit in NOTICES],
        "notices": [_notice(alarm) for alarm in adminnotices.list_alarms()],
    }
    return render(request, "panel/settings.html", {**site.each_context(request), **context})


def _chosen(found: list[Setting], text: str, *, is_changed: bool) -> list[Setting]:
    words = text.casefold().split()
    return [
        held
        for held in found
        if (held.is_set or not is_changed)
        and all(word in f"{held.name} {held.meaning}".casefold() for word in words)
    ]


def _named(name: str) -> Setting:
    return next(held for held in variables.list_limits() if held.name == f"GROUPWARE_{name}")


def _notice(alarm: Alarm) -> Notice:
    return Notice(alarm, [account.login for account in adminnotices.find_readers(alarm)])
