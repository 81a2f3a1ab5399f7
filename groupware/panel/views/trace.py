"""Where messages went, from the first word of a server to the mailbox."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from groupware.core.roles import Permission
from groupware.panel.access import administrator_of
from groupware.panel.words import STEPS
from mail.models import Step
from mail.services import trace
from mail.services.trace import TraceFilter

PAGE = 50


def message_trace(request: HttpRequest) -> HttpResponse:
    """Show the newest steps that are as somebody searches for, or the way of one message."""
    from groupware.panel.registry import site

    reach = administrator_of(request).reach(Permission.TRACE).domain_ids
    text, step = request.GET.get("q", "")[:320], request.GET.get("step", "")
    message = request.GET.get("message", "")[:255]
    context: dict[str, Any] = {
        "title": _("Where messages went"),
        "q": text,
        "step": step,
        "steps": list(STEPS.items()),
        "message": message,
    }
    if message:
        context["entries"] = trace.follow(message, reach, limit=trace.MOST_LISTED)
    else:
        wanted = TraceFilter(domain_ids=reach, text=text, step=step if step in Step.values else "")
        context |= _page(wanted, request)
    return render(request, "panel/trace.html", {**site.each_context(request), **context})


def _page(wanted: TraceFilter, request: HttpRequest) -> dict[str, Any]:
    rows = trace.search(wanted, before=_before(request), limit=PAGE + 1)
    if len(rows) <= PAGE:
        return {"entries": rows}
    last = rows[PAGE - 1]
    asked = {"q": wanted.text, "step": wanted.step, "before": f"{last.moment}-{last.pk}"}
    return {"entries": rows[:PAGE], "older": urlencode(asked)}


def _before(request: HttpRequest) -> tuple[int, int] | None:
    """Return behind which entry the page begins; what nobody gave out is the newest."""
    moment, _dash, key = request.GET.get("before", "").partition("-")
    if not (moment.isdecimal() and key.isdecimal() and len(moment) < 19 and len(key) < 19):
        return None
    return int(moment), int(key)
