"""Whose addresses an account may send from: its own, and those that it was granted."""

from dataclasses import dataclass
from enum import IntEnum

from groupware.core import holdings
from groupware.core.errors import NotAllowed
from groupware.core.rights import Rights
from mail import routing
from mail.services import lists
from mail.services.outside import sender_for

MAX_SHOWN = 200
"""Characters of an address in what is said of it."""


class SendRight(IntEnum):
    """What an account may do with an address; a greater one holds the lesser."""

    NONE = 0
    ON_BEHALF = 1
    SEND_AS = 2
    OWN = 3


@dataclass(frozen=True, slots=True)
class Sender:
    """An address of which somebody would send, what the right to it is, and whose it is.

    `owner_id` is the account that the address leads to, None for a list and for anybody else's.
    `is_outside`: the address is elsewhere, where the account sends through the server there.
    """

    right: SendRight
    owner_id: int | None = None
    is_outside: bool = False


def find_sender(account_id: int, text: str) -> Sender:
    """Return what an account may do with an address.

    Its own are all that lead to it alone: primary address, aliases, those with a detail, also under
    another name of its domain. What leads to several is a list: whoever is to send as it is named
    as a sender of it. Rights on an account, or on one of its collections, are rights on all
    addresses that lead to it alone. An address elsewhere is its own where it can log in to a server
    for it (`mail.services.outside`).
    """
    route = routing.find_address(text)
    if route is None:
        if sender_for(account_id, text) is not None:
            return Sender(SendRight.OWN, account_id, is_outside=True)
        return Sender(SendRight.NONE)
    owner_id = routing.find_owner(route.address_id)
    if owner_id == account_id:
        return Sender(SendRight.OWN, owner_id)
    if owner_id is not None:
        return Sender(_granted(account_id, owner_id), owner_id)
    held = lists.find_list(route)
    may = held is not None and lists.is_sender(held, account_id)
    return Sender(SendRight.SEND_AS if may else SendRight.NONE)


def _granted(account_id: int, owner_id: int) -> SendRight:
    owner = holdings.find_owner(account_id, owner_id)
    if owner is None:
        return SendRight.NONE
    held: Rights = owner.rights
    for rights in owner.on_collections.values():
        held |= rights
    if "send-as" in held:
        return SendRight.SEND_AS
    return SendRight.ON_BEHALF if "send-on-behalf" in held else SendRight.NONE


def refusal(text: str, login: str) -> NotAllowed:
    """Return what is said to an account that may not send from an address.

    It is the same whoever has the address, or nobody: it tells nothing about others.
    """
    address = text.encode("ascii", "backslashreplace").decode()[:MAX_SHOWN]
    return NotAllowed(
        f"{login} may not send from {address}: use an address of your own, or have its owner grant"
        f" send-as or send-on-behalf (`grant {address} {login} send-as`), or name you a sender of"
        " the list."
    )
