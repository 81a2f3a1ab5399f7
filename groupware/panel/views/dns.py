"""What the DNS says of a domain, asked now, beside what it should say."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from groupware.core import dns
from groupware.core.roles import Permission
from groupware.panel.access import administrator_of
from mail import records


def domain_dns(request: HttpRequest, object_id: int) -> HttpResponse:
    """Compare each record of a domain with what the DNS says."""
    from groupware.panel.registry import site

    by = administrator_of(request)
    domain = by.get_domain(object_id)
    by.require(Permission.MANAGE, domain.alias_of_id or domain.pk)
    wanted = records.list_wanted(domain.name)
    dns.forget_answers()
    checked = records.check_all(wanted)
    context = {
        **site.each_context(request),
        "title": _("The DNS of %(name)s") % {"name": domain.name},
        "name": domain.name,
        "url": reverse("admin:core_domain_change", args=[domain.pk]),
        "checked": checked,
        "wrong": sum(held.status != "ok" for held in checked),
    }
    return render(request, "panel/dns.html", context)
