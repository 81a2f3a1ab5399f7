"""Making, describing and deleting the collections of resources.

An app's service adds its own row in the same transaction, and its own limits.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from groupware.core import db, limits
from groupware.core.changes import Change, begin_change, next_uid_validity
from groupware.core.clock import epoch
from groupware.core.errors import AlreadyExists, Invalid, LimitExceeded, NotFound
from groupware.core.models import Collection, CollectionTombstone, ResourceCollection
from groupware.core.resources.items import check_href

MAX_DISPLAY_NAME = 255
MAX_DESCRIPTION = 4096
MAX_COLOR = 64
POSITIONS = range(-1, 1_000_000)
SHARED_MARK = "~"
"""Begins the segments under which a home shows what others share: no collection has such a slug."""
RESERVED_SLUGS = frozenset({"directory", "calendar-proxy-read", "calendar-proxy-write"})
"""Last segments in a home that stand for something else."""


@dataclass(frozen=True, slots=True)
class Face:
    """What a collection shows of itself; None leaves what is there."""

    display_name: str | None = None
    description: str | None = None
    color: str | None = None
    position: int | None = None


def create_collection(
    account_id: int, kind: str, face: Face, *, slug: str = "", role: str = ""
) -> tuple[Change, int]:
    """Create a calendar or an address book; return the change and its id.

    In the caller's transaction, which adds the app's row. Without a `slug` it gets a random one.
    Raises `AlreadyExists` for a slug that is taken, `Invalid`, `LimitExceeded`.
    """
    face = check_face(face)
    change = begin_change(account_id)
    _check_room(account_id, kind)
    slug = _checked_slug(account_id, slug) if slug else secrets.token_urlsafe(12).lstrip("-_~")
    collection = Collection.objects.create(
        account_id=account_id,
        kind=kind,
        name=_free_name(account_id, kind, face.display_name or slug),
        object_id=secrets.token_urlsafe(16),
        uid_validity=next_uid_validity(account_id),
        highest_modseq=change.modseq,
        created_modseq=change.modseq,
        changed_modseq=change.modseq,
        tombstone_floor=change.modseq,
    )
    ResourceCollection.objects.create(
        collection=collection, account_id=account_id, slug=slug, role=role, **_columns(face)
    )
    return change, collection.pk


def describe_collection(account_id: int, collection_id: int, face: Face) -> Change:
    """Change what a collection shows; its name on the command line follows its display name.

    Raises `NotFound` when it is gone, `Invalid`.
    """
    face = check_face(face)
    with db.write_transaction():
        change = begin_change(account_id)
        columns = _columns(face)
        held = Collection.objects.filter(id=collection_id, account_id=account_id).first()
        if held is None:
            raise NotFound("The collection is gone.")
        if columns:
            ResourceCollection.objects.filter(collection_id=collection_id).update(**columns)
        if face.display_name:
            held.name = _free_name(account_id, held.kind, face.display_name, but=collection_id)
        Collection.objects.filter(id=collection_id).update(
            changed_modseq=change.modseq, name=held.name
        )
        return change


def rename_collection(account_id: int, collection_id: int, slug: str) -> Change:
    """Give a collection another last segment of its URL; all else about it stays.

    Raises `AlreadyExists` for a slug that is taken, `Invalid`, `NotFound` when it is gone.
    """
    with db.write_transaction():
        change = begin_change(account_id)
        _checked_slug(account_id, slug)
        faces = ResourceCollection.objects.filter(
            collection_id=collection_id, account_id=account_id
        )
        if not faces.update(slug=slug):
            raise NotFound("The collection is gone.")
        Collection.objects.filter(id=collection_id).update(changed_modseq=change.modseq)
        return change


def delete_collection(account_id: int, collection_id: int, tables: tuple[str, ...]) -> Change:
    """Delete a collection and what is in it; give back what that used.

    `tables` are the app's, whose rows hang on resources by `resource_id`. The app's own row of the
    collection goes with it (ON DELETE CASCADE in the models). Raises `NotFound`.
    """
    with db.write_transaction():
        change = begin_change(account_id)
        held = Collection.objects.filter(id=collection_id, account_id=account_id).first()
        if held is None:
            raise NotFound("The collection is gone.")
        for table in (*tables, "core_resourcedata"):
            db.execute(
                f"DELETE FROM {table} WHERE resource_id IN"
                " (SELECT id FROM core_resource WHERE collection_id = %s)",
                [collection_id],
            )
        db.execute("DELETE FROM core_resource WHERE collection_id = %s", [collection_id])
        begin_change(account_id, add_bytes=-held.bytes, add_items=-held.items)
        CollectionTombstone.objects.create(
            account_id=account_id,
            kind=held.kind,
            object_id=held.object_id,
            modseq=change.modseq,
            created_at=epoch(),
        )
        held.delete()
        return change


def _columns(face: Face) -> dict[str, Any]:
    shown = {
        "display_name": face.display_name,
        "description": face.description,
        "color": face.color,
        "position": face.position,
    }
    return {name: value for name, value in shown.items() if value is not None}


def check_face(face: Face) -> Face:
    """Return a face as it is kept; raises `Invalid`."""
    for what, text, most in (
        ("name", face.display_name, MAX_DISPLAY_NAME),
        ("description", face.description, MAX_DESCRIPTION),
        ("color", face.color, MAX_COLOR),
    ):
        if text is not None and len(text) > most:
            raise Invalid(f"A collection's {what} has at most {most} characters.")
        if text is not None and ("\0" in text or any("\ud800" <= c <= "\udfff" for c in text)):
            raise Invalid(f"A collection's {what} is text in UTF-8 without NUL.")
    if face.position is not None and face.position not in POSITIONS:
        raise Invalid(f"A collection's order is a number from 0 to {POSITIONS[-1]}.")
    return (
        face if face.display_name is None else replace(face, display_name=face.display_name.strip())
    )


def _checked_slug(account_id: int, slug: str) -> str:
    check_href(slug)
    if slug.startswith(SHARED_MARK) or slug in RESERVED_SLUGS:
        raise Invalid(f"{slug} stands for something else here: choose another name.")
    if ResourceCollection.objects.filter(account_id=account_id, slug=slug).exists():
        raise AlreadyExists(f"There is a collection {slug} already.")
    return slug


def _check_room(account_id: int, kind: str) -> None:
    most = limits.COLLECTIONS.value
    if Collection.objects.filter(account_id=account_id, kind=kind).count() >= most:
        raise LimitExceeded(f"An account has at most {most} {kind}.")


def _free_name(account_id: int, kind: str, wanted: str, *, but: int = 0) -> str:
    """Return a name of the command line's for a display name: the same, or with a number.

    It is what follows ADDRESS/KIND/, so that a slash and control characters are left out.
    """
    base = "".join(" " if ord(c) < 32 or c == "/" else c for c in wanted).strip() or "unnamed"
    held = Collection.objects.filter(account_id=account_id, kind=kind).exclude(id=but)
    taken = set(held.values_list("name", flat=True))
    if base not in taken:
        return base
    return next(name for n in range(2, len(taken) + 3) if (name := f"{base} {n}") not in taken)
