"""Grants: who may do what with what others own, all that an administrator sees."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator, grants
from groupware.core.models import Grant
from groupware.core.roles import Permission
from groupware.panel.access import administrator_of
from groupware.panel.acts import Act
from groupware.panel.admin.base import ServiceAdmin, is_key
from groupware.panel.admin.pages import Part
from groupware.panel.admin.shares import tell
from groupware.panel.templatetags.panel import day, place_name, rights_name


class OwnerDomainFilter(SimpleListFilter):
    """Grants on what the accounts of a domain own."""

    title = "domain"
    parameter_name = "domain"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the domains."""
        self.title = _("Domain")
        own = administrator_of(request).domains().filter(alias_of=None).order_by("name")
        return [(str(key), name) for key, name in own.values_list("pk", "name")[:1000]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what is of it."""
        wanted = self.value() or ""
        return queryset.filter(account__domain=int(wanted)) if is_key(wanted) else queryset


class GrantAdmin(ServiceAdmin):
    """Who shares what with whom."""

    slug = "shares"
    title = gettext_lazy("Shares")
    icon = "share"
    place = 60
    adds = None
    about = gettext_lazy("Who shares what with whom. To share more, open the account that owns it.")
    empty_text = gettext_lazy(
        "Nothing is shared yet. Open an account and choose “Share something”, or let people share"
        " by themselves."
    )
    acts = (
        Act(
            "revoke",
            gettext_lazy("Take it away"),
            lambda by, found, _data: grants.revoke(by, found),
            Permission.MANAGE,
            gettext_lazy("From the next click on nobody reaches it by this share any more."),
            gettext_lazy("The share is over."),
            is_gone=True,
        ),
    )

    bulk = ("revoke",)
    list_display = ("owner", "place_shown", "grantee", "rights_shown", "since")
    list_filter = (OwnerDomainFilter,)
    search_fields = ("account__login", "grantee_account__login", "grantee_group__name")
    ordering = ("account__login", "id")

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return the grants on what accounts that he sees own."""
        return grants.visible(by)

    def find(self, by: Administrator, number: int) -> Any:
        """Return a grant."""
        return grants.get(by, number)

    def domain_id_of(self, found: Any) -> int | None:
        """Return the owner's domain."""
        key: int = found.account.domain_id
        return key

    def name_of(self, found: Any) -> str:
        """Say what is shared with whom."""
        held = tell(found)
        place = {"place": place_name(held.place), "grantee": held.grantee}
        return _("%(place)s, with %(grantee)s") % place

    @admin.display(description=gettext_lazy("Whose"), ordering="account__login")
    def owner(self, found: Grant) -> SafeString:
        """Show whose it is."""
        return format_html("<b>{}</b>", found.account.login)

    @admin.display(description=gettext_lazy("What"))
    def place_shown(self, found: Grant) -> Any:
        """Show what is shared."""
        return place_name(tell(found).place)

    @admin.display(description=gettext_lazy("With"))
    def grantee(self, found: Grant) -> str:
        """Show with whom."""
        return tell(found).grantee

    @admin.display(description=gettext_lazy("May"))
    def rights_shown(self, found: Grant) -> Any:
        """Show what they may."""
        return rights_name(tell(found).rights)

    @admin.display(description=gettext_lazy("Since"), ordering="created_at")
    def since(self, found: Grant) -> Any:
        """Show since when."""
        return day(found.created_at)

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return what it is, and the end."""
        shown = {"grant": tell(found), "since": found.created_at, "owner_id": found.account_id}
        return [Part(_("The share"), "panel/parts/grant.html", shown, acts=("revoke",))]
