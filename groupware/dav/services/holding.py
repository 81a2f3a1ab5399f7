"""Holding the write locks of accounts while something is looked at and then written."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from groupware.core import db
from groupware.core.changes import lock_account


@contextmanager
def hold_accounts(account_ids: Iterable[int]) -> Iterator[None]:
    """Run the block in one transaction with the write locks of accounts, taken in their order.

    Whoever takes several takes them so: nobody waits for somebody who waits for him. Durable when
    the block is left.
    """
    with db.write_transaction():
        for account_id in sorted(set(account_ids)):
            lock_account(account_id)
        yield
