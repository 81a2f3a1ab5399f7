"""Making anew what the tables keep of objects: as time goes on, for other rules, after damage.

No modseq is raised: what a client was sent stays as it is, unless readers are shown something else
from then on. Objects are read and expanded outside of any lock, a batch at a time, and written
where they are still the same then.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import structlog

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.objects import read_object
from calendar_app.models import OccurrenceRules
from calendar_app.services.objects import object_limits
from calendar_app.services.occurrences import (
    DAY,
    PRIVATE,
    RULES,
    Holder,
    ObjectIndex,
    make_index,
    next_horizon,
    read_indexes,
    replace_index,
)
from groupware.core import db
from groupware.core.changes import lock_account
from groupware.core.clock import monotonic
from groupware.core.resources.items import leave_tombstone, touch_resource

BATCH = 50
"""Objects that are read at once; those of one account are one transaction."""
ROUND_SECONDS = 20.0
"""After which a round begins no further batch: the next one goes on."""
STEP = 31 * DAY
"""A series gets rows as far as the horizon when so much of them is missing."""
LEEWAY = 10
"""How much more there may be of an object that is stored than of one that is put."""
_log = structlog.get_logger("groupware.calendar")


class StoredObject(NamedTuple):
    """An object as it is stored."""

    holder: Holder
    etag: str
    data: bytes


def move_horizon() -> int:
    """Let endless series have rows up to the horizon again; return how many got more.

    What a round leaves is due at the next one.
    """
    due = next_horizon() - STEP
    changed = until = last = 0
    deadline = monotonic() + ROUND_SECONDS
    while monotonic() < deadline:
        rows = db.fetch_rows(
            "SELECT expanded_until, resource_id FROM calendar_app_calendarobject"
            " WHERE expanded_until > 0 AND expanded_until < %s"
            " AND (expanded_until > %s OR (expanded_until = %s AND resource_id > %s))"
            f" ORDER BY expanded_until, resource_id LIMIT {BATCH:d}",
            [due, until, until, last],
        )
        if not rows:
            return changed
        changed += reindex_objects([row[1] for row in rows])
        until, last = rows[-1]
    return changed


def renew_rules() -> int:
    """Make all occurrences anew where they were made by other rules; return how many changed.

    It goes on where it was ended. Invariant: while `version` is not `RULES`, each object up to
    `position` has rows that are made by `building`.
    """
    held = OccurrenceRules.objects.filter(pk=1).first() or _begin()
    if held.version == RULES:
        return 0
    position = held.position if held.building == RULES else 0
    changed = 0
    deadline = monotonic() + ROUND_SECONDS
    while monotonic() < deadline:
        rows = db.fetch_rows(
            "SELECT resource_id FROM calendar_app_calendarobject WHERE resource_id > %s"
            f" ORDER BY resource_id LIMIT {BATCH:d}",
            [position],
        )
        if not rows:
            _note(version=RULES, building="", position=0)
            return changed
        changed += reindex_objects([row[0] for row in rows])
        position = rows[-1][0]
        _note(building=RULES, position=position)
    return changed


def _begin() -> OccurrenceRules:
    with db.write_transaction():
        return OccurrenceRules.objects.get_or_create(pk=1)[0]


def _note(**columns: str | int) -> None:
    with db.write_transaction():
        OccurrenceRules.objects.filter(pk=1).update(**columns)


def reindex_object(resource_id: int) -> None:
    """Make anew what is known of one object, whatever is there; the doctor's repair."""
    _reindex(_read([resource_id]), {})


def reindex_objects(resource_ids: Sequence[int]) -> int:
    """Make anew what is known of objects, a few; return of how many it was not so before."""
    with db.read_snapshot():
        stored = _read(resource_ids)
        held = read_indexes(resource_ids)
    return _reindex(stored, held)


def _reindex(stored: Sequence[StoredObject], held: Mapping[int, ObjectIndex]) -> int:
    """Write what is not held as it must be; one transaction for each account."""
    horizon = next_horizon()
    changes: dict[int, list[tuple[StoredObject, ObjectIndex]]] = {}
    for one in stored:
        index = index_stored(one, horizon)
        if index is not None and index != held.get(one.holder.resource_id):
            changes.setdefault(one.holder.account_id, []).append((one, index))
    for account_id, found in changes.items():
        _write(account_id, found)
    return sum(map(len, changes.values()))


def index_stored(one: StoredObject, horizon: int) -> ObjectIndex | None:
    """Return what the tables are to keep of an object that is stored; None where it is not read."""
    try:
        return make_index(read_object(one.data, object_limits()), horizon, leeway=LEEWAY)
    except InvalidObject as error:
        resource = one.holder.resource_id
        _log.warning("an object that is stored cannot be read", resource=resource, why=error.text)
        return None


def _read(resource_ids: Sequence[int]) -> list[StoredObject]:
    within, params = db.in_list("r.id", resource_ids)
    rows = db.fetch_rows(
        "SELECT r.account_id, r.collection_id, r.id, r.etag, d.data FROM core_resource r"
        f" JOIN core_resourcedata d ON d.resource_id = r.id WHERE {within}",
        params,
    )
    return [StoredObject(Holder(*row[:3]), row[3], bytes(row[4])) for row in rows]


def _write(account_id: int, found: Sequence[tuple[StoredObject, ObjectIndex]]) -> None:
    with db.write_transaction():
        lock_account(account_id)
        within, params = db.in_list("id", [one.holder.resource_id for one, _ in found])
        rows = db.fetch_rows(
            f"SELECT id, collection_id, etag, href FROM core_resource WHERE {within}", params
        )
        now = {row[0]: row[1:] for row in rows}
        for one, index in found:
            *held, href = now.get(one.holder.resource_id, (0, "", ""))
            if held == [one.holder.collection_id, one.etag]:
                before = replace_index(one.holder, index)
                if before != index.classification:
                    _tell_readers(one.holder, href, index)


def _tell_readers(holder: Holder, href: str, index: ObjectIndex) -> None:
    """Let those hear of an object who may not see what is private, and took it for another."""
    modseq = touch_resource(*holder)
    if index.classification == PRIVATE:
        leave_tombstone(holder.account_id, holder.collection_id, href, modseq)
