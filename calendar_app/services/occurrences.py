"""What the tables keep of an object beside its bytes: columns, and a row for each occurrence.

All of it is made of the bytes (`make_index`) and can be made anew; nothing here raises a modseq.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from calendar_app.ical.indexing import index_object
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.recurrence import DEFAULT_FUEL, Fuel
from calendar_app.ical.tasks import Task, read_task
from calendar_app.ical.zones import ZONE_RULES_VERSION
from calendar_app.lanes import UNEXPANDED, lane_of
from groupware.core import db, limits
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.errors import LimitExceeded

TABLES = ("calendar_app_occurrence", "calendar_app_task", "calendar_app_calendarobject")
"""Those whose rows hang on a resource."""
RULES = f"2/{ZONE_RULES_VERSION}"
"""By what rows are made: the version of this code's index, and of the time zones' rules.

Another number before the slash lets all rows be made anew.
"""
DAY = 86_400
PRIVATE = "private"
"""The classification of what only holders of the right `private` know of."""
_INSERT = (
    "INSERT INTO calendar_app_occurrence (account_id, collection_id, resource_id, component, lane,"
    " start_at, end_at, busy, recurrence_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)

_TASK = ", ".join(Task._fields)


class OccurrenceRow(NamedTuple):
    """A row of the occurrence table without its keys."""

    lane: int
    start_at: int
    end_at: int
    busy: str
    recurrence_id: str


@dataclass(frozen=True, slots=True)
class ObjectIndex:
    """The columns of an object, its occurrences, and of a task how far it is.

    `letter` is that of its component behind the V.
    """

    summary: str
    text: str
    classification: str
    has_alarm: bool
    expanded_until: int
    letter: str
    rows: tuple[OccurrenceRow, ...]
    task: Task | None


class Holder(NamedTuple):
    """Whose an index is: the keys of the object's row."""

    account_id: int
    collection_id: int
    resource_id: int


def next_horizon() -> int:
    """Return up to when endless series have rows that are written today."""
    return (epoch() // DAY + limits.CALENDAR_HORIZON.value) * DAY


def make_index(found: CalendarObject, horizon: int, *, leeway: int = 1) -> ObjectIndex:
    """Return what the tables keep of an object; raises `InvalidObject` for too many occurrences.

    Of what is stored already there may be more, by a factor. Hot: each PUT pays for it, before any
    lock.
    """
    index = index_object(
        found,
        horizon,
        max_instances=limits.CALENDAR_INSTANCES.value * leeway,
        fuel=Fuel(DEFAULT_FUEL * leeway),
    )
    rows = [
        OccurrenceRow(
            lane_of(row.kind, row.end - row.start), row.start, row.end, row.busy, row.recurrence_id
        )
        for row in index.rows
    ]
    if index.until:
        rows.append(OccurrenceRow(UNEXPANDED, index.until, index.until, "", ""))
    return ObjectIndex(
        _storable(found.summary),
        _storable(found.text),
        found.classification,
        found.has_alarm,
        index.until,
        letter_of(found.component),
        tuple(sorted(rows)),
        _storable_task(found),
    )


def letter_of(component: str) -> str:
    """Return the letter that stands for a component in the occurrence table."""
    return component[1:2]


def _storable(text: str) -> str:
    """Return text that both databases take: no NUL, and no half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _storable_task(found: CalendarObject) -> Task | None:
    task = read_task(found)
    return task and task._replace(parent_uid=_storable(task.parent_uid))


def insert_index(holder: Holder, index: ObjectIndex) -> None:
    """Write what is known of an object that is new, in the caller's transaction."""
    _insert(holder, index)
    _count_repeats(holder.resource_id, _repeats(len(index.rows)))


def replace_index(holder: Holder, index: ObjectIndex) -> str:
    """Write what is known of an object over what was, in the caller's transaction.

    Return how it was classified until then.
    """
    classification, repeats = _delete(holder.resource_id)
    _insert(holder, index)
    _count_repeats(holder.resource_id, _repeats(len(index.rows)) - repeats)
    return classification


def forget_index(resource_id: int) -> bool:
    """Remove what is known of an object, in the caller's transaction; tell if it was private.

    The object's own row is still there.
    """
    classification, repeats = _delete(resource_id)
    _count_repeats(resource_id, -repeats)
    return classification == PRIVATE


def _insert(holder: Holder, index: ObjectIndex) -> None:
    db.execute(
        "INSERT INTO calendar_app_calendarobject (resource_id, summary, text, classification,"
        " has_alarm, expanded_until) VALUES (%s, %s, %s, %s, %s, %s)",
        [holder.resource_id, *_columns(index)],
    )
    _insert_rows(holder, index.letter, index.rows)
    if index.task is not None:
        db.execute(
            f"INSERT INTO calendar_app_task (resource_id, {_TASK})"
            f" VALUES (%s{', %s' * len(Task._fields)})",
            [holder.resource_id, *index.task],
        )


def _delete(resource_id: int) -> tuple[str, int]:
    """Return how the object was classified, and how often it was repeated."""
    rows = db.fetch_rows(
        "DELETE FROM calendar_app_calendarobject WHERE resource_id = %s RETURNING classification",
        [resource_id],
    )
    removed = db.execute(
        "DELETE FROM calendar_app_occurrence WHERE resource_id = %s", [resource_id]
    )
    db.execute("DELETE FROM calendar_app_task WHERE resource_id = %s", [resource_id])
    return rows[0][0] if rows else "", _repeats(removed)


def _repeats(rows: int) -> int:
    return max(rows - 1, 0)


def _count_repeats(resource_id: int, more: int) -> None:
    """Count in the calendar what an object has beyond its first occurrence."""
    if more:
        db.execute(
            "UPDATE calendar_app_calendar SET repeats = repeats + %s WHERE collection_id ="
            " (SELECT collection_id FROM core_resource WHERE id = %s)",
            [more, resource_id],
        )


def check_repeats(account_id: int, indexes: Iterable[ObjectIndex]) -> None:
    """Raise `LimitExceeded` where what was written is too much for the account.

    Its quota counts the bytes of objects; a short one that repeats has many rows.
    """
    if all(len(index.rows) <= 1 for index in indexes):
        return
    ((repeats,),) = db.fetch_rows(
        "SELECT COALESCE(SUM(c.repeats), 0) FROM calendar_app_calendar c"
        " JOIN core_resourcecollection f ON f.collection_id = c.collection_id"
        " WHERE f.account_id = %s",
        [account_id],
    )
    if repeats > (most := limits.CALENDAR_REPEATS.value):
        raise LimitExceeded(
            f"The repeating events of an account take place {most} times at most: let some end."
        )


def recount_repeats(account_id: int, collection_id: int) -> None:
    """Count anew how often the objects of a calendar repeat; the doctor's repair."""
    with db.write_transaction():
        lock_account(account_id)
        db.execute(
            "UPDATE calendar_app_calendar SET repeats = (SELECT COUNT(*) - COUNT(DISTINCT"
            " o.resource_id) FROM calendar_app_occurrence o WHERE o.collection_id = %s)"
            " WHERE collection_id = %s",
            [collection_id, collection_id],
        )


def _columns(index: ObjectIndex) -> list[str | bool | int]:
    return [
        index.summary,
        index.text,
        index.classification,
        index.has_alarm,
        index.expanded_until,
    ]


def _insert_rows(holder: Holder, letter: str, rows: Iterable[OccurrenceRow]) -> None:
    if values := [(*holder, letter, *row) for row in rows]:
        db.execute_many(_INSERT, values)


def read_indexes(resource_ids: Sequence[int]) -> dict[int, ObjectIndex]:
    """Return what the tables hold of objects, as `make_index` would have it."""
    within, params = db.in_list("resource_id", resource_ids)
    rows: dict[int, list[OccurrenceRow]] = {}
    letters: dict[int, set[str]] = {}
    for resource_id, letter, *row in db.fetch_rows(
        "SELECT resource_id, component, lane, start_at, end_at, busy, recurrence_id"
        f" FROM calendar_app_occurrence WHERE {within}",
        params,
    ):
        rows.setdefault(resource_id, []).append(OccurrenceRow(*row))
        letters.setdefault(resource_id, set()).add(letter)
    tasks = {
        row[0]: Task._make((*row[1:-1], bool(row[-1])))
        for row in db.fetch_rows(
            f"SELECT resource_id, {_TASK} FROM calendar_app_task WHERE {within}", params
        )
    }
    held = db.fetch_rows(
        "SELECT c.resource_id, r.component, c.summary, c.text, c.classification, c.has_alarm,"
        " c.expanded_until FROM calendar_app_calendarobject c"
        f" JOIN core_resource r ON r.id = c.resource_id WHERE c.{within}",
        params,
    )
    return {
        resource_id: ObjectIndex(
            summary,
            text,
            classification,
            bool(has_alarm),
            until,
            "".join(sorted(letters.get(resource_id, {letter_of(component)}))),
            tuple(sorted(rows.get(resource_id, []))),
            tasks.get(resource_id),
        )
        for resource_id, component, summary, text, classification, has_alarm, until in held
    }
