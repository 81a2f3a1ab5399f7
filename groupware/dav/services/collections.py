"""Making calendars and address books as a client describes them, copying and moving them."""

from collections.abc import Iterable, Iterator

from calendar_app.queries.calendars import find_calendar
from calendar_app.services.calendars import USUAL_COMPONENTS, CalendarSettings, create_calendar
from contacts.services.addressbooks import create_address_book
from groupware.core import db, limits
from groupware.core.errors import LimitExceeded
from groupware.core.models import CollectionKind
from groupware.core.resources.collections import Face, rename_collection
from groupware.core.resources.items import anything
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import Stored, room_for_data
from groupware.dav.properties.dead import dead_of, dead_of_members
from groupware.dav.properties.wishes import Wishes
from groupware.dav.queries import Holder
from groupware.dav.resources import Resource
from groupware.dav.services.properties import store_dead
from groupware.dav.writing import writer_of

BATCH = 100
"""Members that one transaction writes: others wait for no more than that."""
BATCH_OCTETS = 16 << 20
"""Octets that fill a batch, however few members they are."""


def make_collection(account_id: int, kind: str, slug: str, wishes: Wishes) -> int:
    """Make a collection with all that is asked for, or nothing; return its id.

    Raises `AlreadyExists` for a slug that is taken, `Invalid`, `LimitExceeded`.
    """
    with db.write_transaction():
        if kind == CollectionKind.CALENDAR:
            collection_id = create_calendar(
                account_id,
                wishes.as_face(),
                slug=slug,
                components=wishes.components or USUAL_COMPONENTS,
                settings=wishes.as_settings(),
            )
        else:
            collection_id = create_address_book(account_id, wishes.as_face(), slug=slug)
        store_dead(Holder(account_id, collection_id), wishes.dead)
        return collection_id


def move_collection(source: Resource, target: Resource, replaced: Resource | None) -> None:
    """Give a collection the name of the target, in place of what is there.

    Raises `NotFound`, `AlreadyExists`, `Invalid`.
    """
    info = source.info
    assert info is not None
    with db.write_transaction():
        slug = _make_way(target, replaced)
        rename_collection(info.account_id, info.collection_id, slug)


def copy_collection(
    source: Resource, target: Resource, replaced: Resource | None, *, with_members: bool
) -> None:
    """Make a collection as the requester sees the source, in place of what is at the target.

    Members come in batches. What is to be replaced stays until all have come; where one cannot, the
    copy goes. Raises what writing them raises.
    """
    assert source.info is not None
    assert target.owner is not None
    if with_members and source.info.items > (most := limits.DAV_COPY.value):
        raise LimitExceeded(f"A collection that is copied has at most {most} members.")
    account_id = target.owner.account_id
    with db.write_transaction():
        slug = "" if replaced is not None else target.segment
        collection_id = _make_alike(source, account_id, slug)
    try:
        if with_members:
            _copy_members(source, account_id, collection_id)
        if replaced is not None:
            with db.write_transaction():
                rename_collection(account_id, collection_id, _make_way(target, replaced))
    except Exception:
        writer_of(source).delete_collection(account_id, collection_id)
        raise


def _make_way(target: Resource, replaced: Resource | None) -> str:
    """Remove what is at the target, and return its name."""
    if replaced is None or replaced.info is None:
        return target.segment
    info = replaced.info
    writer_of(replaced).delete_collection(info.account_id, info.collection_id)
    return info.slug


def _make_alike(source: Resource, account_id: int, slug: str) -> int:
    """Make a collection that shows and behaves as another does, and return its id."""
    info = source.info
    assert info is not None
    shown = source.face
    face = Face(shown.display_name, info.description, shown.color, shown.position)
    held = find_calendar(info.collection_id)
    if held is None:
        collection_id = create_address_book(account_id, face, slug=slug)
    else:
        settings = CalendarSettings(held.timezone, held.tzid, held.is_transparent)
        collection_id = create_calendar(
            account_id, face, slug=slug, components=held.components, settings=settings
        )
    store_dead(Holder(account_id, collection_id), {**dead_of(source)})
    return collection_id


def _copy_members(source: Resource, account_id: int, collection_id: int) -> None:
    assert source.info is not None
    writer = writer_of(source)
    dead = dead_of_members(source)
    for batch in _batches(source):
        puts = [(stored.href, writer.prepare(stored.data).put) for stored in batch]
        with db.write_transaction():
            for href, put in puts:
                written = put(Place(account_id, collection_id, href), anything)
                holder = Holder(account_id, collection_id, written.resource_id)
                store_dead(holder, {**dead.get(href, {})})


def _batches(source: Resource) -> Iterator[Iterable[Stored]]:
    left = [row.href for row in source.members.rows()]
    while left:
        room = room_for_data(BATCH_OCTETS)
        with db.read_snapshot():
            found = source.members.read_many(left[:BATCH], room)
        yield found.values()
        # Where it was not full, what is not found is gone.
        behind = [href for href in left[:BATCH] if href not in found] if room.is_full else []
        left = behind + left[BATCH:]
