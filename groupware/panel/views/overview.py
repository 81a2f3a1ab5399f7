"""The first page: what there is, within the reach of a role."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from groupware.core import db
from groupware.core.models import AccountKind
from groupware.panel.access import administrator_of


def overview(request: HttpRequest) -> HttpResponse:
    """Show how much there is of everything, with ways to it."""
    from groupware.panel.registry import site

    by = administrator_of(request)
    with db.read_snapshot():
        accounts = by.accounts().filter(kind__in=[AccountKind.PERSON, AccountKind.SHARED])
        counts = {
            "account_count": accounts.count(),
            "disabled_count": accounts.filter(is_active=False).count(),
            "plain_count": accounts.filter(
                kind=AccountKind.PERSON, second_factor=False, is_active=True
            ).count(),
            "group_count": by.groups().count(),
            "domain_count": by.domains().filter(alias_of=None).count(),
        }
    context = {**site.each_context(request), "title": _("Overview"), **counts}
    return render(request, "panel/overview.html", context)
