"""Counting anew what core counts.

Each function is one write transaction under the lock of the account, so that it is right also
while others write.
"""

from django.apps import apps
from django.db import connection

from groupware.core import db
from groupware.core.changes import begin_change, settle_use
from groupware.core.models import Collection
from groupware.core.models.store import Item


def _measure(column: str, key: int) -> tuple[int, int]:
    """Return (items, octets) of all items whose `column` is `key`."""
    items = size = 0
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if issubclass(model, Item):
                cursor.execute(
                    "SELECT COUNT(*), COALESCE(SUM(size), 0)"
                    f" FROM {model._meta.db_table} WHERE {column} = %s",
                    [key],
                )
                row = cursor.fetchone()
                items, size = items + int(row[0]), size + int(row[1])
    return items, size


def recount_collection(account_id: int, collection_id: int) -> None:
    """Set a collection's items and bytes to what it holds; raises `NotFound`, `Busy`."""
    with db.write_transaction():
        begin_change(account_id)
        items, size = _measure("collection_id", collection_id)
        Collection.objects.filter(id=collection_id, account_id=account_id).update(
            items=items, bytes=size
        )


def recount_account(account_id: int) -> None:
    """Set what an account's quota is charged to what it holds; raises `NotFound`, `Busy`."""
    with db.write_transaction():
        change = begin_change(account_id)
        items, size = _measure("account_id", account_id)
        settle_use(change, items=items, size=size)
