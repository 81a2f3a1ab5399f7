"""Calendar objects: what is known of each is there and, with `deep`, what its bytes say."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, NamedTuple

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.lanes import UNEXPANDED
from calendar_app.models import OccurrenceRules
from calendar_app.services.objects import object_limits
from calendar_app.services.occurrences import (
    RULES,
    ObjectIndex,
    make_index,
    next_horizon,
    read_indexes,
)
from calendar_app.services.reindexing import LEEWAY, reindex_object
from groupware.core import db
from groupware.core.doctor import (
    Examination,
    Fault,
    Finding,
    Note,
    Repair,
    Rule,
    RuledRows,
    read_rows,
)
from groupware.core.doctor.collections import COLLECTION, RESTORE

DEEP_PAGE = 50
"""Objects that are read and expanded at once."""

_INDEX = "Make its columns and occurrences anew: `doctor --repair`."
_READ = "Remove the object, or put it again as its client has it."
_NOTE = f"SELECT 1 FROM calendar_app_occurrence n WHERE n.resource_id = r.id AND n.lane = {UNEXPANDED:d}"

_OBJECTS = RuledRows(
    tables=(
        "core_resource r JOIN core_collection c ON c.id = r.collection_id"
        " JOIN core_account a ON a.id = c.account_id"
        " LEFT JOIN calendar_app_calendarobject o ON o.resource_id = r.id"
    ),
    columns=(("key", "r.id"), ("where", f"{COLLECTION} || '/' || r.href")),
    rules=(
        Rule(
            "object-row",
            "c.kind = 'calendars' AND o.resource_id IS NULL",
            "nothing is known of it: no search finds it",
            _INDEX,
            reindex_object,
            ("key",),
        ),
        Rule(
            "object-row",
            "c.kind <> 'calendars' AND o.resource_id IS NOT NULL",
            "it is in no calendar, and has the columns of an event",
            RESTORE,
        ),
        Rule(
            "occurrence-owner",
            "EXISTS (SELECT 1 FROM calendar_app_occurrence p WHERE p.resource_id = r.id"
            " AND (p.collection_id <> r.collection_id OR p.account_id <> r.account_id))",
            "its occurrences are those of another calendar",
            _INDEX,
            reindex_object,
            ("key",),
        ),
        Rule(
            "occurrence-horizon",
            f"o.expanded_until > 0 AND NOT EXISTS ({_NOTE} AND n.start_at = o.expanded_until)"
            f" OR o.expanded_until = 0 AND EXISTS ({_NOTE})",
            "where its occurrences end is not noted among them",
            _INDEX,
            reindex_object,
            ("key",),
        ),
    ),
)
_BYTES = f"""
SELECT r.id, {COLLECTION} || '/' || r.href, r.component, r.ical_uid, d.data FROM core_resource r
JOIN core_collection c ON c.id = r.collection_id JOIN core_account a ON a.id = c.account_id
JOIN core_resourcedata d ON d.resource_id = r.id
WHERE {{within}} AND c.kind = 'calendars' AND r.id > %s ORDER BY r.id LIMIT {DEEP_PAGE:d}
"""


class _Object(NamedTuple):
    resource_id: int
    where: str
    component: str
    ical_uid: str
    data: bytes


def check_objects(examination: Examination) -> Iterator[Finding]:
    """Find objects of which not all is known; with `deep`, what is known and is not so."""
    yield from _OBJECTS.find(examination.within("r.account_id"))
    if not examination.deep:
        return
    rules = OccurrenceRules.objects.filter(pk=1).first()
    if rules is not None and rules.version != RULES:
        yield Note("calendar-rules", "The worker makes occurrences anew, by other time zones.")
        return
    ((total,),) = read_rows("SELECT COUNT(*) FROM calendar_app_calendarobject")
    for done, (found, held) in enumerate(_read_objects(examination)):
        examination.on_progress("calendar objects", done, total)
        yield from _compare(found, held)


def _read_objects(examination: Examination) -> Iterator[tuple[_Object, ObjectIndex | None]]:
    """Yield objects and what is known of them, each page as one state of the store has it."""
    sql = _BYTES.format(within=examination.within("r.account_id"))
    rows: list[tuple[Any, ...]] = []
    after = 0
    while len(rows) == DEEP_PAGE or not after:
        with db.read_snapshot():
            rows = db.fetch_rows(sql, [after])
            held = read_indexes([row[0] for row in rows])
        for row in rows:
            yield _Object(*row), held.get(row[0])
        after = rows[-1][0] if rows else 1


def _compare(found: _Object, held: ObjectIndex | None) -> Iterator[Fault]:
    try:
        read = read_object(bytes(found.data), object_limits())
        made = _make(read, held) if held is not None else None
    except InvalidObject as error:
        yield Fault("object-data", found.where, f"it cannot be read: {error.text}", _READ)
        return
    if (read.component, read.ical_uid) != (found.component, found.ical_uid):
        what = f"it is kept as {found.component} {found.ical_uid}, and is {read.component} {read.ical_uid}"
        yield Fault("object-data", found.where, what, RESTORE)
    if held is not None and held != made:
        names = [f.name for f in fields(held) if getattr(held, f.name) != getattr(made, f.name)]
        what = f"its index is not what its bytes say: {', '.join(names)}"
        repair = Repair(reindex_object, (found.resource_id,))
        yield Fault("object-index", found.where, what, _INDEX, repair)


def _make(read: CalendarObject, held: ObjectIndex) -> ObjectIndex:
    """Return what should be known, as far ahead as there are rows."""
    last = max((row.end_at for row in held.rows), default=0)
    horizon = held.expanded_until or max(next_horizon(), last)
    return make_index(read, horizon, leeway=LEEWAY)
