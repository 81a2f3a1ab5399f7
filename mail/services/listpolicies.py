"""Saying how lists are written to: for the command line and the panel."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from groupware.core import audit, db
from groupware.core.directory import get_account
from groupware.core.directory.lookups import directory_change, get_domain, parse
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Address, AddressKind, Group
from mail import routing
from mail.flow.listfields import ListFace
from mail.models.lists import ListPart, ListPartner, ListPolicy, Posting
from mail.services.lists import MailingList, find_list

MAX_PARTNERS = 100
"""Accounts that have one part in a list; who may write is not said by naming everybody."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A list and its policy, accounts by their logins; not `own` where it has none of its own."""

    address: str
    list_id: str
    post: str
    owners: list[str]
    moderators: list[str]
    senders: list[str]
    own: bool


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What a policy is to say; None leaves it as it is, no names take all away."""

    post: str | None = None
    owners: Sequence[str] | None = None
    moderators: Sequence[str] | None = None
    senders: Sequence[str] | None = None


def get_list(text: str) -> MailingList:
    """Return the list of an address; raises `NotFound`, and `Invalid` for what is none."""
    local_part, _ = parse(text)
    route = routing.find_address(text)
    if route is None or route.local_part != local_part:
        raise NotFound(
            "There is no list {text}: `group list` and `address list` show all.", text=text
        )
    held = find_list(route)
    if held is None:
        raise Invalid(
            "{text} is no list: a list is a group, or an address that leads to several places.",
            text=text,
        )
    return held


def describe_list(text: str) -> ListEntry:
    """Return a list with its policy; raises as `get_list` does."""
    with db.read_snapshot():
        return _entries([get_list(text)])[0]


def list_lists(domain: str = "") -> list[ListEntry]:
    """Return all lists by address, of all domains or of one; raises `NotFound` of the domain."""
    with db.read_snapshot():
        groups, addresses = Group.objects.all(), Address.objects.filter(kind=AddressKind.LIST)
        if domain:
            held = get_domain(domain)
            groups = groups.filter(domain=held.alias_of or held)
            addresses = addresses.filter(domain=held.alias_of or held)
        found = [
            MailingList(name, domain_id, description, group_id=key)
            for key, name, domain_id, description in groups.values_list(
                "id", "name", "domain_id", "description"
            )
        ]
        names = {held.address for held in found}
        found += [
            MailingList(f"{local_part}@{name}", domain_id, "", address_id=key)
            for key, local_part, name, domain_id in addresses.values_list(
                "id", "local_part", "domain__name", "domain_id"
            )
            if f"{local_part}@{name}" not in names
        ]
        return _entries(sorted(found, key=lambda held: held.address))


def _entries(lists: Sequence[MailingList]) -> list[ListEntry]:
    policies = {(held.group_id, held.address_id): held for held in ListPolicy.objects.all()}
    parts: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    rows = ListPartner.objects.order_by("account__login")
    for policy_id, part, login in rows.values_list("policy_id", "part", "account__login"):
        parts[policy_id, part].append(login)
    found = []
    for held in lists:
        policy = policies.get((held.group_id, held.address_id))
        key = 0 if policy is None else policy.pk
        found.append(
            ListEntry(
                address=held.address,
                list_id=ListFace(held.address, "", is_announcement=False).list_id,
                post=Posting.ANYONE.value if policy is None else policy.post,
                owners=parts[key, ListPart.OWNER],
                moderators=parts[key, ListPart.MODERATOR],
                senders=parts[key, ListPart.SENDER],
                own=policy is not None,
            )
        )
    return found


def set_policy(text: str, change: PolicyChange) -> ListEntry:
    """Say who may write to a list, and who has a part in it; what is named replaces what was.

    Raises as `get_list` does, `NotFound` for an account that is not there, and `Invalid`.
    """
    if change.post is not None and change.post not in Posting.values:
        raise Invalid(
            "Who may write to a list is one of {choices}.", choices=", ".join(Posting.values)
        )
    with directory_change():
        held = get_list(text)
        policy, _ = ListPolicy.objects.get_or_create(**held.key)
        if change.post is not None:
            policy.post = change.post
            policy.save(update_fields=["post"])
        for part, logins in (
            (ListPart.OWNER, change.owners),
            (ListPart.MODERATOR, change.moderators),
            (ListPart.SENDER, change.senders),
        ):
            if logins is not None:
                _replace(policy, part, logins)
        entry = _entries([held])[0]
        _record("list.set-policy", held, entry)
        return entry


def _record(action: str, held: MailingList, entry: ListEntry) -> None:
    is_group = held.group_id is not None
    key = held.group_id if is_group else held.address_id
    target = audit.Target("group" if is_group else "address", key, held.address, held.domain_id)
    parts = {"owners": entry.owners, "moderators": entry.moderators, "senders": entry.senders}
    audit.record(action, target, post=entry.post, **parts)


def _replace(policy: ListPolicy, part: str, logins: Sequence[str]) -> None:
    accounts: dict[int, Account] = {}
    for login in logins:
        account = get_account(login)
        accounts[account.pk] = account
    if len(accounts) > MAX_PARTNERS:
        raise Invalid("A list has at most {most} accounts with one part in it.", most=MAX_PARTNERS)
    ListPartner.objects.filter(policy=policy, part=part).delete()
    ListPartner.objects.bulk_create(
        ListPartner(policy=policy, account=account, part=part) for account in accounts.values()
    )


def clear_policy(text: str) -> ListEntry:
    """Let a list be as one that was never told anything: open to anyone, with nobody in charge."""
    with directory_change():
        held = get_list(text)
        ListPolicy.objects.filter(**held.key).delete()
        entry = _entries([held])[0]
        _record("list.clear-policy", held, entry)
        return entry
