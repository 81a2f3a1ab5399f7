"""The audit log: who did what, to whom, from where; nothing is ever changed in it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from groupware.core import audit
from groupware.core.audit import AuditFilter
from groupware.core.roles import Permission
from groupware.panel import auditwords
from groupware.panel.access import administrator_of
from groupware.panel.paging import cut, following, read_cursor

PAGE = 50


def audit_log(request: HttpRequest) -> HttpResponse:
    """Show the newest entries that are as somebody searches for."""
    from groupware.panel.registry import site

    reach = administrator_of(request).reach(Permission.AUDIT).domain_ids
    text, kind = request.GET.get("q", "")[:200], request.GET.get("kind", "")
    wanted = AuditFilter(
        domain_ids=reach, text=text, action=kind if kind in auditwords.KINDS else ""
    )
    before = read_cursor(request, "before")
    rows = audit.list_entries(wanted, before=before[0] if before else None, limit=PAGE + 1)
    page = cut(rows, PAGE)
    context: dict[str, Any] = {
        "title": _("Audit log"),
        "q": text,
        "kind": kind,
        "kinds": list(auditwords.KINDS.items()),
        "entries": page.rows,
    }
    if page.last is not None:
        asked = {"q": text, "kind": wanted.action}
        context["older"] = following(asked, "before", page.last.pk)
    return render(request, "panel/audit.html", {**site.each_context(request), **context})
