"""Where addresses lead: to accounts, through aliases and groups, or outside. Reads only.

Hot: runs for each recipient of each transaction, so it asks in SQL, without model objects. Who may
write to a list is not asked here, but by `mail.services.lists`.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from groupware.core import db
from groupware.core.addresses import BadAddress, detail_of, parse_address, parse_domain

MAX_EXPANSION_DEPTH = 16
"""Aliases and groups that may lead to one another before a loop is assumed."""
MAX_RECIPIENTS_OF_ADDRESS = 10_000
"""Accounts that one address may lead to."""
OBLIGATORY = frozenset({"postmaster", "abuse"})
"""Local parts at which somebody reads, in every domain (RFC 5321 §4.5.1, RFC 2142 §4)."""


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the directory that an address leads to.

    `local_part` and `domain` are as it is kept, empty and the tenant's for a catch-all; `detail`
    is the part after a plus (RFC 5233) that is no part of it.
    """

    address_id: int
    kind: str
    local_part: str
    domain_id: int
    domain: str
    detail: str = ""

    @property
    def address(self) -> str:
        """Return the address in the one form that the directory has."""
        return f"{self.local_part}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that an address leads to; one of the three is set."""

    account_id: int | None
    group_id: int | None
    forward_to: str


class _Asked(threading.local):
    """What the directory has said within `asked_once`; None outside of it."""

    routes: dict[str, Route | None] | None = None
    targets: dict[int, list[Target]] | None = None


_asked = _Asked()


@contextmanager
def asked_once() -> Iterator[None]:
    """Ask the directory once for each address in the block, on this thread.

    Where a message goes is found out step by step: whether it is taken, whether it is for a list,
    and who gets it. What changes meanwhile is as if it had changed a moment later.
    """
    if _asked.routes is not None:
        yield
        return
    _asked.routes, _asked.targets = {}, {}
    try:
        yield
    finally:
        _asked.routes = _asked.targets = None


def is_local_domain(name: str) -> bool:
    """Tell whether addresses of a domain are this server's; of no name they are not."""
    try:
        parsed = parse_domain(name)
    except BadAddress:
        return False
    return bool(db.fetch_rows("SELECT 1 FROM core_domain WHERE name = %s", [parsed]))


def find_address(text: str) -> Route | None:
    """Return the row of an address: as written, else without its detail, else the catch-all.

    None for what is malformed, elsewhere, or nobody's.
    """
    known = _asked.routes
    if known is None:
        return _find_address(text)
    if text not in known:
        known[text] = _find_address(text)
    return known[text]


def _find_address(text: str) -> Route | None:
    try:
        local_part, domain_name = parse_address(text)
    except BadAddress:
        return None
    user, detail = detail_of(local_part)
    rows = db.fetch_rows(
        "SELECT a.local_part, a.id, a.kind, o.id, o.name FROM core_domain d"
        " JOIN core_domain o ON o.id = COALESCE(d.alias_of_id, d.id)"
        " JOIN core_address a ON a.domain_id = o.id AND a.local_part IN (%s, %s, '')"
        " WHERE d.name = %s",
        [local_part, user, domain_name],
    )
    found = {name: rest for name, *rest in rows}
    for name, rest in ((local_part, ""), (user, detail), ("", "")):
        if name in found:
            address_id, kind, domain_id, domain = found[name]
            return Route(address_id, kind, name, domain_id, domain, rest)
    return None


def read_address(address_id: int, detail: str = "") -> Route | None:
    """Return a row of the directory by its id, None where it is gone."""
    rows = db.fetch_rows(
        "SELECT a.kind, a.local_part, d.id, d.name FROM core_address a"
        " JOIN core_domain d ON d.id = a.domain_id WHERE a.id = %s",
        [address_id],
    )
    if not rows:
        return None
    kind, local_part, domain_id, domain = rows[0]
    return Route(address_id, kind, local_part, domain_id, domain, detail)


def list_targets(address_id: int) -> list[Target]:
    """Return what an address leads to, in the order in which it was said."""
    known = _asked.targets
    if known is None:
        return _list_targets(address_id)
    if address_id not in known:
        known[address_id] = _list_targets(address_id)
    return known[address_id]


def _list_targets(address_id: int) -> list[Target]:
    rows = db.fetch_rows(
        "SELECT account_id, group_id, forward_to FROM core_addresstarget"
        " WHERE address_id = %s ORDER BY id",
        [address_id],
    )
    return [Target(*row) for row in rows]


def find_owner(address_id: int) -> int | None:
    """Return the account that an address leads to alone, through aliases too, else None."""
    for _ in range(MAX_EXPANSION_DEPTH):
        targets = list_targets(address_id)
        if len(targets) != 1 or targets[0].group_id is not None:
            return None
        if targets[0].account_id is not None:
            return targets[0].account_id
        held = find_address(targets[0].forward_to)
        if held is None:
            return None
        address_id = held.address_id
    return None


def find_keepers(address: str) -> tuple[int, ...]:
    """Return who reads what comes for the postmaster of a domain that has no such address.

    Those are the domain's administrators, where it has none all of the installation. The name
    of this server counts as one of its domains.
    """
    local_part, _, domain = address.lower().rpartition("@")
    is_ours = is_local_domain(domain) or domain == settings.GROUPWARE_DOMAIN
    if local_part.partition("+")[0] not in OBLIGATORY or not is_ours:
        return ()
    rows = db.fetch_rows(
        "SELECT a.id, d.name = %s FROM core_account a JOIN core_domain d"
        " ON d.id = a.domain_id WHERE a.is_superuser AND a.is_active ORDER BY a.id",
        [domain],
    )
    own = tuple(key for key, is_own in rows if is_own)
    return own or tuple(key for key, _ in rows)


class Expansion:
    """Follows addresses and groups to accounts and out of the server, each visited once."""

    def __init__(self) -> None:
        self.accounts: dict[int, None] = {}
        self.outside: dict[str, None] = {}
        self._addresses: set[int] = set()
        self._groups: set[int] = set()

    def follow(self, address_id: int, depth: int = 0) -> None:
        """Add everything that an address leads to; what was visited ends a loop."""
        if address_id in self._addresses or depth > MAX_EXPANSION_DEPTH:
            return
        self._addresses.add(address_id)
        for target in list_targets(address_id):
            if target.account_id is not None:
                self.accounts[target.account_id] = None
            elif target.group_id is not None:
                self.follow_group(target.group_id)
            else:
                self._follow_forward(target.forward_to, depth)

    def follow_group(self, group_id: int) -> None:
        """Add the members of a group and of the groups in it."""
        waiting = [group_id]
        while waiting and len(self.accounts) < MAX_RECIPIENTS_OF_ADDRESS:
            current = waiting.pop()
            if current in self._groups:
                continue
            self._groups.add(current)
            for account_id, subgroup_id in db.fetch_rows(
                "SELECT account_id, subgroup_id FROM core_groupmember"
                " WHERE group_id = %s ORDER BY id",
                [current],
            ):
                if account_id is not None:
                    self.accounts[account_id] = None
                if subgroup_id is not None:
                    waiting.append(subgroup_id)

    def _follow_forward(self, text: str, depth: int) -> None:
        held = find_address(text)
        if held is not None:
            self.follow(held.address_id, depth + 1)
        elif not is_local_domain(text.rpartition("@")[2]):
            self.outside[text] = None
