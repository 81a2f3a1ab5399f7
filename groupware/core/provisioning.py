"""What a new account begins with and what keeps one from being deleted.

Apps register provisioners and guards, which run in the transaction.
"""

from collections.abc import Callable

Provisioner = Callable[[int], None]

Guard = Callable[[int], None]

_provisioners: list[Provisioner] = []
_guards: list[Guard] = []


def register(provisioner: Provisioner) -> None:
    """Run `provisioner(account_id)` inside the transaction that creates an account."""
    if provisioner not in _provisioners:
        _provisioners.append(provisioner)


def provision(account_id: int) -> None:
    """Give a new account its first collections."""
    for provisioner in _provisioners:
        provisioner(account_id)


def register_guard(guard: Guard) -> None:
    """Ask `guard(account_id)` before an account is deleted; it raises where it must stay."""
    if guard not in _guards:
        _guards.append(guard)


def check_deletion(account_id: int) -> None:
    """Raise `GroupwareError` where an account may not be deleted now."""
    for guard in _guards:
        guard(account_id)
