"""Accounts of people and shared mailboxes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core import auth, devices, directory, throttle
from groupware.core.administration import Administrator, accounts
from groupware.core.directory import NewAccount, listings
from groupware.core.errors import NotFound
from groupware.core.livesessions import list_sessions
from groupware.core.models import Account, AccountKind, Address
from groupware.core.roles import Permission, list_roles
from groupware.panel.acts import Act, Data
from groupware.panel.admin.account_acts import (
    ACTS,
    DELETE,
    DISABLE,
    ENABLE,
    END_SESSION,
    SHARE,
)
from groupware.panel.admin.account_forms import (
    PEOPLE_KINDS,
    AccountForm,
    KindFilter,
    NewAccountForm,
    SessionForm,
    StateFilter,
)
from groupware.panel.admin.base import DomainFilter, ServiceAdmin
from groupware.panel.admin.leaving_acts import departure_of, exports_of
from groupware.panel.admin.pages import Part
from groupware.panel.admin.shares import grants_given, grants_held
from groupware.panel.fields import TypedField
from groupware.panel.navigation import Text
from groupware.panel.templatetags.panel import badge, day, meter, place_name
from groupware.panel.words import ACCOUNT_KINDS


class AccountAdmin(ServiceAdmin):
    """People and shared mailboxes."""

    slug = "accounts"
    title = gettext_lazy("Accounts")
    icon = "person"
    place = 20
    add_label = gettext_lazy("New account")
    add_form: ClassVar[type[forms.Form]] = NewAccountForm
    add_about = gettext_lazy(
        "The account is there at once with its mailboxes, a calendar and an address book."
    )
    empty_text = gettext_lazy("Nobody is here yet: create the first account.")
    created_template = "panel/password_shown.html"
    export_url: ClassVar[str] = "admin:accounts-csv"
    form_title = gettext_lazy("Name, address, space")
    change_form_class: ClassVar[type[forms.Form] | None] = AccountForm
    acts: ClassVar[Sequence[Act]] = ACTS
    kinds: ClassVar[tuple[str, ...]] = PEOPLE_KINDS

    list_display: Any = ("who", "kind_shown", "space", "state_shown", "since")
    list_filter: ClassVar[Any] = (DomainFilter, KindFilter, StateFilter)
    search_fields = ("login", "name")
    ordering = ("login",)
    bulk: ClassVar[Sequence[str]] = ("disable", "enable", "end-sessions", "delete")

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
        return day(found.created_at)

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
        if act is END_SESSION:
            assert isinstance(form, SessionForm)
            form.account_id = found.pk
        if act is SHARE:
            held = listings.list_places(found)
            choices = [(key, place_name(f"{kind}/{name}")) for key, kind, name in held]
            place: Any = form.fields["place"]
            place.choices = [("", _("everything")), *choices]
        return form

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return space, sign-in, devices, addresses, shares and roles."""
        space = {"used": found.state.bytes_used, "quota": found.state.quota_bytes}
        space |= {"collections": listings.list_collections(found), "items": found.state.items_used}
        parts = [Part(_("Space"), "panel/parts/space.html", space)]
        if found.kind == AccountKind.PERSON:
            parts += self._signing_in(by, found)
        return [
            *parts,
            Part(_("Addresses and groups"), "panel/parts/addresses.html", _reached(by, found)),
            Part(
                _("Shares"),
                "panel/parts/grants.html",
                {"given": grants_given(found), "held": grants_held(by, found)},
                acts=(SHARE.slug,),
            ),
            Part(
                _("End of the account"),
                "panel/parts/end.html",
                {"departure": departure_of(found), "exports": exports_of(found)},
                acts=("export", "depart", "stay", ENABLE.slug, DISABLE.slug, DELETE.slug),
                is_dangerous=True,
            ),
        ]

    def _signing_in(self, by: Administrator, found: Account) -> list[Part]:
        failed = throttle.list_failed(found.login)
        last = devices.last_logins([found.pk]).get(found.pk, {})
        state = {
            "roles": list_roles(found.pk),
            "failed": failed,
            "last_logins": sorted(last.items()),
        }
        may_end = by.may_in(END_SESSION.permission, found.domain_id)
        ends = {"may_end": may_end, "end_url": f"{self.page_url(found)}{END_SESSION.slug}/"}
        passwords = auth.list_app_passwords(found.pk)
        revoke = f"{self.page_url(found)}revoke-app-password/"
        return [
            Part(
                _("Signing in"),
                "panel/parts/signing_in.html",
                state,
                acts=("invite", "password", "second-factor", *(("unlock",) if failed else ())),
            ),
            Part(
                _("Devices"),
                "panel/parts/devices.html",
                {"devices": devices.list_devices(found.pk)},
            ),
            Part(
                _("Open sessions"),
                "panel/parts/sessions.html",
                {"sessions": list_sessions(found.pk), **ends},
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


def _reached(by: Administrator, found: Account) -> dict[str, Any]:
    leads = Address.objects.filter(targets__account=found).select_related("domain")
    url = f"{reverse('admin:core_address_add')}?{urlencode({'targets': found.login})}"
    return {
        "alias_url": url if by.may_in(Permission.MANAGE, found.domain_id) else "",
        "addresses": leads.order_by("domain__name", "local_part").distinct(),
        "groups": listings.list_groups_of(found),
    }
