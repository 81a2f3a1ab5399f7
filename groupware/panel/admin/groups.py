"""Groups: who is in them, and who writes to them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator, groups
from groupware.core.models import Group
from groupware.core.roles import Permission
from groupware.panel.acts import Act, Data
from groupware.panel.admin.base import DomainFilter, ServiceAdmin
from groupware.panel.admin.pages import Part
from groupware.panel.admin.policies import POLICY, policy_form, policy_part
from groupware.panel.fields import AddressesField


class GroupForm(forms.Form):
    """What can be changed of a group."""

    description = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=200, required=False
    )
    members = AddressesField(
        label=gettext_lazy("Members"),
        required=False,
        help_text=gettext_lazy("One address a line: accounts and groups of this server."),
    )


class NewGroupForm(GroupForm):
    """A group that is to be."""

    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("Mail to it goes to every member; shares to it are every member's."),
    )
    field_order = ("address", "description", "members")


DELETE = Act(
    "delete",
    gettext_lazy("Delete the group"),
    lambda by, found, _data: groups.delete(by, found),
    Permission.MANAGE,
    gettext_lazy("The group, its address and what is shared with it are gone; its members stay."),
    gettext_lazy("The group is deleted."),
    is_gone=True,
    is_dangerous=True,
)


class GroupAdmin(ServiceAdmin):
    """Groups, each of which is a list as well."""

    slug = "groups"
    title = gettext_lazy("Groups and lists")
    icon = "people"
    place = 30
    add_label = gettext_lazy("New group")
    add_form = NewGroupForm
    form_title = gettext_lazy("Members")
    change_form_class = GroupForm
    empty_text = gettext_lazy(
        "A group is written to by one address, and things are shared with all of it at once."
    )
    acts = (POLICY, DELETE)
    bulk = ("delete",)

    list_display = ("name_shown", "member_count")
    list_filter = (DomainFilter,)
    search_fields = ("name", "description")
    ordering = ("name",)

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return the groups that he sees, with how many are in each."""
        return by.groups().annotate(held=Count("members"))

    def find(self, by: Administrator, number: int) -> Any:
        """Return a group."""
        return by.get_group(number)

    @admin.display(description=gettext_lazy("Group"), ordering="name")
    def name_shown(self, found: Group) -> SafeString:
        """Show name and purpose."""
        return format_html(
            '<span class="who"><b>{}</b><span>{}</span></span>', found.name, found.description
        )

    @admin.display(description=gettext_lazy("Members"), ordering="held")
    def member_count(self, found: Any) -> object:
        """Show how many are in it."""
        return found.held

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Create a group."""
        return groups.create(by, new["address"], new["description"], new["members"]), None

    def initial(self, found: Any) -> dict[str, Any]:
        """Return what can be changed."""
        return {"description": found.description, "members": groups.list_members(found)}

    def change(self, by: Administrator, found: Any, new: Data) -> None:
        """Change what it is for, and who is in it."""
        if "description" in new:
            groups.describe(by, found, new["description"])
        if "members" in new:
            groups.set_members(by, found, new["members"])

    def make_act_form(self, act: Act, by: Administrator, found: Any, *args: Any) -> forms.Form:
        """Return the form of an act."""
        if act is POLICY:
            return policy_form(found.name, *args)
        return super().make_act_form(act, by, found, *args)

    def summary(self, by: Administrator, found: Any) -> Mapping[str, Any]:
        """Say what it is for."""
        return {"subtitle": found.description}

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return who writes to it, and the end; the members too where they cannot be changed."""
        parts = [policy_part(found.name)]
        if not by.may_in(Permission.MANAGE, found.domain_id):
            members = {"lines": groups.list_members(found)}
            parts.insert(0, Part(_("Members"), "panel/parts/lines.html", members))
        end = Part(
            _("End of the group"), "panel/parts/nothing.html", acts=("delete",), is_dangerous=True
        )
        return [*parts, end]
