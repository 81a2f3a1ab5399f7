"""Accounts that come by a file: sent, shown before anything is done, confirmed, watched; and all of them as a file."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from groupware.core import limits
from groupware.core.administration import Administrator, csvfiles
from groupware.core.errors import GroupwareError, Invalid
from groupware.core.languages import localized
from groupware.core.models import (
    AccountImport,
    AccountImportRow,
    ImportState,
    RowOutcome,
    RowState,
)
from groupware.core.publicurl import secure_url
from groupware.panel.access import administer_as, administrator_of, is_fresh, to_sign_in
from groupware.panel.templatetags.panel import badge
from groupware.panel.words import IMPORT_FIELDS, IMPORT_OUTCOMES, IMPORT_STATES, IMPORT_VALUES

PAGE = 100
LEVELS: dict[str, str] = {
    RowOutcome.CREATE: "good",
    RowOutcome.CHANGE: "info",
    RowOutcome.FAULT: "bad",
    RowState.DONE: "good",
    RowState.FAILED: "bad",
    RowState.WAITING: "warn",
}


class ImportForm(forms.Form):
    """A file of accounts."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
        help_text=gettext_lazy("CSV as a spreadsheet saves it; the first line names the columns."),
    )
    invites = forms.BooleanField(
        label=gettext_lazy("Invite new people by a link, by which they choose their passwords"),
        required=False,
        help_text=gettext_lazy("Otherwise each gets a strong password, which you load once."),
    )


def account_import(request: HttpRequest) -> HttpResponse:
    """Take a file, and lead to what would come of it; nothing is done yet."""
    from groupware.panel.registry import site

    form, status = ImportForm(request.POST or None, request.FILES or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = _ask(request, form)
            except GroupwareError as error:
                form.add_error("file", localized(error))
            else:
                return HttpResponseRedirect(reverse("admin:account-import-shown", args=[made.pk]))
    earlier = AccountImport.objects.filter(account=request.user.pk).order_by("-pk")
    context = {"title": _("Import"), "form": form, "earlier": earlier[:20]}
    context = {**site.each_context(request), **context}
    return render(request, "panel/import.html", context, status=status)


def _ask(request: HttpRequest, form: ImportForm) -> AccountImport:
    octets = form.cleaned_data["file"].read(limits.ACCOUNT_FILE_SIZE.value + 1)
    plan = csvfiles.read(administrator_of(request), octets)
    if not plan.rows:
        raise Invalid(
            _("The file names nobody: below the first line it has a row for each account.")
        )
    invites = form.cleaned_data["invites"]
    return administer_as(request, lambda _by: csvfiles.ask(plan, octets, invites=invites))


def account_import_shown(request: HttpRequest, object_id: int) -> HttpResponse:
    """Show what would come of a file, or what came; do it, load the passwords, or forget it."""
    job = csvfiles.get_import(administrator_of(request), object_id)
    if request.method == "POST":
        return _act(request, job)
    return _show(request, job)


def _act(request: HttpRequest, job: AccountImport) -> HttpResponse:
    if not is_fresh(request):
        return to_sign_in(request)
    act = ACTS.get(request.POST.get("action", ""))
    try:
        if act is not None:
            return act(request, job)
    except GroupwareError as error:
        messages.error(request, localized(error))
    return HttpResponseRedirect(request.path)


def _confirm(request: HttpRequest, job: AccountImport) -> HttpResponse:
    administer_as(request, lambda by: csvfiles.confirm(by, csvfiles.get_import(by, job.pk)))
    return HttpResponseRedirect(request.path)


def _drop(request: HttpRequest, job: AccountImport) -> HttpResponse:
    administer_as(request, lambda by: csvfiles.drop(by, csvfiles.get_import(by, job.pk)))
    messages.success(request, _("The import is forgotten. What it did stays."))
    return HttpResponseRedirect(reverse("admin:account-import"))


def _load_secrets(request: HttpRequest, job: AccountImport) -> HttpResponse:
    def take(by: Administrator) -> list[tuple[str, str, str]]:
        return csvfiles.take_secrets(csvfiles.get_import(by, job.pk))

    taken = administer_as(request, take)
    kind = "password"
    if job.invites:
        kind, start = _("invitation"), f"{secure_url()}/account/invitation/"
        taken = [(address, name, f"{start}{secret}/") for address, name, secret in taken]
    text = csvfiles.write_secrets(taken, kind, language=get_language() or "en")
    return _file(text, f"import-{job.pk}-{kind}.csv")


ACTS: dict[str, Callable[[HttpRequest, AccountImport], HttpResponse]] = {
    "confirm": _confirm,
    "passwords": _load_secrets,
    "drop": _drop,
}


def accounts_csv(request: HttpRequest) -> HttpResponse:
    """Send the accounts that somebody sees as a file that imports back without a change."""
    by = administrator_of(request)
    return _file(csvfiles.write_accounts(by, language=get_language() or "en"), "accounts.csv")


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _show(request: HttpRequest, job: AccountImport) -> HttpResponse:
    from groupware.panel.registry import site

    only, start = request.GET.get("only", ""), request.GET.get("start", "")
    rows = job.rows.filter(outcome=only) if only in RowOutcome.values else job.rows.all()
    first = int(start) if start.isdecimal() and len(start) < 9 else 0
    found = list(rows.order_by("line", "pk")[first : first + PAGE + 1])
    counts = dict(job.rows.values_list("outcome").annotate(Count("pk")).order_by())
    states = dict(job.rows.values_list("state").annotate(Count("pk")).order_by())
    total = sum(states.values()) - states.get(RowState.NOTHING, 0)
    context: dict[str, Any] = {
        "title": _("Import"),
        "job": job,
        "rows": [_told(row) for row in found[:PAGE]],
        "counts": [
            (key, word, counts[key]) for key, word in IMPORT_OUTCOMES.items() if key in counts
        ],
        "only": only,
        "next": first + PAGE if len(found) > PAGE else 0,
        "before": max(0, first - PAGE) if first else None,
        "total": total,
        "worked": total - states.get(RowState.WAITING, 0),
        "failed": states.get(RowState.FAILED, 0),
        "is_preview": job.state == ImportState.PREVIEW,
        "is_running": job.state == ImportState.RUNNING,
        "has_secrets": job.state == ImportState.DONE and csvfiles.has_secrets(job),
    }
    return render(request, "panel/import_shown.html", {**site.each_context(request), **context})


def _told(row: AccountImportRow) -> dict[str, Any]:
    is_shown = row.held_by.state != ImportState.PREVIEW and row.state != RowState.NOTHING
    return {
        "line": row.line,
        "address": row.address,
        "outcome": badge(IMPORT_OUTCOMES[row.outcome], LEVELS.get(row.outcome, "")),
        "state": badge(IMPORT_STATES[row.state], LEVELS[row.state]) if is_shown else "",
        "reason": row.reason,
        "changes": [
            (
                IMPORT_FIELDS[field],
                IMPORT_VALUES.get(before, before),
                IMPORT_VALUES.get(after, after),
            )
            if field in {"enabled", "kind", "quota"}
            else (IMPORT_FIELDS[field], before, after)
            for field, before, after in row.changes
        ],
    }
