"""Who comes and who goes: invitations, departures, exports, by buttons of an account's page."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core import limits
from groupware.core.administration import Administrator, leaving
from groupware.core.errors import Invalid
from groupware.core.models import Account, AccountExport, AccountKind, Departure
from groupware.core.publicurl import secure_url
from groupware.core.roles import Permission
from groupware.panel.acts import Act, Data


class DepartureForm(forms.Form):
    """When somebody's account goes, and to whom what it has."""

    days = forms.IntegerField(
        label=gettext_lazy("Days until it is deleted"),
        min_value=0,
        max_value=limits.GRACE_DAYS.highest,
        initial=lambda: limits.GRACE_DAYS.value,
    )
    successor = forms.CharField(
        label=gettext_lazy("Successor"),
        required=False,
        max_length=320,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
        help_text=gettext_lazy(
            "The address of who sees everything from now on, and in the end gets a copy of it and the"
            " addresses. Nobody, if it is empty."
        ),
    )
    export = forms.BooleanField(
        label=gettext_lazy("Keep everything in a file before it is deleted"),
        required=False,
        initial=True,
    )


def departure_of(found: Account) -> Departure | None:
    """Return how an account leaves, where it does."""
    return Departure.objects.select_related("successor").filter(account=found).first()


def exports_of(found: Account) -> list[AccountExport]:
    """Return the exports of an account, the newest first."""
    return list(AccountExport.objects.filter(account=found).order_by("-pk"))


def _invite(by: Administrator, found: Account, _data: Data) -> dict[str, Any]:
    secret = leaving.invite(by, found)
    url = f"{secure_url()}/account/invitation/{secret}/"
    return {"login": found.login, "url": url, "days": limits.INVITATION_DAYS.value}


def _depart(by: Administrator, found: Account, data: Data) -> None:
    successor = by.find_named(data["successor"]) if data["successor"] else None
    if data["successor"] and not isinstance(successor, Account):
        raise Invalid(_("The successor is an account of this server."))
    leaving.depart(
        by,
        found,
        days=data["days"],
        wants_export=data["export"],
        successor=successor if isinstance(successor, Account) else None,
    )


def _is_other(by: Administrator, found: Account) -> bool:
    return found.pk != by.account_id


def _may_be_invited(by: Administrator, found: Account) -> bool:
    return found.kind == AccountKind.PERSON and found.is_active and _is_other(by, found)


def _may_depart(by: Administrator, found: Account) -> bool:
    return _is_other(by, found) and departure_of(found) is None


INVITE = Act(
    "invite",
    gettext_lazy("Invite by a link"),
    _invite,
    Permission.HELP,
    gettext_lazy(
        "The person chooses a password by a link that is good once, and signs in with it. An earlier"
        " link opens nothing any more."
    ),
    gettext_lazy("The link is made."),
    shown="panel/link_shown.html",
    is_offered=_may_be_invited,
    is_dangerous=True,
)
DEPART = Act(
    "depart",
    gettext_lazy("Let it leave"),
    _depart,
    Permission.MANAGE,
    gettext_lazy(
        "The account is disabled at once and deleted when the days are over; until then it can come"
        " back. Mail still arrives."
    ),
    gettext_lazy("The account is leaving."),
    form=DepartureForm,
    is_offered=_may_depart,
    is_dangerous=True,
)
STAY = Act(
    "stay",
    gettext_lazy("Let it stay"),
    lambda by, found, _data: leaving.stay(by, found),
    Permission.MANAGE,
    gettext_lazy("The person may sign in again, and the successor sees nothing more of it."),
    gettext_lazy("The account stays."),
    is_offered=lambda _by, found: departure_of(found) is not None,
)
EXPORT = Act(
    "export",
    gettext_lazy("Keep everything in a file"),
    lambda by, found, _data: leaving.ask_export(by, found),
    Permission.MANAGE,
    gettext_lazy(
        "Mail, calendars and contacts are written into one file, in the background. Whoever"
        " administers the domain can load it for some days."
    ),
    gettext_lazy("The file is being made: look here again in a while."),
    is_dangerous=True,
)
LEAVING = (INVITE, DEPART, STAY, EXPORT)
