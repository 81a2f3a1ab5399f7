"""Setting properties: the live ones by the services of the apps, the dead ones here, in one."""

from collections.abc import Mapping
from typing import Final

from calendar_app.services.calendars import change_calendar
from contacts.services.addressbooks import change_address_book
from groupware.core import db, limits
from groupware.core.changes import lock_account
from groupware.core.errors import LimitExceeded, NotFound
from groupware.core.models import CollectionKind
from groupware.core.resources.collections import Face
from groupware.core.resources.queries import CollectionInfo
from groupware.core.resources.readers import face_for_reader
from groupware.dav.properties.wishes import Wishes
from groupware.dav.queries import Dead, Holder, read_dead

_BATCH: Final = 1_000


def patch_collection(info: CollectionInfo, wishes: Wishes) -> None:
    """Set all that is asked of an owner's collection, or nothing; raises `GroupwareError`."""
    with db.write_transaction():
        _change_live(info, wishes.as_face(), wishes)
        store_dead(Holder(info.account_id, info.collection_id), wishes.dead)


def patch_shared(reader_id: int, info: CollectionInfo, wishes: Wishes) -> None:
    """Set all that is asked of a collection in the home of whom it is shared with, or nothing.

    Its name, colour and place are the reader's own there, and so are dead properties. Raises
    `GroupwareError`.
    """
    face = wishes.as_face()
    own = Face(face.display_name, None, face.color, face.position)
    with db.write_transaction():
        if own != Face():
            face_for_reader(reader_id, info.collection_id, own)
        _change_live(info, Face(description=face.description), wishes)
        store_dead(Holder(reader_id, info.collection_id), wishes.dead)


def _change_live(info: CollectionInfo, face: Face, wishes: Wishes) -> None:
    if face == Face() and not wishes.settings:
        return
    if info.kind == CollectionKind.CALENDAR:
        change_calendar(info.account_id, info.collection_id, face, wishes.as_settings())
    else:
        change_address_book(info.account_id, info.collection_id, face)


def store_dead(holder: Holder, properties: Mapping[str, str | None]) -> None:
    """Set dead properties, or remove those without a value; all or none.

    Raises `NotFound` where what has them is gone, `LimitExceeded`.
    """
    if not properties:
        return
    with db.write_transaction():
        lock_account(holder.account_id)
        _check_there(holder)
        for name, value in properties.items():
            _remove(holder, name)
            if value is not None:
                _insert(holder, name, value)
        _check_room(holder.account_id)


def carry_dead(properties: Dead, target: Holder) -> None:
    """Give a target the dead properties of what was copied or moved to it, and no other."""
    with db.write_transaction():
        lock_account(target.account_id)
        gone: dict[str, str | None] = dict.fromkeys(read_dead(target))
        store_dead(target, gone | properties)


def remove_left_over() -> int:
    """Remove the dead properties of members that are gone, and return how many."""
    total = 0
    while removed := _remove_batch():
        total += removed
    return total


_LEFT_OVER = (
    "SELECT p.id FROM dav_deadproperty p WHERE p.resource_id > 0"
    " AND NOT EXISTS (SELECT 1 FROM core_resource r WHERE r.id = p.resource_id)"
)


def _remove_batch() -> int:
    if not db.finds(_LEFT_OVER):
        return 0
    with db.write_transaction():
        return db.execute(f"DELETE FROM dav_deadproperty WHERE id IN ({_LEFT_OVER} LIMIT {_BATCH})")


def _check_there(holder: Holder) -> None:
    if holder.collection_id is not None and not db.key_share(
        "core_collection", holder.collection_id
    ):
        raise NotFound("The collection is gone.")
    if holder.resource_id and not db.fetch_rows(
        "SELECT 1 FROM core_resource WHERE id = %s AND collection_id = %s",
        [holder.resource_id, holder.collection_id],
    ):
        raise NotFound("It is gone.")


def _check_room(account_id: int) -> None:
    ((used,),) = db.fetch_rows(
        "SELECT COALESCE(SUM(size), 0) FROM dav_deadproperty WHERE account_id = %s", [account_id]
    )
    if used > (most := limits.DAV_PROPERTIES.value):
        raise LimitExceeded(f"The properties that clients set have at most {most} octets together.")


def _remove(holder: Holder, name: str) -> None:
    condition, params = holder.condition
    db.execute(f"DELETE FROM dav_deadproperty WHERE {condition} AND name = %s", [*params, name])


def _insert(holder: Holder, name: str, value: str) -> None:
    db.execute(
        "INSERT INTO dav_deadproperty (account_id, collection_id, resource_id, name, value, size)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        [*holder, name, value, len(name.encode()) + len(value.encode())],
    )
