"""Copying and moving objects between calendars; `groupware.core.resources.moving` says how."""

from functools import partial

from calendar_app.services.objects import (
    Prepared,
    check_open,
    discard_object,
    prepare_object,
    put_object,
)
from groupware.core.errors import NotFound
from groupware.core.resources import moving
from groupware.core.resources.items import Check, Written, anything
from groupware.core.resources.moving import Place, Then, Writer, nothing
from groupware.core.resources.queries import read_data


def copy_object(
    source: Place, target: Place, *, check: Check = anything, source_check: Check = anything
) -> Written:
    """Copy an object; `check` is asked about what the target has.

    Raises `NotFound`, and what the checks and `put_object` raise.
    """
    writer = _writer_of(source, source_check)
    return moving.copy_resource(writer, source, target, check=check, source_check=source_check)


def move_object(
    source: Place,
    target: Place,
    *,
    check: Check = anything,
    source_check: Check = anything,
    then: Then = nothing,
) -> Written:
    """Move an object; `check` is asked about what the target has.

    Raises `NotAllowed` where nothing may be taken away, and what `copy_object` raises.
    """
    check_open(source.collection_id)
    writer = _writer_of(source, source_check)
    return moving.move_resource(
        writer, source, target, check=check, source_check=source_check, then=then
    )


def _writer_of(source: Place, source_check: Check) -> Writer:
    """Return what writes the source's bytes, which are read and expanded here: before any lock."""
    stored = read_data(source.collection_id, source.href)
    source_check(stored.etag if stored else None)
    if stored is None:
        raise NotFound(f"There is no {source.href} here.")
    return Writer(WRITER.topic, partial(_put, prepare_object(stored.data)), WRITER.remove)


def _put(prepared: Prepared | None, place: Place, data: bytes, *, check: Check) -> Written:
    if prepared is None or prepared.content.data != data:
        prepared = prepare_object(data)  # it was changed just now
    return put_object(*place, prepared, check=check)


def _remove(place: Place, *, check: Check) -> int:
    return discard_object(*place, check=check)


WRITER = Writer("calendar.finish-move", partial(_put, None), _remove)
"""How objects are written, for what copies and moves any resource."""
