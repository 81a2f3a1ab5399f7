"""Forms about accounts, and filters of their list."""

from typing import Any

from django import forms
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.directory import MIN_PASSWORD
from groupware.core.errors import NotFound
from groupware.core.languages import localized
from groupware.core.livesessions import LiveSession, get_session
from groupware.core.models import AccountKind
from groupware.panel.fields import SizeField
from groupware.panel.navigation import Text
from groupware.panel.words import ACCOUNT_KINDS, RIGHT_WORDS

PEOPLE_KINDS = (AccountKind.PERSON.value, AccountKind.SHARED.value)

_ADDRESS = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class NewAccountForm(forms.Form):
    """A person, or a shared mailbox."""

    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.EmailInput(attrs=_ADDRESS),
        help_text=gettext_lazy("What people write to, and what the person signs in with."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[(kind, ACCOUNT_KINDS[kind]) for kind in PEOPLE_KINDS],
        help_text=gettext_lazy(
            "A person gets a strong password, shown once. Nobody signs in to a shared mailbox:"
            " grant it to those who read it."
        ),
    )
    quota = SizeField(
        label=gettext_lazy("Space"),
        help_text=gettext_lazy("Such as 10 GB; empty: as much as the installation gives."),
    )


class AccountForm(forms.Form):
    """What can be changed of an account."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=320,
        widget=forms.EmailInput(attrs=_ADDRESS),
        help_text=gettext_lazy("The old one stays as an alias. Sessions end with the change."),
    )
    quota = SizeField(
        label=gettext_lazy("Space"), help_text=gettext_lazy("Such as 10 GB; empty: unlimited.")
    )


class PasswordForm(forms.Form):
    """A password that is given, or one that is made."""

    password = forms.CharField(
        label=gettext_lazy("New password"),
        required=False,
        strip=False,
        min_length=MIN_PASSWORD,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Leave it empty: a strong one is made and shown once."),
    )


class StateFilter(SimpleListFilter):
    """Accounts in some state."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the states."""
        self.title = _("State")
        return [
            ("active", _("May sign in")),
            ("disabled", _("Disabled")),
            ("factor", _("With second factor")),
            ("plain", _("Without second factor")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return those in it."""
        wanted: dict[str, dict[str, object]] = {
            "active": {"is_active": True, "kind": AccountKind.PERSON},
            "disabled": {"is_active": False},
            "factor": {"second_factor": True},
            "plain": {"second_factor": False, "kind": AccountKind.PERSON},
        }
        return queryset.filter(**wanted.get(self.value() or "", {}))


class KindFilter(SimpleListFilter):
    """Accounts of one kind."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """Return the kinds of the list."""
        self.title = _("Kind")
        return [(kind, ACCOUNT_KINDS[kind]) for kind in model_admin.kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of it."""
        return queryset.filter(kind=self.value()) if self.value() in ACCOUNT_KINDS else queryset


class AppPasswordForm(forms.Form):
    """Which app password."""

    public_id = forms.CharField(max_length=16, widget=forms.HiddenInput)


class SessionForm(forms.Form):
    """Which session."""

    session = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.account_id = 0

    def clean_session(self) -> LiveSession:
        """Return the session; its processes are asked before anything is locked."""
        try:
            return get_session(self.account_id, self.cleaned_data["session"])
        except NotFound as error:
            raise forms.ValidationError(localized(error)) from error


class ShareForm(forms.Form):
    """What is to be shared with whom."""

    place = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    grantee = forms.CharField(
        label=gettext_lazy("With"),
        max_length=320,
        widget=forms.TextInput(attrs=_ADDRESS),
        help_text=gettext_lazy(
            "The address of an account or a group; @example.org is everybody of the domain."
        ),
    )
    rights = forms.ChoiceField(label=gettext_lazy("May"), choices=list(RIGHT_WORDS.items()))
