"""Tasks as lists show them."""

from collections.abc import Sequence
from typing import NamedTuple

from groupware.core import db

_OPEN = " AND t.status IN ('NEEDS-ACTION', 'IN-PROCESS')"


class TaskRow(NamedTuple):
    """A task; the columns from `status` on are `calendar_app.ical.tasks.Task`'s."""

    resource_id: int
    collection_id: int
    href: str
    ical_uid: str
    summary: str
    classification: str
    status: str
    percent: int
    priority: int
    parent_uid: str
    due_kind: str
    due_at: int
    repeats: bool


def list_tasks(
    collection_ids: Sequence[int], *, parent_uid: str | None = None, is_open: bool = False
) -> list[TaskRow]:
    """Return tasks: those that are due first, then by priority; those without a time last.

    With a `parent_uid` only the parts of that task, "" for those that are parts of none. With
    `is_open` only what is left to do.
    """
    within, params = db.in_list("r.collection_id", collection_ids)
    condition = _OPEN if is_open else ""
    if parent_uid is not None:
        condition, params = f"{condition} AND t.parent_uid = %s", [*params, parent_uid]
    rows = db.fetch_rows(
        "SELECT r.id, r.collection_id, r.href, r.ical_uid, c.summary, c.classification, t.status,"
        " t.percent, t.priority, t.parent_uid, t.due_kind, t.due_at, t.repeats"
        " FROM core_resource r JOIN calendar_app_task t ON t.resource_id = r.id"
        " JOIN calendar_app_calendarobject c ON c.resource_id = r.id"
        f" WHERE {within}{condition} ORDER BY t.due_kind = '', t.due_at, t.priority = 0,"
        " t.priority, r.id",
        params,
    )
    return [TaskRow._make((*row[:-1], bool(row[-1]))) for row in rows]
