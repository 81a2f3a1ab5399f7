"""Where messages went, from the first word of a server to the mailbox."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from groupware.core.roles import Permission
from groupware.panel.access import administrator_of
from groupware.panel.paging import cut, following, read_cursor
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
    before = read_cursor(request, "before", parts=2)
    rows = trace.search(wanted, before=(before[0], before[1]) if before else None, limit=PAGE + 1)
    page = cut(rows, PAGE)
    if page.last is None:
        return {"entries": page.rows}
    asked = {"q": wanted.text, "step": wanted.step}
    older = following(asked, "before", page.last.moment, page.last.pk)
    return {"entries": page.rows, "older": older}
