"""Mailboxes elsewhere whose mail accounts get: when they were fetched, what went wrong, and a pause."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator
from groupware.core.errors import NotFound
from groupware.core.roles import Permission
from groupware.panel.acts import Act
from groupware.panel.admin.base import ServiceAdmin
from groupware.panel.admin.grants import OwnerDomainFilter
from groupware.panel.admin.pages import Part
from groupware.panel.navigation import MAIL, Text
from groupware.panel.templatetags.panel import badge, moment
from mail.models import OutsideAccount, OutsideState
from mail.services.outside import accounts

STATES: dict[str, Text] = {
    OutsideState.ACTIVE: gettext_lazy("is fetched"),
    OutsideState.PAUSED: gettext_lazy("paused"),
    OutsideState.STOPPED: gettext_lazy("stopped: its server refuses the password"),
}
_LEVELS = {OutsideState.PAUSED: "warn", OutsideState.STOPPED: "bad"}


def state_badge(held: OutsideAccount) -> SafeString:
    """Return in a word how it is."""
    if held.state == OutsideState.ACTIVE and held.failed_since:
        return badge(_("fails"), "bad")
    return badge(STATES[held.state], _LEVELS.get(OutsideState(held.state), "good"))


ACTS = (
    Act(
        "pause",
        gettext_lazy("Pause"),
        lambda _by, found, _data: accounts.pause_outside(found.account_id, found.name),
        Permission.MANAGE,
        gettext_lazy("Nothing is fetched until somebody resumes it; what was fetched stays."),
        gettext_lazy("It is paused."),
        is_offered=lambda _by, found: found.state == OutsideState.ACTIVE,
    ),
    Act(
        "resume",
        gettext_lazy("Fetch again"),
        lambda _by, found, _data: accounts.resume_outside(found.account_id, found.name),
        Permission.MANAGE,
        gettext_lazy("It is fetched at once, and then as often as before."),
        gettext_lazy("It is fetched again."),
        is_offered=lambda _by, found: found.state != OutsideState.ACTIVE,
    ),
    Act(
        "remove",
        gettext_lazy("Forget it"),
        lambda _by, found, _data: accounts.remove_outside(found.account_id, found.name),
        Permission.MANAGE,
        gettext_lazy("Its password is forgotten and nothing is fetched any more. The mail stays."),
        gettext_lazy("It is forgotten; the mail stays."),
        is_dangerous=True,
        is_gone=True,
    ),
)


class OutsideAdmin(ServiceAdmin):
    """Mailboxes elsewhere; their passwords are never shown."""

    slug = "outside"
    title = gettext_lazy("Outside mailboxes")
    icon = "outside"
    section = MAIL
    place = 80
    permission = Permission.MANAGE
    adds = None
    about = gettext_lazy("Mail of accounts elsewhere that people get here.")
    empty_text = gettext_lazy(
        "Nobody gets mail from elsewhere. `manage.py outside add` lets an account do so."
    )
    acts = ACTS

    list_display = ("whose", "name_shown", "server", "state_shown", "last")
    list_filter = (OwnerDomainFilter,)
    search_fields = ("account__login", "name", "host")
    ordering = ("account__login", "name")

    def rows(self, by: Administrator) -> QuerySet[Any]:
        """Return those of the accounts that he administers."""
        found = OutsideAccount.objects.select_related("account").defer("secret")
        ids = by.reach(Permission.MANAGE).domain_ids
        return found if ids is None else found.filter(account__domain__in=ids)

    def find(self, by: Administrator, number: int) -> Any:
        """Return one of them."""
        found = self.rows(by).filter(pk=number).first()
        if found is None:
            raise NotFound(_("There is no such outside mailbox."))
        return found

    def domain_id_of(self, found: Any) -> int | None:
        """Return the domain of whoever gets the mail."""
        key: int = found.account.domain_id
        return key

    def name_of(self, found: Any) -> str:
        """Return what it is called, and whose it is."""
        return f"{found.name} → {found.account.login}"

    @admin.display(description=gettext_lazy("Whose"), ordering="account__login")
    def whose(self, found: OutsideAccount) -> SafeString:
        """Show who gets the mail."""
        return format_html("<b>{}</b>", found.account.login)

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def name_shown(self, found: OutsideAccount) -> str:
        """Show what it is called."""
        return found.name

    @admin.display(description=gettext_lazy("Server"), ordering="host")
    def server(self, found: OutsideAccount) -> str:
        """Show where it is."""
        return f"{found.host}:{found.port} ({found.protocol.upper()})"

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_shown(self, found: OutsideAccount) -> SafeString:
        """Show how it is."""
        return state_badge(found)

    @admin.display(description=gettext_lazy("Last fetch"), ordering="last_at")
    def last(self, found: OutsideAccount) -> SafeString:
        """Show when it was fetched last."""
        return moment(found.last_at or None)

    def summary(self, by: Administrator, found: Any) -> Mapping[str, Any]:
        """Say how it is."""
        return {"badges": [state_badge(found)]}

    def parts(self, by: Administrator, found: Any) -> Sequence[Part]:
        """Return what is known of it, and the end."""
        shown = {"outside": accounts.describe_outside(found, found.account)}
        return [
            Part(_("Fetching"), "panel/parts/outside.html", shown, acts=("pause", "resume")),
            Part(_("End of it"), "panel/parts/nothing.html", acts=("remove",), is_dangerous=True),
        ]
