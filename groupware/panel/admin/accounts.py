"""Accounts of people and shared mailboxes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core import auth, directory, throttle
from groupware.core.administration import Administrator, accounts
from groupware.core.directory import MIN_PASSWORD, NewAccount, listings
from groupware.core.errors import NotFound
from groupware.core.livesessions import list_sessions
from groupware.core.models import Account, AccountKind, Address
from groupware.core.roles import Permission, list_roles
from groupware.panel.acts import Act, Data
from groupware.panel.admin.base import DomainFilter, ServiceAdmin
from groupware.panel.admin.pages import Part
from groupware.panel.admin.shares import grants_given, grants_held
from groupware.panel.fields import SizeField, TypedField
from groupware.panel.navigation import Text
from groupware.panel.templatetags.panel import badge, meter
from groupware.panel.words import ACCOUNT_KINDS

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


def _set_password(by: Administrator, found: Account, data: Data) -> object:
    given = data["password"] or None
    made = accounts.set_password(by, found, given)
    return {"login": found.login, "password": made if given is None else ""}


def _revoke(by: Administrator, found: Account, data: Data) -> None:
    accounts.revoke_app_password(by, found, data["public_id"])


class AppPasswordForm(forms.Form):
    """Which app password."""

    public_id = forms.CharField(max_length=16, widget=forms.HiddenInput)


def _is_person(_by: Administrator, found: Account) -> bool:
    return found.kind == AccountKind.PERSON


def _is_other(by: Administrator, found: Account) -> bool:
    return found.pk != by.account_id


def _is_other_person(by: Administrator, found: Account) -> bool:
    return _is_person(by, found) and _is_other(by, found)


ENABLE = Act(
    "enable",
    gettext_lazy("Enable"),
    lambda by, found, _data: accounts.set_active(by, found, active=True),
    Permission.MANAGE,
    gettext_lazy("The person may sign in again, with the password of before."),
    gettext_lazy("The account is enabled."),
    is_offered=lambda _by, found: not found.is_active,
)
DISABLE = Act(
    "disable",
    gettext_lazy("Disable"),
    lambda by, found, _data: accounts.set_active(by, found, active=False),
    Permission.MANAGE,
    gettext_lazy(
        "Nobody signs in any more and every session ends, on every device. Mail still arrives, and"
        " nothing is lost."
    ),
    gettext_lazy("The account is disabled; its sessions are over."),
    is_offered=lambda by, found: found.is_active and _is_other(by, found),
    is_dangerous=True,
)
DELETE = Act(
    "delete",
    gettext_lazy("Delete for good"),
    lambda by, found, _data: accounts.delete(by, found),
    Permission.MANAGE,
    gettext_lazy(
        "Mail, calendars, contacts and addresses of the account are deleted, at once and for good."
        " Disable it instead where you are not sure."
    ),
    gettext_lazy("The account is deleted."),
    is_offered=_is_other,
    is_dangerous=True,
    is_gone=True,
)
ACTS = (
    Act(
        "password",
        gettext_lazy("Set a new password"),
        _set_password,
        Permission.HELP,
        gettext_lazy("The old password opens nothing any more, and every session ends."),
        gettext_lazy("The password is set."),
        form=PasswordForm,
        shown="panel/password_shown.html",
        is_offered=_is_other_person,
        is_dangerous=True,
    ),
    Act(
        "second-factor",
        gettext_lazy("Take the second factor away"),
        lambda by, found, _data: accounts.reset_second_factor(by, found),
        Permission.HELP,
        gettext_lazy(
            "For somebody who lost the telephone: the password alone opens the account until a new"
            " second factor is set up. Be sure that you speak with the person."
        ),
        gettext_lazy("The second factor is gone; every session is over."),
        is_offered=lambda by, found: found.second_factor and _is_other_person(by, found),
        is_dangerous=True,
    ),
    Act(
        "end-sessions",
        gettext_lazy("Sign out everywhere"),
        lambda by, found, _data: accounts.end_sessions(by, found),
        Permission.HELP,
        gettext_lazy(
            "Every session ends, of every program and browser. Programs that know a password come"
            " back by themselves: set another one, or revoke the app password, to keep them out."
        ),
        gettext_lazy("Every session is over."),
        is_offered=_is_person,
    ),
    Act(
        "unlock",
        gettext_lazy("Forget failed logins"),
        lambda by, found, _data: accounts.unlock(by, found),
        Permission.HELP,
        gettext_lazy("Whoever failed to sign in too often may try again at once."),
        gettext_lazy("Nobody has to wait any more."),
        is_offered=_is_person,
    ),
    Act(
        "revoke-app-password",
        gettext_lazy("Revoke an app password"),
        _revoke,
        Permission.HELP,
        gettext_lazy("The device or program that uses it is out at once; others stay in."),
        gettext_lazy("The app password opens nothing any more."),
        form=AppPasswordForm,
        is_offered=_is_person,
    ),
    ENABLE,
    DISABLE,
    DELETE,
)


class AccountAdmin(ServiceAdmin):
    """People and shared mailboxes."""

    slug = "accounts"
    title = gettext_lazy("Accounts")
    icon = "person"
    add_label = gettext_lazy("New account")
    add_form = NewAccountForm
    add_about = gettext_lazy(
        "The account is there at once with its mailboxes, a calendar and an address book."
    )
    empty_text = gettext_lazy("Nobody is here yet: create the first account.")
    created_template = "panel/password_shown.html"
    form_title = gettext_lazy("Name, address, space")
    change_form_class = AccountForm
    acts = ACTS
    kinds: ClassVar[tuple[str, ...]] = PEOPLE_KINDS

    list_display = ("who", "kind_shown", "space", "state_shown", "since")
    list_filter = (DomainFilter, KindFilter, StateFilter)
    search_fields = ("login", "name")
    ordering = ("login",)
    actions = ("disable_chosen", "enable_chosen", "end_sessions_chosen")

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return the accounts of the list with what they use."""
        columns = ("login", "name", "kind", "is_active", "is_superuser", "second_factor")
        more = ("created_at", "domain_id", "state__bytes_used", "state__quota_bytes")
        found = by.accounts().filter(kind__in=self.kinds).select_related("state")
        return found.only(*columns, *more, "state__account_id")

    def find(self, by: Administrator, number: int) -> Any:
        """Return an account of the list's kinds."""
        return directory_row(by.get_account(number), self.kinds)

    @admin.display(description=gettext_lazy("Account"), ordering="login")
    def who(self, found: Account) -> SafeString:
        """Show name and address."""
        return format_html(
            '<span class="who"><b>{}</b><span>{}</span></span>',
            found.name or found.login,
            found.login,
        )

    @admin.display(description=gettext_lazy("Kind"), ordering="kind")
    def kind_shown(self, found: Account) -> Text:
        """Show what it is."""
        return ACCOUNT_KINDS[found.kind]

    @admin.display(description=gettext_lazy("Space"), ordering="state__bytes_used")
    def space(self, found: Account) -> SafeString:
        """Show what is used."""
        return meter(found.state.bytes_used, found.state.quota_bytes)

    @admin.display(description=gettext_lazy("State"))
    def state_shown(self, found: Account) -> SafeString:
        """Show what is particular about it."""
        return format_html_join(" ", "{}", [(held,) for held in badges(found)])

    @admin.display(description=gettext_lazy("Since"), ordering="created_at")
    def since(self, found: Account) -> Any:
        """Show since when it is there."""
        return found.created_at.date()

    @admin.action(description=gettext_lazy("Disable"), permissions=["change"])
    def disable_chosen(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        """Disable accounts."""
        self.in_bulk(
            request, chosen, lambda by, found: accounts.set_active(by, found, active=False)
        )

    @admin.action(description=gettext_lazy("Enable"), permissions=["change"])
    def enable_chosen(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        """Enable accounts."""
        self.in_bulk(request, chosen, lambda by, found: accounts.set_active(by, found, active=True))

    @admin.action(description=gettext_lazy("Sign out everywhere"))
    def end_sessions_chosen(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        """End the sessions of accounts."""
        self.in_bulk(request, chosen, accounts.end_sessions)

    def create(self, by: Administrator, new: Data) -> tuple[Any, Any]:
        """Create an account; a person gets a password, which is shown once."""
        is_person = new["kind"] == AccountKind.PERSON
        password = directory.generate_password() if is_person else None
        made = accounts.create(
            by,
            NewAccount(
                new["address"],
                name=new["name"],
                kind=new["kind"],
                quota_bytes=new.get("quota") or None,
                password=password,
            ),
        )
        return made, {"login": made.login, "password": password} if is_person else None

    def initial(self, found: Any) -> dict[str, Any]:
        """Return what can be changed."""
        quota = found.state.quota_bytes
        return {"name": found.name, "address": found.login, "quota": quota}

    def change(self, by: Administrator, found: Any, new: Data) -> None:
        """Change name, address and quota."""
        if "quota" in new:
            accounts.set_quota(by, found, new["quota"])
        if "name" in new or "address" in new:
            accounts.rename(by, found, new.get("address", found.login), new.get("name"))

    def name_of(self, found: Any) -> str:
        """Return its name, or its address."""
        name: str = found.name or found.login
        return name

    def summary(self, by: Administrator, found: Any) -> Mapping[str, Any]:
        """Return its address and its state."""
        return {
            "subtitle": found.login,
            "badges": [badge(ACCOUNT_KINDS[found.kind]), *badges(found)],
        }

    def make_act_form(self, act: Act, by: Administrator, found: Any, *args: Any) -> forms.Form:
        """Return the form of an act; who deletes types the address."""
        form = super().make_act_form(act, by, found, *args)
        if act is DELETE:
            label = _("Type %(login)s to confirm") % {"login": found.login}
            form.fields["typed"] = TypedField(found.login, label)
        return form

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return space, sign-in, devices, addresses, shares and roles."""
        space = {"used": found.state.bytes_used, "quota": found.state.quota_bytes}
        space |= {"collections": listings.list_collections(found), "items": found.state.items_used}
        parts = [Part(_("Space"), "panel/parts/space.html", space)]
        if found.kind == AccountKind.PERSON:
            parts += self._signing_in(found)
        return [
            *parts,
            Part(_("Addresses and groups"), "panel/parts/addresses.html", _reached(found)),
            Part(
                _("Shares"),
                "panel/parts/grants.html",
                {"given": grants_given(found), "held": grants_held(by, found)},
            ),
            Part(
                _("End of the account"),
                "panel/parts/end.html",
                acts=(ENABLE.slug, DISABLE.slug, DELETE.slug),
                is_dangerous=True,
            ),
        ]

    def _signing_in(self, found: Account) -> list[Part]:
        failed = throttle.list_failed(found.login)
        state = {"roles": list_roles(found.pk), "failed": failed}
        passwords = auth.list_app_passwords(found.pk)
        revoke = f"{self.page_url(found)}revoke-app-password/"
        return [
            Part(
                _("Signing in"),
                "panel/parts/signing_in.html",
                state,
                acts=("password", "second-factor", *(("unlock",) if failed else ())),
            ),
            Part(
                _("Open sessions"),
                "panel/parts/sessions.html",
                {"sessions": list_sessions(found.pk)},
                acts=("end-sessions",),
            ),
            Part(
                _("App passwords"),
                "panel/parts/app_passwords.html",
                {"passwords": passwords, "revoke_url": revoke},
            ),
        ]


def badges(found: Account) -> list[SafeString]:
    """Return words about the state of an account."""
    held = []
    if not found.is_active:
        held.append(badge(_("disabled"), "bad"))
    if found.is_superuser:
        held.append(badge(_("administrator"), "info"))
    if found.second_factor:
        held.append(badge(_("second factor"), "good"))
    return held


def directory_row(found: Account, kinds: Sequence[str]) -> Account:
    """Return an account with its counters, of one of some kinds; raises `NotFound`."""
    if found.kind not in kinds:
        raise NotFound(_("There is no such account here."))
    return Account.objects.select_related("state").get(pk=found.pk)


def _reached(found: Account) -> dict[str, Any]:
    leads = Address.objects.filter(targets__account=found).select_related("domain")
    return {
        "addresses": leads.order_by("domain__name", "local_part").distinct(),
        "groups": listings.list_groups_of(found),
    }
