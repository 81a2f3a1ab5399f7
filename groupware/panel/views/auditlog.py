"""The audit log: who did what, to whom, from where; nothing is ever changed in it."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from groupware.core import audit
from groupware.core.audit import AuditFilter
from groupware.core.roles import Permission
from groupware.panel.access import administrator_of

PAGE = 50
KINDS = (
    "account",
    "address",
    "domain",
    "group",
    "grant",
    "role",
    "queue",
    "application",
    "doctor",
    "import",
    "retention",
    "hold",
    "outside",
)


def audit_log(request: HttpRequest) -> HttpResponse:
    """Show the newest entries that are as somebody searches for."""
    from groupware.panel.registry import site

    reach = administrator_of(request).reach(Permission.AUDIT).domain_ids
    text, kind = request.GET.get("q", "")[:200], request.GET.get("kind", "")
    before = request.GET.get("before", "")
    wanted = AuditFilter(domain_ids=reach, text=text, action=kind if kind in KINDS else "")
    start = int(before) if before.isdecimal() and len(before) < 19 else None
    rows = audit.list_entries(wanted, before=start, limit=PAGE + 1)
    context: dict[str, Any] = {
        "title": _("Audit log"),
        "q": text,
        "kind": kind,
        "kinds": KINDS,
        "entries": rows[:PAGE],
    }
    if len(rows) > PAGE:
        asked = {"q": text, "kind": wanted.action, "before": rows[PAGE - 1].pk}
        context["older"] = urlencode(asked)
    return render(request, "panel/audit.html", {**site.each_context(request), **context})
