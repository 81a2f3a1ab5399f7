"""What the pages of retention read from their forms, and say of rules, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groupware.core.administration import Administrator
from groupware.core.clock import epoch, monotonic
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Collection, Domain
from groupware.core.roles import Permission
from groupware.panel.acts import Data
from groupware.panel.navigation import Text
from mail import queries
from mail.models import RetentionAction, RetentionAge
from mail.retention import USES, Expected, Rule, Rulebook, expect, list_places
from mail.services.retention import MAX_DAYS, usual_age

MOST_MAILBOXES = 500
PREVIEW_SECONDS = 2.0
"""A preview ends at whichever comes first, and says so."""
ACTIONS: dict[str, Text] = {
    RetentionAction.ARCHIVE: gettext_lazy("move to Archive"),
    RetentionAction.TRASH: gettext_lazy("move to Trash"),
    RetentionAction.DELETE: gettext_lazy("delete"),
    RetentionAction.KEEP: gettext_lazy("keep, whatever a wider rule says"),
}
AGES: dict[str, Text] = {
    RetentionAge.RECEIVED: gettext_lazy("its date"),
    RetentionAge.ARRIVED: gettext_lazy("when it came into the mailbox"),
}
_PLAIN = {"autocapitalize": "none", "spellcheck": "false"}


class RuleForm(forms.Form):
    """A rule of retention."""

    target = forms.CharField(
        label=gettext_lazy("For whom"),
        max_length=320,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=gettext_lazy("A domain, the address of an account, or “all”."),
    )
    mailbox = forms.CharField(
        label=gettext_lazy("One mailbox"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Of an account: its name, such as Lists/News."),
    )
    use = forms.ChoiceField(
        label=gettext_lazy("Or all mailboxes used as"),
        required=False,
        choices=[("", "-"), *((use, use) for use in USES)],
    )
    action = forms.ChoiceField(
        label=gettext_lazy("What becomes of a message"), choices=list(ACTIONS.items())
    )
    days = forms.IntegerField(
        label=gettext_lazy("After days"), required=False, min_value=1, max_value=MAX_DAYS
    )
    age = forms.ChoiceField(
        label=gettext_lazy("Counted from"),
        required=False,
        choices=[("", gettext_lazy("what is usual for it")), *AGES.items()],
    )
    flagged = forms.BooleanField(label=gettext_lazy("also what is flagged"), required=False)


class HoldForm(forms.Form):
    """What nothing may be lost of."""

    target = forms.CharField(
        label=gettext_lazy("Account"), max_length=320, widget=forms.TextInput(attrs=_PLAIN)
    )
    mailbox = forms.CharField(
        label=gettext_lazy("One mailbox"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Nothing is the whole account."),
    )
    reason = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=200)


def read_rule(by: Administrator, data: Data) -> Rule:
    """Return the rule that a form describes, where he may set it; raises what services raise."""
    domain_id, account = _reach(by, data["target"].strip())
    action, days = data["action"], data["days"] or 0
    if action != RetentionAction.KEEP and not days:
        raise Invalid(_("Say after how many days."))
    collection_id = find_mailbox(account, data["mailbox"].strip())
    if bool(collection_id) == bool(data["use"]):
        raise Invalid(_("Name one mailbox of an account, or choose a use."))
    return Rule(
        key=0,
        domain_id=domain_id,
        account_id=account.pk if account is not None else None,
        collection_id=collection_id or None,
        use=data["use"],
        days=0 if action == RetentionAction.KEEP else days,
        action=action,
        age=data["age"] or usual_age(action),
        spares_flagged=not data["flagged"],
    )


def _reach(by: Administrator, target: str) -> tuple[int | None, Account | None]:
    if target.lower() == "all":
        by.require(Permission.INSTALL, None)
        return None, None
    if "@" in target:
        return None, get_account(by, target)
    return by.get_place(Permission.MANAGE, target).pk, None


def get_account(by: Administrator, address: str) -> Account:
    """Return an account whose mail he administers; raises `NotFound`, `NotAllowed`, `Invalid`."""
    found = by.find_named(address.strip())
    if not isinstance(found, Account):
        raise Invalid(_("%(name)s is no account here.") % {"name": address})
    by.require(Permission.MANAGE, found.domain_id)
    return found


def find_mailbox(account: Account | None, name: str) -> int:
    """Return the number of an account's mailbox, 0 where none is named; raises `NotFound`."""
    if not name:
        return 0
    if account is None:
        raise Invalid(_("Name one mailbox of an account, or choose a use."))
    found = queries.find_mailbox(account.pk, name)
    if found is None:
        told = {"name": name, "login": account.login}
        raise NotFound(_("%(login)s has no mailbox %(name)s.") % told)
    return found.collection_id


def where_of(rule: Rule) -> str:
    """Return whose mailboxes a rule is for."""
    if rule.collection_id is not None:
        held = Collection.objects.select_related("account").filter(pk=rule.collection_id).first()
        return f"{held.account.login}: {held.name}" if held is not None else "-"
    whose = _("everybody")
    if rule.account_id is not None:
        whose = Account.objects.values_list("login", flat=True).get(pk=rule.account_id)
    elif rule.domain_id is not None:
        whose = Domain.objects.values_list("name", flat=True).get(pk=rule.domain_id)
    return f"{whose}: {rule.use}"


def in_words(rule: Rule) -> str:
    """Return what a rule does."""
    does = str(ACTIONS[rule.action])
    if rule.action == RetentionAction.KEEP:
        return does
    text = ngettext("%(does)s after %(days)s day", "%(does)s after %(days)s days", rule.days)
    return text % {"does": does, "days": rule.days}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would take away now; not `is_whole` where it was not looked at to the end."""

    rows: Sequence[Expected]
    is_whole: bool

    @property
    def messages(self) -> int:
        """Return how many messages would go."""
        return sum(row.amount.messages for row in self.rows if not row.is_held)

    @property
    def octets(self) -> int:
        """Return how much they are."""
        return sum(row.amount.octets for row in self.rows if not row.is_held)


def preview(rule: Rule, rules: Rulebook) -> Preview:
    """Return what a rule would take away now, as far as can be seen in a moment."""
    if rule.action == RetentionAction.KEEP:
        return Preview([], is_whole=True)
    ends, rows = monotonic() + PREVIEW_SECONDS, list[Expected]()
    # One place at a time: a look that finds nothing in many mailboxes ends as well.
    for number, place in enumerate(list_places(rule)):
        if number >= MOST_MAILBOXES or monotonic() > ends:
            return Preview(rows, is_whole=False)
        rows += expect(rule, rules, moment=epoch(), places=[place])
    return Preview(rows, is_whole=True)


def shown(rule: Rule, found: Preview) -> dict[str, Any]:
    """Return what the templates show of a preview."""
    return {"words": in_words(rule), "where": where_of(rule), "preview": found}
