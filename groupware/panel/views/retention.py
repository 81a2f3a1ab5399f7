"""What a rule of retention would take away, before it is set."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from groupware.core.errors import GroupwareError, NotAllowed
from groupware.core.languages import localized
from groupware.panel.access import administrator_of
from groupware.panel.retentionforms import RuleForm, preview, read_rule, shown
from mail.retention import read_rules
from mail.services.retention import check_rule


def retention_preview(request: HttpRequest) -> HttpResponse:
    """Show what the rule that a form describes would take away; nothing is changed."""
    from groupware.panel.registry import site

    form = RuleForm(request.GET or None)
    context: dict[str, Any] = {
        "title": _("Preview of a rule"),
        "form": form,
        "url": reverse("admin:mail_retentionrule_changelist"),
    }
    status = 200
    if request.GET and form.is_valid():
        try:
            rule = read_rule(administrator_of(request), form.cleaned_data)
            check_rule(rule)
        except GroupwareError as error:
            form.add_error(None, localized(error))
            status = 403 if isinstance(error, NotAllowed) else 422
        else:
            asked = {name: request.GET[name] for name in form.fields if request.GET.get(name)}
            add = f"{reverse('admin:mail_retentionrule_add')}?{urlencode(asked)}"
            context |= {"held": shown(rule, preview(rule, read_rules().having(rule))), "add": add}
    held = {**site.each_context(request), **context}
    return render(request, "panel/retention_preview.html", held, status=status)
