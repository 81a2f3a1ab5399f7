"""Rooms and equipment: accounts that nobody signs in to, whose calendars are booked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator, accounts
from groupware.core.directory import NewAccount
from groupware.core.models import AccountKind
from groupware.panel.acts import Data
from groupware.panel.admin.account_acts import DELETE, SHARE
from groupware.panel.admin.account_forms import KindFilter
from groupware.panel.admin.accounts import AccountAdmin
from groupware.panel.admin.base import DomainFilter
from groupware.panel.words import ACCOUNT_KINDS

KINDS = (AccountKind.ROOM.value, AccountKind.EQUIPMENT.value)


class NewRoomForm(forms.Form):
    """A room or a piece of equipment."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("By it people invite the room to their meetings."),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=[(kind, ACCOUNT_KINDS[kind]) for kind in KINDS]
    )


class RoomForm(forms.Form):
    """What can be changed of a room."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("The old one stays as an alias."),
    )


class RoomAdmin(AccountAdmin):
    """Rooms and equipment."""

    slug = "rooms"
    stem = "core_room"
    title = gettext_lazy("Rooms and equipment")
    icon = "room"
    place = 50
    export_url = ""
    kinds = KINDS
    add_label = gettext_lazy("New room")
    add_form = NewRoomForm
    add_about = gettext_lazy(
        "It has a calendar that is invited to meetings. Share the calendar with those who look after it."
    )
    created_template = ""
    form_title = gettext_lazy("Name and address")
    change_form_class = RoomForm
    empty_text = gettext_lazy("Meeting rooms, cars, projectors: what people book is created here.")
    acts = (SHARE, DELETE)

    list_display = ("who", "kind_shown", "since")
    list_filter = (DomainFilter, KindFilter)
    bulk = ("delete",)

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Create a room."""
        made = NewAccount(new["address"], name=new["name"], kind=new["kind"])
        return accounts.create(by, made), None

    def initial(self, found: Any) -> dict[str, Any]:
        """Return what can be changed."""
        return {"name": found.name, "address": found.login}
