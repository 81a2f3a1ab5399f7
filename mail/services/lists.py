"""Lists at work: who may write to one, and whom a message to it goes to (docs/adr/0040).

A list is a group, or an address of the kind list. An alias of one list is that list; a list within
a list only adds its members: the policy of the one that was written to decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from groupware.core import db
from groupware.core.addresses import MAX_LOCAL_PART, BadAddress, parse_address
from groupware.core.errors import GroupwareError, NotAllowed
from groupware.core.models import AddressKind
from groupware.core.rights import GROUPS_HELD
from mail import routing
from mail.flow.listfields import BOUNCES, OWNER, ListFace, Told, read_header, write_list_fields
from mail.models.lists import ListPart
from mail.models.lists import Posting as Post
from mail.routing import Expansion, Route


class Dropped(GroupwareError):
    """A message that ends here, and of which nobody is told: a loop, a forgery, a bounce to nobody."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What is known of a message that comes to a list, and of who sends it.

    `mail_from` is "" for the null sender; `header` what it would be delivered with, up to the blank
    line; `is_trusted` that its author is known to be the one of From; `account_id` who submitted it.
    """

    mail_from: str
    header: bytes
    is_trusted: bool
    account_id: int | None


@dataclass(frozen=True, slots=True)
class Expanded:
    """Whom a message to a list goes to, and with what.

    `prefix` goes before everything that the message has; `mail_from` takes the place of the
    poster's, so that what becomes of a copy is told to those in charge and never to the poster.
    """

    account_ids: tuple[int, ...]
    outside: tuple[str, ...]
    prefix: bytes
    mail_from: str
    list_address: str


@dataclass(frozen=True, slots=True)
class MailingList:
    """A list: a group, or an address; one of the two ids is set."""

    address: str
    domain_id: int
    description: str
    group_id: int | None = None
    address_id: int | None = None

    @property
    def key(self) -> dict[str, Any]:
        """Return the column of its policy, and what is in it."""
        if self.group_id is not None:
            return {"group_id": self.group_id}
        return {"address_id": self.address_id}

    def expansion(self) -> Expansion:
        """Return everybody who is on it."""
        found = Expansion()
        if self.group_id is not None:
            found.follow_group(self.group_id)
        elif self.address_id is not None:
            found.follow(self.address_id)
        return found


@dataclass(frozen=True, slots=True)
class Policy:
    """How a list is written to, and the accounts that have a part in it."""

    post: str = Post.ANYONE
    parts: dict[str, frozenset[int]] = field(default_factory=dict)

    def having(self, *parts: str) -> frozenset[int]:
        """Return the accounts that have any of these parts."""
        return frozenset().union(*(self.parts.get(part, frozenset()) for part in parts))

    @property
    def in_charge(self) -> frozenset[int]:
        """Return the owners, where nobody is named the moderators."""
        return self.having(ListPart.OWNER) or self.having(ListPart.MODERATOR)


@dataclass(frozen=True, slots=True)
class _Posters:
    """Who a message may be of: accounts here, and addresses elsewhere."""

    account_ids: frozenset[int]
    outside: frozenset[str]


def find_list(route: Route) -> MailingList | None:
    """Return the list that an address is or, as an alias of it alone, leads to."""
    current: Route | None = route
    for _ in range(routing.MAX_EXPANSION_DEPTH):
        if current is None:
            return None
        targets = routing.list_targets(current.address_id)
        alone = targets[0] if len(targets) == 1 else None
        if alone is not None and alone.group_id is not None:
            return _read_group(alone.group_id)
        if current.kind == AddressKind.LIST:
            held = current
            return MailingList(held.address, held.domain_id, "", address_id=held.address_id)
        if alone is None or alone.account_id is not None:
            return None
        current = routing.find_address(alone.forward_to)
    return None


def _read_group(group_id: int) -> MailingList | None:
    rows = db.fetch_rows(
        "SELECT name, domain_id, description FROM core_group WHERE id = %s", [group_id]
    )
    if not rows:
        return None
    name, domain_id, description = rows[0]
    return MailingList(name, domain_id, description, group_id=group_id)


def read_policy(held: MailingList) -> Policy:
    """Return the policy of a list; one that has none is open to anyone."""
    [(column, key)] = held.key.items()
    rows = db.fetch_rows(
        "SELECT p.post, r.part, r.account_id FROM mail_listpolicy p"
        f" LEFT JOIN mail_listpartner r ON r.policy_id = p.id WHERE p.{column} = %s",
        [key],
    )
    if not rows:
        return Policy()
    parts: dict[str, set[int]] = {}
    for _, part, account_id in rows:
        if part is not None:
            parts.setdefault(part, set()).add(account_id)
    return Policy(rows[0][0], {part: frozenset(held) for part, held in parts.items()})


def is_sender(held: MailingList, account_id: int) -> bool:
    """Tell whether an account may write in a list's name."""
    return account_id in read_policy(held).having(ListPart.SENDER)


def check_post(address: str, mail_from: str, *, account_id: int | None = None) -> None:
    """Refuse at RCPT whom the envelope sender shows to be none of those who may write to a list.

    Whoever passes may still be refused by `expand`: an envelope sender is easily forged. Raises
    `NotAllowed`; of what is no list, and of bounces, which go to those in charge, says nothing.
    """
    route = routing.find_address(address)
    if route is None or not mail_from or route.detail in {BOUNCES, OWNER}:
        return
    held = find_list(route)
    if held is None:
        return
    policy = read_policy(held)
    if policy.post != Post.ANYONE:
        _check(held, policy, _find_posters([_without_tag(mail_from)], account_id, is_trusted=True))


def _without_tag(mail_from: str) -> str:
    """Return the sender that a tag against forged bounces was put before (`prvs=TAG=name@…`)."""
    scheme, _, rest = mail_from.partition("=")
    return rest.partition("=")[2] or mail_from if scheme.lower() == "prvs" else mail_from


def expand(address_id: int, detail: str, posting: Posting) -> Expanded | None:
    """Return whom a message to an address goes to, None where the address leads to no list.

    Bounces and replies of machines (RFC 3834 §4) go to those in charge, not to many. Raises `NotAllowed` where its author may not write there, and `Dropped`.
    """
    route = routing.read_address(address_id, detail)
    held = find_list(route) if route is not None else None
    if held is None:
        return None
    policy = read_policy(held)
    face = ListFace(held.address, held.description, policy.post == Post.MODERATORS)
    told = read_header(posting.header)
    if not posting.mail_from or detail in {BOUNCES, OWNER} or told.is_reply_of_a_machine:
        return _to_those_in_charge(held, policy, posting)
    _end_loop(face, told)
    _check_author(held, policy, posting, told)
    found = held.expansion()
    return Expanded(
        tuple(found.accounts),
        tuple(found.outside),
        write_list_fields(face),
        _bounces_to(face),
        held.address,
    )


def _end_loop(face: ListFace, told: Told) -> None:
    if face.list_id in told.list_ids:
        raise Dropped("The message has been through this list.", detail=f"loop: {face.address}")


def _check_author(held: MailingList, policy: Policy, posting: Posting, told: Told) -> None:
    if policy.post == Post.ANYONE:
        return
    posters = _find_posters(told.authors, posting.account_id, is_trusted=posting.is_trusted)
    try:
        _check(held, policy, posters)
    except NotAllowed as error:
        domain = posting.mail_from.rpartition("@")[2]
        if (
            posting.account_id is None
            and not posting.is_trusted
            and routing.is_local_domain(domain)
        ):
            # Whoever is named as its sender here did not send it, and is not told of it.
            raise Dropped(error.message, detail=f"forged: {posting.mail_from}") from error
        raise


def _find_posters(
    addresses: Iterable[str], account_id: int | None, *, is_trusted: bool
) -> _Posters:
    """Return whom addresses stand for: our own accounts only where their use is `is_trusted`."""
    accounts = set() if account_id is None else {account_id}
    outside: set[str] = set()
    for text in addresses:
        route = routing.find_address(text)
        if route is None:
            outside.add(_normal(text))
        elif is_trusted and (owner_id := routing.find_owner(route.address_id)) is not None:
            accounts.add(owner_id)
    return _Posters(frozenset(accounts), frozenset(outside))


def _normal(text: str) -> str:
    try:
        return "@".join(parse_address(text))
    except BadAddress:
        return text


_WHO_MAY = {
    Post.DOMAIN: "Only people of its domain may write to",
    Post.MEMBERS: "Only its members may write to",
    Post.MODERATORS: "Only its moderators may write to",
}


def _check(held: MailingList, policy: Policy, posters: _Posters) -> None:
    if not _may_post(held, policy, posters):
        raise NotAllowed(f"{_WHO_MAY[Post(policy.post)]} {held.address}.")


def _may_post(held: MailingList, policy: Policy, posters: _Posters) -> bool:
    moderators = policy.having(ListPart.MODERATOR) or policy.having(ListPart.OWNER)
    if posters.account_ids & moderators:
        return True
    if policy.post == Post.MODERATORS:
        return False
    if posters.account_ids & policy.having(ListPart.OWNER):
        return True
    if policy.post == Post.DOMAIN:
        return _any_in_domain(posters.account_ids, held.domain_id)
    return _any_on(held, posters)


def _any_on(held: MailingList, posters: _Posters) -> bool:
    """Tell whether any of them is on the list; of a group of thousands no member is read."""
    if held.group_id is not None:
        return any(_is_in_group(account_id, held.group_id) for account_id in posters.account_ids)
    found = held.expansion()
    members = {_normal(text) for text in found.outside}
    return not posters.account_ids.isdisjoint(found.accounts) or bool(posters.outside & members)


def _is_in_group(account_id: int, group_id: int) -> bool:
    query = f"{GROUPS_HELD} SELECT 1 FROM held WHERE group_id = %s"
    return bool(db.fetch_rows(query, [account_id, group_id]))


def _any_in_domain(account_ids: frozenset[int], domain_id: int) -> bool:
    if not account_ids:
        return False
    condition, params = db.in_list("id", sorted(account_ids))
    return bool(
        db.fetch_rows(
            f"SELECT 1 FROM core_account WHERE {condition} AND domain_id = %s LIMIT 1",
            [*params, domain_id],
        )
    )


def _bounces_to(face: ListFace) -> str:
    """Return the envelope sender of what a list sends, at which nobody on it is reached.

    The null sender, of which nothing comes back, where its name is too long for an address more.
    """
    address = face.with_detail(BOUNCES)
    return address if len(address.rpartition("@")[0].encode()) <= MAX_LOCAL_PART else ""


def _to_those_in_charge(held: MailingList, policy: Policy, posting: Posting) -> Expanded:
    """Return the owners, else the moderators, else who reads what comes to the postmaster."""
    accounts: tuple[int, ...] = tuple(sorted(policy.in_charge))
    outside: tuple[str, ...] = ()
    if not accounts:
        found = _find_postmaster(held)
        accounts, outside = tuple(found.accounts), tuple(found.outside)
    if not accounts and not outside:
        raise Dropped("Nobody is in charge of the list.", detail=f"no owner: {held.address}")
    return Expanded(accounts, outside, b"", posting.mail_from, held.address)


def _find_postmaster(held: MailingList) -> Expansion:
    """Return who reads what comes for the postmaster of a list's domain.

    A catch-all is nobody's choice for this, and the list itself never gets its bounces.
    """
    found = Expansion()
    address = f"postmaster@{held.address.rpartition('@')[2]}"
    route = routing.find_address(address)
    if route is not None and route.local_part and find_list(route) != held:
        found.follow(route.address_id)
    if not found.accounts and not found.outside:
        found.accounts.update(dict.fromkeys(routing.find_keepers(address)))
    return found
