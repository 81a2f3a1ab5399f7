"""What a new account begins with: apps register provisioners, which run in its transaction."""

from collections.abc import Callable

Provisioner = Callable[[int], None]

_provisioners: list[Provisioner] = []


def register(provisioner: Provisioner) -> None:
    """Run `provisioner(account_id)` inside the transaction that creates an account."""
    if provisioner not in _provisioners:
        _provisioners.append(provisioner)


def provision(account_id: int) -> None:
    """Give a new account its first collections."""
    for provisioner in _provisioners:
        provisioner(account_id)
