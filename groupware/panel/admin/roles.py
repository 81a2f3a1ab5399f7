"""Roles: who administers what."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator, holders
from groupware.core.errors import Invalid
from groupware.core.models import Account, AdminRole
from groupware.core.roles import Permission
from groupware.panel.acts import Act, Data
from groupware.panel.admin.base import ServiceAdmin
from groupware.panel.admin.pages import Part
from groupware.panel.navigation import SERVER, Text
from groupware.panel.templatetags.panel import day
from groupware.panel.words import ROLES


class RoleForm(forms.Form):
    """A role that is to be."""

    address = forms.CharField(
        label=gettext_lazy("Who"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("The address of the account."),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=list(ROLES.items())[::-1],
        help_text=gettext_lazy(
            "The help desk sets passwords and ends sessions. A domain administrator manages all of a"
            " domain, a global administrator everything."
        ),
    )
    domain = forms.ChoiceField(label=gettext_lazy("Of"), required=False)


class RoleAdmin(ServiceAdmin):
    """Who administers what."""

    slug = "roles"
    title = gettext_lazy("Roles")
    icon = "key"
    section = SERVER
    place = 70
    add_label = gettext_lazy("Give a role")
    add_form = RoleForm
    add_is_dangerous = True
    about = gettext_lazy("Who administers what. Nobody gives a role beyond his own.")
    empty_text = gettext_lazy("Nobody else administers: give somebody a role before your holidays.")
    acts = (
        Act(
            "revoke",
            gettext_lazy("Take the role away"),
            lambda by, found, _data: holders.revoke(by, found),
            Permission.MANAGE,
            gettext_lazy("At the next click the person administers this no more."),
            gettext_lazy("The role is taken away."),
            is_dangerous=True,
            is_gone=True,
        ),
    )

    list_display = ("who", "role_shown", "where", "since")
    search_fields = ("account__login", "account__name")
    ordering = ("account__login", "id")

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return the roles that he sees."""
        return holders.visible(by)

    def find(self, by: Administrator, number: int) -> Any:
        """Return a role."""
        return holders.get(by, number)

    def name_of(self, found: Any) -> str:
        """Say who has it."""
        return f"{ROLES[found.role]} · {found.account.login}"

    @admin.display(description=gettext_lazy("Who"), ordering="account__login")
    def who(self, found: AdminRole) -> SafeString:
        """Show who has it."""
        account = found.account
        name = account.name or account.login
        return format_html('<span class="who"><b>{}</b><span>{}</span></span>', name, account.login)

    @admin.display(description=gettext_lazy("Role"), ordering="role")
    def role_shown(self, found: AdminRole) -> Text:
        """Show which it is."""
        return ROLES[found.role]

    @admin.display(description=gettext_lazy("Of"), ordering="domain__name")
    def where(self, found: AdminRole) -> str:
        """Show of which domain."""
        return found.domain.name if found.domain else _("all domains")

    @admin.display(description=gettext_lazy("Since"), ordering="created_at")
    def since(self, found: AdminRole) -> Any:
        """Show since when."""
        return day(found.created_at)

    def make_add_form(self, by: Administrator, *args: Any, **kwargs: Any) -> forms.Form:
        """Offer the domains that he sees."""
        form = super().make_add_form(by, *args, **kwargs)
        own = by.domains().filter(alias_of=None).order_by("name").values_list("pk", "name")
        field: Any = form.fields["domain"]
        field.choices = [("", _("all domains")), *own]
        return form

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Give a role."""
        account = by.find_named(new["address"])
        if not isinstance(account, Account):
            raise Invalid(_("%(name)s is no account here.") % {"name": new["address"]})
        domain_id = int(new["domain"]) if new["domain"] else None
        return holders.grant(by, account, new["role"], domain_id), None

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return what it is, and the end."""
        shown = {"role": found}
        return [Part(_("The role"), "panel/parts/role.html", shown, acts=("revoke",))]
