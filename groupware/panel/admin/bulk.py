"""What is done to many objects of a list at once: a page that names them and asks, then each by itself.

The list leads here with what was chosen in the URL, so that whoever has to sign in anew comes back to it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groupware.core.administration import Administrator
from groupware.core.errors import GroupwareError, NotFound
from groupware.core.languages import localized
from groupware.panel.access import administer_as, administrator_of, is_fresh, to_sign_in
from groupware.panel.acts import Act
from groupware.panel.admin.pages import ObjectPages
from groupware.panel.fields import TypedField

CHOSEN = "_selected_action"
"""What Django's lists call the boxes of their rows."""
MOST_AT_ONCE = 100
"""Objects that something is done to at once; a page of a list has fewer."""
MOST_NAMED = 20
"""Of those, how many the page that asks names."""


class BulkPages(ObjectPages):
    """Acts of an object, done to many; `bulk` are their slugs, and none of them has a form of its own."""

    bulk: ClassVar[Sequence[str]] = ()

    def bulk_acts(self) -> list[Act]:
        """Return the acts in the order of the list's menu."""
        by_slug = {act.slug: act for act in self.acts}
        return [by_slug[slug] for slug in self.bulk]

    def bulk_urls(self) -> list[URLPattern]:
        """Return a page for each act."""
        view = self.admin_site.admin_view
        return [
            path(
                f"bulk-{act.slug}/",
                view(self.bulk_view),
                {"slug": act.slug},
                name=f"{self.stem}_bulk-{act.slug}",
            )
            for act in self.bulk_acts()
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the list's menu offers: each leads to its page."""
        by = administrator_of(request)
        return {
            act.slug: (partial(_lead, act), act.slug, act.label)
            for act in self.bulk_acts()
            if by.may(act.permission)
        }

    def bulk_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Name what was chosen, ask, and do it to each."""
        act = next(held for held in self.bulk_acts() if held.slug == slug)
        by = administrator_of(request)
        by.reach(act.permission)
        chosen = self._chosen(request, by)
        if act.is_dangerous and not is_fresh(request):
            query = urlencode({CHOSEN: [found.pk for found in chosen]}, doseq=True)
            return to_sign_in(request, f"{request.path}?{query}")
        form = _BulkForm(act, len(chosen), request.POST if request.method == "POST" else None)
        if request.method == "POST" and chosen and form.is_valid():
            self._do_to_each(request, act, chosen)
            return HttpResponseRedirect(self.list_url())
        context = {
            "act": act,
            "title": act.label,
            "form": form,
            "count": len(chosen),
            "named": [(self.name_of(found), found) for found in chosen[:MOST_NAMED]],
            "more": max(0, len(chosen) - MOST_NAMED),
            "chosen": chosen,
            "chosen_name": CHOSEN,
        }
        status = 422 if request.method == "POST" else 200
        return self._render(request, "panel/bulk.html", context, status)

    def _chosen(self, request: HttpRequest, by: Administrator) -> list[Any]:
        """Return what was chosen of what he sees."""
        asked = request.POST if request.method == "POST" else request.GET
        keys = [int(key) for key in asked.getlist(CHOSEN) if key.isdecimal() and len(key) < 19]
        rows = self.rows(by).filter(pk__in=keys[:MOST_AT_ONCE])
        return list(rows.order_by("pk"))

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return what an administrator sees."""
        raise NotImplementedError

    def _do_to_each(self, request: HttpRequest, act: Act, chosen: Sequence[Any]) -> None:
        """Do it to each in its own transaction, with an entry of the audit log; tell how it went."""
        done = 0
        for found in chosen:
            try:
                administer_as(request, partial(self._do_to_one, act, found.pk))
            except GroupwareError as error:
                messages.error(request, f"{self.name_of(found)}: {localized(error)}")
            else:
                done += 1
        if done:
            text = ngettext("%(count)s changed.", "%(count)s changed.", done)
            messages.success(request, text % {"count": done})

    def _do_to_one(self, act: Act, key: int, by: Administrator) -> None:
        found = self.find(by, key)
        if not act.is_offered(by, found):
            raise NotFound(_("This cannot be done to it now."))
        act.run(by, found, {})


def _lead(act: Act, admin: BulkPages, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse:
    """Lead from the list to the page that asks."""
    keys = list(chosen.order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(keys) > MOST_AT_ONCE:
        text = _("That is more than %(count)s at once: choose fewer.")
        messages.error(request, text % {"count": MOST_AT_ONCE})
        return HttpResponseRedirect(admin.list_url())
    url = reverse(f"admin:{admin.stem}_bulk-{act.slug}")
    return HttpResponseRedirect(f"{url}?{urlencode({CHOSEN: keys}, doseq=True)}")


class _BulkForm(forms.Form):
    """Whoever does what cannot be undone types how many it is done to."""

    def __init__(self, act: Act, count: int, *args: Any) -> None:
        super().__init__(*args)
        if act.is_gone:
            label = _("Type %(count)s, which is how many there are, to confirm") % {"count": count}
            self.fields["typed"] = TypedField(str(count), label)
