"""Addresses, and where they lead: into his own domains, or elsewhere, never to others' accounts.

Who leads an address to an account alone lets it sign in and be signed in by that address, and who
leads one away takes its mail: of an account whose roles give more, neither is allowed.
"""

from collections.abc import Sequence

from groupware.core import directory, roles
from groupware.core.administration.administrator import Administrator
from groupware.core.directory.lookups import parse_target
from groupware.core.models import Account, Address, AddressTarget
from groupware.core.roles import Permission


def create(by: Administrator, address: str, targets: Sequence[str]) -> Address:
    """Create an alias, a list or a catch-all in a domain that he manages."""
    by.get_place(Permission.MANAGE, parse_target(address)[1])
    return directory.create_address(address, _check_targets(by, targets))


def set_targets(by: Administrator, address: Address, targets: Sequence[str]) -> None:
    """Let an address lead elsewhere; where it leads already it may go on leading to."""
    _check_present(by, address)
    # What was elsewhere once may be here by now: only accounts and groups are known to be meant.
    held = set(
        AddressTarget.objects.filter(address=address).values_list("account__login", flat=True)
    )
    held |= set(AddressTarget.objects.filter(address=address).values_list("group__name", flat=True))
    new = [target for target in targets if target not in held]
    _check_targets(by, new)
    directory.set_targets(str(address), targets)


def delete(by: Administrator, address: Address) -> None:
    """Delete an alias, a list or a catch-all."""
    _check_present(by, address)
    directory.delete_address(str(address))


def list_targets(address: Address) -> list[str]:
    """Return where an address leads: accounts, groups, and addresses elsewhere."""
    rows = AddressTarget.objects.filter(address=address).order_by("id")
    names = rows.values_list("account__login", "group__name", "forward_to")
    return [login or name or forward for login, name, forward in names]


def _check_present(by: Administrator, address: Address) -> None:
    reach = by.require(Permission.MANAGE, address.domain_id)
    for target in AddressTarget.objects.filter(address=address).select_related("account"):
        if target.account is not None:
            roles.check_over(reach, target.account)


def _check_targets(by: Administrator, targets: Sequence[str]) -> list[str]:
    """Return the targets by their own names; raises what keeps any from being one."""
    names = []
    for text in targets:
        found = by.find_named(text)
        if isinstance(found, Account):
            by.require_over(Permission.MANAGE, found)
        elif found is not None:
            by.require(Permission.MANAGE, found.domain_id)
        names.append(text if found is None else str(found))
    return names
