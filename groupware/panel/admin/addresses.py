"""Aliases, lists and catch-alls: addresses beside those of accounts and groups."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator, addresses
from groupware.core.models import Address, AddressKind
from groupware.core.roles import Permission
from groupware.panel.acts import Act, Data
from groupware.panel.admin.base import DomainFilter, ServiceAdmin
from groupware.panel.admin.pages import Part
from groupware.panel.admin.policies import POLICY, policy_form, policy_part
from groupware.panel.fields import AddressesField
from groupware.panel.navigation import Text
from groupware.panel.templatetags.panel import badge
from groupware.panel.words import ADDRESS_KINDS

_SHOWN = 3
"""Targets of an address that the list names."""


class AddressForm(forms.Form):
    """Where an address leads."""

    targets = AddressesField(
        label=gettext_lazy("Leads to"),
        help_text=gettext_lazy(
            "One address a line: accounts and groups here, or addresses elsewhere. Several make a"
            " list."
        ),
    )


class NewAddressForm(AddressForm):
    """An address that is to be."""

    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Such as sales@example.org. @example.org takes all mail that has no address of its own."
        ),
    )
    field_order = ("address", "targets")


class AddressKindFilter(SimpleListFilter):
    """Addresses of one kind."""

    title = "kind"
    parameter_name = "kind"
    kinds = (AddressKind.ALIAS, AddressKind.LIST, AddressKind.CATCH_ALL)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """Return the kinds."""
        self.title = _("Kind")
        return [(kind.value, ADDRESS_KINDS[kind]) for kind in self.kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of it."""
        return queryset.filter(kind=self.value()) if self.value() in self.kinds else queryset


ACTS = (
    POLICY,
    Act(
        "delete",
        gettext_lazy("Delete the address"),
        lambda by, found, _data: addresses.delete(by, found),
        Permission.MANAGE,
        gettext_lazy(
            "Mail to it is refused from now on. Accounts and groups that it leads to stay."
        ),
        gettext_lazy("The address is deleted."),
        is_gone=True,
    ),
)


class AddressAdmin(ServiceAdmin):
    """Addresses that are no account's primary one."""

    slug = "addresses"
    title = gettext_lazy("Addresses")
    icon = "at"
    place = 40
    about = gettext_lazy("Aliases, lists and catch-alls: where mail goes beside the accounts.")
    add_label = gettext_lazy("New address")
    add_form = NewAddressForm
    form_title = gettext_lazy("Where it leads")
    change_form_class = AddressForm
    empty_text = gettext_lazy("Every account has its address already. Add an alias or a list here.")
    acts = ACTS
    bulk = ("delete",)

    list_display = ("address_shown", "kind_shown", "leads_to")
    list_filter = (DomainFilter, AddressKindFilter)
    search_fields = ("local_part", "domain__name")
    ordering = ("domain__name", "local_part")

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return the addresses that he sees, with where they lead."""
        found = by.addresses().exclude(kind=AddressKind.PRIMARY)
        return found.prefetch_related("targets__account", "targets__group")

    def find(self, by: Administrator, number: int) -> Any:
        """Return an address."""
        return by.get_address(number)

    @admin.display(description=gettext_lazy("Address"), ordering="local_part")
    def address_shown(self, found: Address) -> SafeString:
        """Show it."""
        return format_html("<b>{}</b>", found)

    @admin.display(description=gettext_lazy("Kind"), ordering="kind")
    def kind_shown(self, found: Address) -> Text:
        """Show what it is."""
        return ADDRESS_KINDS[found.kind]

    @admin.display(description=gettext_lazy("Leads to"))
    def leads_to(self, found: Address) -> str:
        """Show where mail goes."""
        held: Any = found
        targets = [
            each.forward_to or str(each.account or each.group) for each in held.targets.all()
        ]
        more = len(targets) - _SHOWN
        text = ", ".join(targets[:_SHOWN])
        return _("%(some)s and %(more)s more") % {"some": text, "more": more} if more > 0 else text

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Create an address."""
        return addresses.create(by, new["address"], new["targets"]), None

    def initial(self, found: Any) -> dict[str, Any]:
        """Return where it leads."""
        return {"targets": addresses.list_targets(found)}

    def change(self, by: Administrator, found: Any, new: Data) -> None:
        """Let it lead elsewhere."""
        addresses.set_targets(by, found, new["targets"])

    def make_act_form(self, act: Act, by: Administrator, found: Any, *args: Any) -> forms.Form:
        """Return the form of an act."""
        if act is POLICY:
            return policy_form(str(found), *args)
        return super().make_act_form(act, by, found, *args)

    def summary(self, by: Administrator, found: Any) -> Mapping[str, Any]:
        """Say what it is."""
        return {"badges": [badge(ADDRESS_KINDS[found.kind])]}

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return who writes to a list, and the end."""
        parts = [policy_part(str(found))] if POLICY.is_offered(by, found) else []
        end = Part(
            _("End of the address"), "panel/parts/nothing.html", acts=("delete",), is_dangerous=True
        )
        return [*parts, end]
