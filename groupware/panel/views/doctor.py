"""The examination of the store: what the last one found, how far the next one is."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.doctor import reports
from groupware.core.models import DoctorReport
from groupware.panel.access import administer_as
from groupware.panel.navigation import Text

COUNTED: dict[str, Text] = {
    "accounts": gettext_lazy("accounts"),
    "mailboxes": gettext_lazy("mailboxes"),
    "messages": gettext_lazy("messages"),
    "calendars": gettext_lazy("calendars"),
    "addressbooks": gettext_lazy("address books"),
    "resources": gettext_lazy("events, tasks and cards"),
    "blobs": gettext_lazy("stored contents"),
}


def doctor_page(request: HttpRequest) -> HttpResponse:
    """Show what was found last; have the store examined again."""
    from groupware.panel.registry import site

    if request.method == "POST":
        is_deep = "deep" in request.POST
        administer_as(request, lambda _by: reports.ask(is_deep=is_deep))
        messages.success(request, _("The store is being examined; nobody has to wait for it."))
        return HttpResponseRedirect(reverse("admin:doctor"))
    last, pending = reports.find_last(), reports.find_pending()
    context: dict[str, Any] = {
        "title": _("Doctor"),
        "pending": pending,
        "percent": _percent(pending) if pending is not None else 0,
        "last": last,
        "counted": _counted(last) if last is not None else [],
        "unnamed": max(0, last.faults - _named(last)) if last is not None else 0,
    }
    return render(request, "panel/doctor.html", {**site.each_context(request), **context})


def _percent(report: DoctorReport) -> int:
    """Return how much is done; each check counts for the same, whatever it takes."""
    done = report.position + report.share
    return min(100, int(100 * done / max(1, reports.count_checks())))


def _counted(report: DoctorReport) -> list[tuple[Text, int]]:
    return [(text, report.counted.get(name, 0)) for name, text in COUNTED.items()]


def _named(report: DoctorReport) -> int:
    return sum(found["kind"] == "fault" for found in report.findings)
