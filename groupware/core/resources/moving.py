"""Copying and moving single resources, within an account and across; the apps say how to write.

Invariant: across accounts a resource is in both places or in the target, whatever crashes.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from groupware.core import crashpoints, db, outbox
from groupware.core.changes import lock_account
from groupware.core.errors import Invalid, NotFound
from groupware.core.resources.items import Check, PreconditionFailed, Written, anything
from groupware.core.resources.queries import Stored, find_resource, read_data


class Place(NamedTuple):
    """Where a resource is, or is to be."""

    account_id: int
    collection_id: int
    href: str


Then = Callable[[Written], None]
"""Does what hangs on a resource that was written, in the same transaction."""


def nothing(_written: Written) -> None:
    """Let nothing hang on what was written."""


class Put(Protocol):
    """Stores bytes at a place, with what the app keeps of them."""

    def __call__(self, place: Place, data: bytes, *, check: Check) -> Written:
        """Do as `items.put_resource` does."""
        ...


class Remove(Protocol):
    """Removes what is at a place, with what the app keeps of it."""

    def __call__(self, place: Place, *, check: Check) -> int:
        """Do as `items.remove_resource` does."""
        ...


@dataclass(frozen=True, slots=True)
class Writer:
    """How an app writes its resources; `topic` is of the outbox rows that finish its moves."""

    topic: str
    put: Put
    remove: Remove


def register(writer: Writer) -> None:
    """Let the rows that an app's moves leave be worked off."""
    outbox.register(writer.topic, partial(_finish, writer))


def copy_resource(
    writer: Writer,
    source: Place,
    target: Place,
    *,
    check: Check = anything,
    source_check: Check = anything,
) -> Written:
    """Write what is at one place to another, byte for byte; the target's owner pays.

    `check` is of the target. Raises `NotFound`, and what both checks and the app's put raise.
    """
    _refuse_same(source, target)
    stored = _read(source, source_check)
    return writer.put(target, stored.data, check=check)


def move_resource(
    writer: Writer,
    source: Place,
    target: Place,
    *,
    check: Check = anything,
    source_check: Check = anything,
    then: Then = nothing,
) -> Written:
    """Move what is at one place to another, where it may stand in for what is there.

    Within an account it is one transaction. Across accounts the copy and an outbox row are one,
    the removal a second, right after the commit; `then` is in the first. Raises as `copy_resource`
    does, and what `then` raises.
    """
    _refuse_same(source, target)
    with db.write_transaction():
        if source.account_id == target.account_id:
            lock_account(source.account_id)
            stored = _read(source, source_check)
            writer.remove(source, check=anything)  # first: one collection holds a UID once
            written = writer.put(target, stored.data, check=check)
            then(written)
            return written
        stored = _read(source, source_check)
        written = writer.put(target, stored.data, check=check)
        then(written)
        row_id = outbox.add(
            writer.topic,
            {"source": list(source), "target": list(target), "etag": stored.etag},
            account_id=target.account_id,
        )
        db.on_commit(partial(crashpoints.reach, "move-copied"))
        outbox.run_after_commit(row_id)
    return written


def _refuse_same(source: Place, target: Place) -> None:
    if source == target:
        raise Invalid("Source and target are the same.")


def _read(place: Place, check: Check) -> Stored:
    stored = read_data(place.collection_id, place.href)
    check(stored.etag if stored else None)
    if stored is None:
        raise NotFound(f"There is no {place.href} here.")
    return stored


def _finish(writer: Writer, payload: dict[str, Any]) -> None:
    """Remove the source of a move across accounts, unless it was changed since.

    Nor when the copy is gone: somebody has removed it before this came to its end.
    """
    source, target = Place(*payload["source"]), Place(*payload["target"])

    def check(etag: str | None) -> None:
        if etag != payload["etag"] or not find_resource(target.collection_id, target.href):
            raise PreconditionFailed("Source or target was changed after the copy.")

    with suppress(NotFound, PreconditionFailed):
        writer.remove(source, check=check)
    crashpoints.reach("move-removed")
