"""What `manage.py retention` reads from the command line and says of rules and holds."""

from argparse import Namespace
from collections.abc import Sequence

from groupware.core import names
from groupware.core.directory import get_account, get_domain
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Collection, CollectionKind, Domain
from groupware.management.tables import counted
from mail import queries
from mail.models import RetentionAction, RetentionAge
from mail.retention import USES, Rule
from mail.services.holds import Hold, list_holds
from mail.services.retention import usual_age

EVERYBODY = "all"
"""The name of everybody's mailboxes as a target."""
FLAGGED_STAY = "otherwise it stays"

_DOES = {
    RetentionAction.ARCHIVE: "move to Archive",
    RetentionAction.TRASH: "move to Trash",
    RetentionAction.DELETE: "are deleted",
    RetentionAction.KEEP: "stay, whatever a wider rule says",
}
_SINCE = {
    RetentionAge.RECEIVED: "after their date",
    RetentionAge.ARRIVED: "after they came into it",
}


def parse_rule(options: Namespace) -> Rule:
    """Return the rule that is meant, not yet kept; raises `NotFound`, `Invalid`."""
    domain_id, account_id, collection_id = _parse_reach(options.target)
    use = _parse_use(options.use, is_named=collection_id is not None)
    action = options.action or RetentionAction.KEEP.value
    if action != RetentionAction.KEEP and options.days is None:
        raise Invalid("Say after how many days: --days N.")
    return Rule(
        key=0,
        domain_id=domain_id,
        account_id=account_id,
        collection_id=collection_id,
        use=use,
        days=0 if action == RetentionAction.KEEP else options.days,
        action=action,
        age=options.age or usual_age(action),
        spares_flagged=not options.flagged,
    )


def parse_reach(options: Namespace) -> tuple[int | None, int | None, int | None, str]:
    """Return the reach of the rule that is named; raises `NotFound`, `Invalid`."""
    reach = _parse_reach(options.target)
    return (*reach, _parse_use(options.use, is_named=reach[2] is not None))


def _parse_use(use: str | None, *, is_named: bool) -> str:
    if is_named and use:
        raise Invalid("Name a mailbox or a use (--use), not both.")
    if not is_named and not use:
        raise Invalid(f"Say of which mailboxes: --use {'|'.join(USES)}, or ADDRESS/mail/NAME.")
    return use or ""


def _parse_reach(target: str) -> tuple[int | None, int | None, int | None]:
    """Return (domain, account, collection) of a target, of which at most one names the reach."""
    if target.lower() == EVERYBODY:
        return None, None, None
    if names.is_collection_name(target):
        collection = get_mailbox(target)
        return None, collection.account_id, collection.pk
    if "@" in target:
        return None, get_account(target).pk, None
    domain = get_domain(target)
    return domain.alias_of_id or domain.pk, None, None


def get_mailbox(text: str) -> Collection:
    """Return the mailbox of a name; raises `NotFound`, `Invalid` for another collection."""
    if names.parse_collection_name(text).kind != CollectionKind.MAIL:
        raise Invalid(f"{text} is no mailbox: write ADDRESS/mail/NAME.")
    return names.get_collection(text)


def parse_held(target: str) -> tuple[Account, str]:
    """Return (account, name of a mailbox or nothing); the mailbox may be gone."""
    if not names.is_collection_name(target):
        return get_account(target), ""
    name = names.parse_collection_name(target)
    if name.kind != CollectionKind.MAIL:
        raise Invalid(f"{target} is no mailbox: only mail is put on hold.")
    return get_account(name.address), name.path


def find_mailbox_id(account: Account, mailbox: str) -> int:
    """Return the id of an account's mailbox, 0 for no name; raises `NotFound`."""
    if not mailbox:
        return 0
    found = queries.find_mailbox(account.pk, mailbox)
    if found is None:
        raise NotFound(f"There is no mailbox {mailbox}: `account show {account.login}` lists all.")
    return found.collection_id


def where_of(rule: Rule) -> str:
    """Return whose mailboxes a rule is for, as it is written on the command line."""
    if rule.collection_id is not None:
        held = Collection.objects.select_related("account").filter(pk=rule.collection_id).first()
        return names.name_of(held.account.login, held.kind, held.name) if held else "(gone)"
    if rule.account_id is not None:
        logins = Account.objects.filter(pk=rule.account_id).values_list("login", flat=True)
        return f"{logins.first()} {rule.use}"
    if rule.domain_id is not None:
        domains = Domain.objects.filter(pk=rule.domain_id).values_list("name", flat=True)
        return f"{domains.first()} {rule.use}"
    return f"{EVERYBODY} {rule.use}"


def rule_data(rule: Rule) -> dict[str, object]:
    """Return a rule with the keys of `--json`."""
    return {
        "for": where_of(rule),
        "days": rule.days,
        "action": rule.action,
        "age": rule.age,
        "flagged": not rule.spares_flagged,
        "run_at": rule.run_at,
    }


def rule_in_words(rule: Rule) -> str:
    """Return what a rule says, as a sentence."""
    does = _DOES[RetentionAction(rule.action)]
    if rule.action == RetentionAction.KEEP:
        return f"{where_of(rule)}: messages {does}."
    since = _SINCE[RetentionAge(rule.age)]
    flagged = "also flagged ones" if not rule.spares_flagged else "flagged ones stay"
    return f"{where_of(rule)}: messages {does} {counted(rule.days, 'day')} {since}; {flagged}."


def rule_row(rule: Rule) -> tuple[object, ...]:
    """Return a rule's line in `retention list`."""
    is_kept = rule.action == RetentionAction.KEEP
    return (
        where_of(rule),
        rule.action,
        "-" if is_kept else rule.days,
        "-" if is_kept else rule.age,
        "stay" if rule.spares_flagged or is_kept else "go",
    )


def hold_name(held: Hold) -> str:
    """Return what is on hold, as it is written on the command line."""
    if not held.mailbox_id:
        return held.login
    return names.name_of(held.login, CollectionKind.MAIL, held.mailbox)


def hold_data(held: Hold) -> dict[str, object]:
    """Return a hold with the keys of `--json`."""
    return {
        "on": hold_name(held),
        "is_gone": held.is_gone,
        "reason": held.reason,
        "since": held.created_at,
    }


def within(target: str | None, rules: Sequence[Rule]) -> tuple[list[Rule], list[Hold]]:
    """Return the rules and holds of a target and of what is in it, all without one."""
    if target is None or target.lower() == EVERYBODY:
        return list(rules), list_holds()
    domain_id, account_id, collection_id = _parse_reach(target)
    if domain_id is not None:
        members = set(Account.objects.filter(domain_id=domain_id).values_list("pk", flat=True))
        chosen = [r for r in rules if r.domain_id == domain_id or r.account_id in members]
        return chosen, [held for held in list_holds() if held.account_id in members]
    chosen = [
        rule
        for rule in rules
        if rule.account_id == account_id and collection_id in {None, rule.collection_id}
    ]
    holds = [
        held
        for held in list_holds(account_id)
        if collection_id is None or held.mailbox_id in {0, collection_id}
    ]
    return chosen, holds
