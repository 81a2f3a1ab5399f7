"""Making anew what core can derive: counts, and the order of UIDs, modseqs and UIDVALIDITYs.

Each function is one write transaction under the lock of the account, so that it is right also
while others write. Counters are only ever raised: what a client knows stays known.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.models import F, Max, Model
from django.db.models.functions import Greatest

from groupware.core import db
from groupware.core.changes import (
    begin_change,
    next_uid_validity,
    raise_counters,
    raise_floor,
    settle_use,
    touch_collection,
)
from groupware.core.clock import epoch
from groupware.core.models import AccountState, Collection, CollectionTombstone, Tombstone
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


def settle_order(account_id: int) -> None:
    """Raise an account's counters above everything that is there, and its collections' likewise.

    A collection whose highest_modseq was too low gets a new one, so that every client looks.
    """
    with db.write_transaction():
        begin_change(account_id)
        modseqs, uids = _highest_by_collection(account_id)
        raise_counters(account_id, *_highest_of_account(account_id, modseqs))
        change = begin_change(account_id)
        for model in apps.get_models():
            if issubclass(model, Item):
                late = model._base_manager.filter(account_id=account_id)
                late.filter(created_modseq__gt=F("modseq")).update(created_modseq=F("modseq"))
        for collection in Collection.objects.filter(account_id=account_id):
            held = max(modseqs.get(collection.pk, 0), collection.tombstone_floor)
            if held > collection.highest_modseq:
                touch_collection(change, collection.pk)
            if (uid := uids.get(collection.pk, 0)) >= collection.uid_next:
                Collection.objects.filter(pk=collection.pk).update(uid_next=uid + 1)


def _highest_by_collection(account_id: int) -> tuple[dict[int, int], dict[int, int]]:
    """Return the highest modseq and the highest UID of what lies in each collection."""
    modseqs: dict[int, int] = {}
    uids: dict[int, int] = {}
    for model, column in _columns_in_collections():
        held = modseqs if column == "modseq" else uids
        rows = model._base_manager.filter(account_id=account_id).values_list("collection_id")
        for collection_id, highest in rows.annotate(highest=Max(column)):
            held[collection_id] = max(held.get(collection_id, 0), highest)
    return modseqs, uids


def _columns_in_collections() -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        columns = {str(field.column) for field in model._meta.concrete_fields}
        if {"account_id", "collection_id", "modseq"} <= columns:
            yield model, "modseq"
            if issubclass(model, Item) and "uid" in columns:
                yield model, "uid"


def _highest_of_account(account_id: int, modseqs: dict[int, int]) -> tuple[int, int]:
    """Return the highest modseq and UIDVALIDITY that anything of the account has."""
    collections = Collection.objects.filter(account_id=account_id).aggregate(
        highest=Max("highest_modseq"),
        created=Max("created_modseq"),
        changed=Max("changed_modseq"),
        floor=Max("tombstone_floor"),
        uid_validity=Max("uid_validity"),
    )
    uid_validity = collections.pop("uid_validity") or 0
    dead = CollectionTombstone.objects.filter(account_id=account_id).aggregate(Max("modseq"))
    floor = AccountState.objects.get(account_id=account_id).tombstone_floor
    held = [*collections.values(), *dead.values(), *modseqs.values(), floor]
    return max(modseq or 0 for modseq in held), uid_validity


def forget_past(account_id: int, collection_id: int) -> None:
    """Let tombstones count for nothing so far: every client compares what is there."""
    with db.write_transaction():
        change = begin_change(account_id)
        touch_collection(change, collection_id)
        raise_floor(change, collection_id=collection_id, modseq=change.modseq)


def begin_anew(account_id: int, collection_id: int) -> None:
    """Give a collection a new UIDVALIDITY and no past: every client loads it again."""
    with db.write_transaction():
        change = begin_change(account_id)
        touch_collection(change, collection_id)
        Tombstone.objects.filter(collection_id=collection_id).delete()
        Collection.objects.filter(pk=collection_id, account_id=account_id).update(
            uid_validity=next_uid_validity(account_id),
            token_epoch=Greatest(F("token_epoch") + 1, epoch()),
            changed_modseq=change.modseq,
            tombstone_floor=change.modseq,
        )
