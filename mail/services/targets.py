"""What a recipient leads to: accounts here, addresses elsewhere, and with which sender and fields.

`mail.routing` knows the directory, `mail.services.lists` who may write to a list; here the two
come together with what the envelope adds: rewritten senders, the addresses that every domain
has to have, and the end of loops.
"""

import json
import re
from dataclasses import asdict, dataclass, replace

from groupware.core import db
from groupware.core.errors import NotAllowed, NotFound, OverQuota
from groupware.core.models import AddressKind
from mail.flow import trace
from mail.refusals import Refused
from mail.routing import Expansion, Route, find_address, find_keepers, is_local_domain
from mail.services import lists, srs
from mail.services.inbound import Taken

FEW = 100
"""Accounts of an address up to which it is looked whether any has room."""

_NOBODY = "There is no such recipient here."
_DELIVERED_TO = re.compile(rb"^Delivered-To:([^\r\n]*+)", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True)
class Target:
    """Where copies of a message for one recipient go.

    `mail_from` is their Return-Path here, `sender` what MAIL FROM says to other servers, `prefix`
    the header fields before those that the message has. An `is_many` address hides who is
    behind it: what becomes of a copy says little of the others. It `was_many` where some are gone.
    `held_back` are addresses elsewhere that it leads to and that get nothing of this message,
    `sends_on` is the domain in whose name others do.
    """

    address: str
    account_ids: tuple[int, ...] = ()
    outside: tuple[str, ...] = ()
    detail: str = ""
    mail_from: str = ""
    sender: str = ""
    prefix: bytes = b""
    is_local: bool = True
    is_list: bool = False
    was_many: bool = False
    held_back: tuple[str, ...] = ()
    sends_on: str = ""

    @property
    def is_many(self) -> bool:
        """Tell whether it leads to more than one place."""
        return self.is_list or self.was_many or len(self.account_ids) + len(self.outside) > 1


def dump_target(target: Target) -> str:
    """Return what `load_target` reads."""
    return json.dumps({**asdict(target), "prefix": target.prefix.decode("latin-1")})


def load_target(text: str) -> Target:
    """Return a target as it was when it was found, without the accounts that are gone since."""
    held = json.loads(text)
    condition, params = db.in_list("id", held["account_ids"])
    rows = db.fetch_rows(f"SELECT id FROM core_account WHERE {condition}", params)
    there = {account_id for (account_id,) in rows}
    return Target(
        **{
            **held,
            "prefix": held["prefix"].encode("latin-1"),
            "account_ids": tuple(key for key in held["account_ids"] if key in there),
            "outside": tuple(held["outside"]),
            "held_back": tuple(held["held_back"]),
            "was_many": True,
        }
    )


def hold_back(target: Target) -> Target:
    """Return a target of junk, which stays here: what forwards spam is taken for its sender."""
    if not target.outside:
        return target
    return replace(target, outside=(), held_back=target.outside, was_many=target.is_many)


def find_target(address: str, taken: Taken) -> Target:
    """Return what a recipient of a message leads to.

    Raises `NotFound`, `NotAllowed`, `Refused` for what can never be delivered, and
    `lists.Dropped` for what ends in silence.
    """
    mail_from = taken.envelope.mail_from
    target = Target(address, mail_from=mail_from, sender=mail_from)
    domain = address.rpartition("@")[2]
    if (original := srs.find_sender(address)) is not None:
        return _lead_back(target, original)
    route = find_address(address)
    if route is None:
        if keepers := find_keepers(address):
            return replace(target, account_ids=keepers, prefix=trace.delivered_to(address))
        # What came from outside was for a domain of ours, which is gone since.
        if is_local_domain(domain) or (mail_from and taken.account_id is None):
            raise NotFound(_NOBODY)
        return replace(target, outside=(address,), is_local=False)
    if (expanded := _expand_list(route, taken)) is not None:
        if not expanded.account_ids and not expanded.outside:
            raise NotFound("The list has no members.")
        return Target(
            address,
            expanded.account_ids,
            expanded.outside,
            mail_from=expanded.mail_from,
            sender=srs.rewrite_sender(expanded.mail_from, route.domain),
            prefix=trace.delivered_to(address) + expanded.prefix,
            is_list=True,
            sends_on=route.domain,
        )
    return _follow(target, route, taken)


def _expand_list(route: Route, taken: Taken) -> lists.Expanded | None:
    """Return whom a list leads to, None for an address that is none."""
    if route.kind == AddressKind.PRIMARY:  # most are, and for these no header is read
        return None
    mail_from = taken.envelope.mail_from
    posting = lists.Posting(mail_from, taken.header, taken.is_trusted, taken.account_id)
    return lists.expand(route.address_id, route.detail, posting)


def _follow(target: Target, route: Route, taken: Taken) -> Target:
    """Return what an address that is no list leads to."""
    found = _expand(route)
    prefix = trace.delivered_to(target.address)
    outside = tuple(found.outside)
    # What stays here cannot go in circles; what leaves may come back, again and again.
    if outside and _names(taken.header, route, target.address):
        raise _goes_in_circles()
    return replace(
        target,
        account_ids=tuple(found.accounts),
        outside=outside,
        detail=route.detail,
        sender=srs.rewrite_sender(target.sender, route.domain) if outside else target.sender,
        prefix=prefix,
        sends_on=route.domain,
    )


def _expand(route: Route) -> Expansion:
    found = Expansion()
    found.follow(route.address_id)
    if not found.accounts and not found.outside:
        raise NotFound("The address leads to nobody.")
    return found


def _lead_back(target: Target, original: str) -> Target:
    """Return where a bounce of what was forwarded goes: to its sender, also to one who is here now."""
    if (route := find_address(original)) is not None:
        found = _expand(route)
        return replace(
            target,
            account_ids=tuple(found.accounts),
            outside=tuple(found.outside),
            prefix=trace.delivered_to(original),
        )
    if is_local_domain(original.rpartition("@")[2]):
        raise NotFound(_NOBODY)
    sender = srs.rewrite_sender(target.sender, target.address.rpartition("@")[2])
    return replace(target, outside=(original,), sender=sender)


def names_address(header: bytes, address: str) -> bool:
    """Tell whether a message says that it has been delivered to an address."""
    end = _HEADER_END.search(header)
    wanted = address.lower().encode()
    held = header if end is None else header[: end.end()]
    return any(found.strip().lower() == wanted for found in _DELIVERED_TO.findall(held))


def _names(header: bytes, route: Route, address: str) -> bool:
    return names_address(header, address) or names_address(header, route.address)


def check_local(address: str, mail_from: str, *, account_id: int | None = None) -> None:
    """Refuse a recipient that nothing can be delivered to, or nobody may write to. Hot, as RCPT is.

    Raises `NotAllowed` for an address elsewhere and by a list's policy, `NotFound`, and
    `OverQuota` when every account that it leads to is full already.
    """
    if srs.find_sender(address) is not None:
        return
    route = find_address(address)
    if route is None:
        _check_unrouted(address)
        return
    lists.check_post(address, mail_from, account_id=account_id)
    if not _has_room(_expand(route), 0):
        raise OverQuota("The recipient's mailbox is full.")


def _check_unrouted(address: str) -> None:
    if find_keepers(address):
        return
    if is_local_domain(address.rpartition("@")[2]):
        raise NotFound(_NOBODY)
    raise NotAllowed("This server takes mail for its own domains only.", detail="relay denied")


@dataclass(frozen=True, slots=True)
class Prospect:
    """What becomes of a message at an address: it `stays` where any account gets it."""

    has_room: bool = True
    stays: bool = True


def look_ahead(address: str, header: bytes, size: int) -> Prospect:
    """Tell whether any account that an address leads to has room, and whether it has any.

    What leads nowhere is said to have room: what becomes of that is the fan-out's affair. Raises
    `Refused` for a message that comes back to where it was sent on.
    """
    route = find_address(address)
    if route is None:
        return Prospect(stays=srs.find_sender(address) is None)
    found = Expansion()
    found.follow(route.address_id)
    if found.outside and _names(header, route, address):
        raise _goes_in_circles()
    return Prospect(_has_room(found, size), bool(found.accounts) or not found.outside)


def _has_room(found: Expansion, size: int) -> bool:
    """Tell whether there is room for so much in any account; of many nobody is asked."""
    accounts = list(found.accounts)
    if found.outside or not accounts or len(accounts) > FEW:
        return True
    condition, params = db.in_list("account_id", accounts)
    return bool(
        db.fetch_rows(
            f"SELECT 1 FROM core_accountstate WHERE {condition}"
            " AND (quota_bytes = 0 OR bytes_used + %s <= quota_bytes) LIMIT 1",
            [*params, max(size, 1)],
        )
    )


def _goes_in_circles() -> Refused:
    return Refused(
        "The message has been at this address already: it goes in circles.",
        code=554,
        status="5.4.6",
    )
