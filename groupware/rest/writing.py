"""How a view writes: what it goes by and what it changes lie in one transaction, under the lock.

A right that is revoked, or a change by somebody else, comes before all of it or behind all of it:
no lost update, and nothing by a right that is gone.
"""

from collections.abc import Callable
from typing import TypeVar

from groupware.core import db
from groupware.core.changes import lock_account

T = TypeVar("T")


def write(account_id: int, work: Callable[[], T]) -> T:
    """Run `work` under the write lock of the account whose store it changes.

    What it returns is durable when this returns. `work` reads rights and states itself, and calls
    services; `account_id` is the owner of what is written.
    """
    with db.write_transaction():
        lock_account(account_id)
        return work()
