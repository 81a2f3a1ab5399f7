"""Taking somebody's second factor away, when the help desk has found out who he is.

What a second factor consists of is the business of whoever keeps it, who registers here how all of
it is removed.
"""

from collections.abc import Callable

from django.db.models import F

from groupware.core import audit, db
from groupware.core.directory import get_person
from groupware.core.directory.lookups import directory_change
from groupware.core.events import CredentialsChanged, publish
from groupware.core.models import Account

Reset = Callable[[int], None]

_resets: list[Reset] = []


def register_reset(reset: Reset) -> None:
    """Call `reset(account_id)` in the transaction that takes a second factor away."""
    if reset not in _resets:
        _resets.append(reset)


def reset(address: str) -> None:
    """Let a person sign in by the password alone again; every session ends.

    Harmless where there is none. Raises `NotFound`, `Invalid`.
    """
    with directory_change():
        account = get_person(address)
        for remove in _resets:
            remove(account.pk)
        Account.objects.filter(pk=account.pk).update(
            second_factor=False, credential_epoch=F("credential_epoch") + 1
        )
        event = CredentialsChanged(account.pk)
        db.on_commit(lambda: publish(event))
        audit.record("account.reset-second-factor", account)
