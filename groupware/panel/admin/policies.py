"""Who may write to a list, and who has a part in it: of groups, and of addresses that are lists."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groupware.core.administration import Administrator
from groupware.core.errors import Invalid
from groupware.core.models import Account, Address, AddressKind, Group
from groupware.core.roles import Permission
from groupware.panel.acts import Act, Data
from groupware.panel.admin.pages import Part
from groupware.panel.fields import AddressesField
from groupware.panel.navigation import Text
from mail.models import Posting
from mail.services.listpolicies import PolicyChange, describe_list, set_policy

WHO: dict[str, Text] = {
    Posting.ANYONE: gettext_lazy("anyone"),
    Posting.DOMAIN: gettext_lazy("people of its domain"),
    Posting.MEMBERS: gettext_lazy("its members"),
    Posting.MODERATORS: gettext_lazy("nobody but its moderators"),
}


def _people(label: Text, help_text: Text) -> AddressesField:
    return AddressesField(label=label, help_text=help_text, required=False)


class PolicyForm(forms.Form):
    """Who may write to a list."""

    post = forms.ChoiceField(label=gettext_lazy("Who may write to it"), choices=list(WHO.items()))
    owners = _people(gettext_lazy("In charge"), gettext_lazy("They get what comes back."))
    moderators = _people(gettext_lazy("Moderators"), gettext_lazy("They may always write to it."))
    senders = _people(
        gettext_lazy("Writing in its name"), gettext_lazy("They may use its address as sender.")
    )


def _set(by: Administrator, found: Group | Address, data: Data) -> object:
    by.require(Permission.MANAGE, found.domain_id)
    parts = {name: _accounts(by, data[name]) for name in ("owners", "moderators", "senders")}
    return set_policy(str(found), PolicyChange(data["post"], **parts))


def _accounts(by: Administrator, names: list[str]) -> list[str]:
    found = [by.find_named(name) for name in names]
    wrong = [name for name, held in zip(names, found, strict=True) if not isinstance(held, Account)]
    if wrong:
        raise Invalid(_("%(name)s is no account here.") % {"name": wrong[0]})
    return [str(held) for held in found]


def _is_list(_by: Administrator, found: Group | Address) -> bool:
    return isinstance(found, Group) or found.kind == AddressKind.LIST


POLICY = Act(
    "policy",
    gettext_lazy("Change who writes to it"),
    _set,
    Permission.MANAGE,
    gettext_lazy("Who may not write to it is told so when sending."),
    gettext_lazy("The policy is kept."),
    form=PolicyForm,
    is_offered=_is_list,
)


def policy_form(address: str, data: Any) -> PolicyForm:
    """Return the form with what is so now."""
    held = describe_list(address)
    return PolicyForm(
        data,
        initial={
            "post": held.post,
            "owners": held.owners,
            "moderators": held.moderators,
            "senders": held.senders,
        },
    )


def policy_part(address: str) -> Part:
    """Return the part of a page that says who writes."""
    held = describe_list(address)
    shown = {"policy": held, "who": WHO[held.post]}
    return Part(_("Writing to it"), "panel/parts/policy.html", shown, acts=(POLICY.slug,))
