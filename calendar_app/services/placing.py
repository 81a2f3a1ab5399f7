"""Copying and moving objects between calendars, within an account and across."""

from functools import partial
from typing import Any, NamedTuple

from calendar_app.services.objects import (
    Prepared,
    check_open,
    discard_object,
    prepare_object,
    put_object,
)
from groupware.core import crashpoints, db, outbox
from groupware.core.changes import lock_account
from groupware.core.errors import Invalid, NotFound, Stale
from groupware.core.resources import queries
from groupware.core.resources.items import Check, PreconditionFailed, Written, anything

FINISH_MOVE = "calendar.finish-move"


class Place(NamedTuple):
    """Where an object is, or is to be."""

    account_id: int
    collection_id: int
    href: str


def copy_object(source: Place, target: Place, *, check: Check = anything) -> Written:
    """Copy an object as it is now; `check` is asked about what the target has.

    Raises `NotFound`, and what `put_object` raises.
    """
    return put_object(*target, _prepare(source), check=check)


def move_object(
    source: Place, target: Place, *, check: Check = anything, check_source: Check = anything
) -> Written:
    """Move an object; `check` is asked about what the target has.

    Within an account it is one transaction. Across accounts the copy and an outbox row are one, the
    removal a second that the row makes sure of, right after the commit: after a crash the object is
    in both places, never in neither; one that is changed in between stays. Raises `NotFound`,
    `Invalid` where it is there already, `Stale` when the source changed meanwhile, and what `put_object` raises.
    """
    prepared = _prepare(source)
    if source == target:
        raise Invalid("The object is there already.")
    if source.account_id == target.account_id:
        return _move_within(source, target, prepared, (check, check_source))
    with db.write_transaction():
        check_open(source.collection_id)
        _check_unchanged(source, prepared, check_source)
        written = put_object(*target, prepared, check=check)
        payload = {"source": source, "target": target, "etag": written.etag}
        row_id = outbox.add(FINISH_MOVE, payload, account_id=target.account_id)
        db.on_commit(partial(crashpoints.reach, "move-copied"))
        outbox.run_after_commit(row_id)
    return written


def _move_within(
    source: Place, target: Place, prepared: Prepared, checks: tuple[Check, Check]
) -> Written:
    check, check_source = checks
    with db.write_transaction():
        lock_account(source.account_id)
        check_open(source.collection_id)
        _check_unchanged(source, prepared, check_source)
        # The source goes first: within a calendar the UID is taken by it.
        discard_object(*source)
        return put_object(*target, prepared, check=check)


def _prepare(source: Place) -> Prepared:
    stored = queries.read_data(source.collection_id, source.href)
    if stored is None:
        raise NotFound(f"There is no {source.href} here.")
    return prepare_object(stored.data)


def _check_unchanged(source: Place, prepared: Prepared, check: Check) -> None:
    row = queries.find_resource(source.collection_id, source.href)
    check(row.etag if row else None)
    if row is None or row.etag != prepared.content.etag:
        raise Stale("The object was changed just now: read it again.")


def finish_move(payload: dict[str, Any]) -> None:
    """Remove the source of a move across accounts, if it is still what was copied.

    Not when the copy is gone: somebody has removed it since. A second run finds nothing to do.
    """
    target, etag = Place(*payload["target"]), payload["etag"]

    def check(held: str | None) -> None:
        if held != etag or queries.find_resource(target.collection_id, target.href) is None:
            raise PreconditionFailed("It was changed or removed meanwhile.")

    try:
        discard_object(*payload["source"], check=check)
    except (NotFound, PreconditionFailed, Stale):
        return
    crashpoints.reach("move-removed")
