"""What a task says beside its times: how far it is, how urgent, and of which task it is a part.

    read_task(obj: CalendarObject) -> Task | None

A series is as its master says; what single instances say otherwise is in their components.
"""

from __future__ import annotations

from typing import NamedTuple

from calendar_app.ical.components import Component
from calendar_app.ical.objects import CalendarObject
from contacts.vcard.values import unescape_text

__all__ = ["Task", "read_task"]

_STATES = frozenset({"NEEDS-ACTION", "IN-PROCESS", "COMPLETED", "CANCELLED"})
_LONGEST_UID = 1_000


class Task(NamedTuple):
    """A task as lists show it.

    `status` is one of RFC 5545 §3.8.1.11, `percent` is 0 to 100, `priority` 0 (none) or 1 (highest)
    to 9. `parent_uid` is the UID of the task that it is a part of (RELATED-TO). `due_kind` is that
    of `values`, "" without a time; `due_at` counts as occurrences do. `repeats` tells of a series.
    """

    status: str
    percent: int
    priority: int
    parent_uid: str
    due_kind: str
    due_at: int
    repeats: bool


def read_task(obj: CalendarObject) -> Task | None:
    """Return what a VTODO says; None of anything else."""
    if obj.component != "VTODO":
        return None
    component = obj.first.component
    kind, due = _due(obj)
    status = component.value("STATUS").strip().upper()
    percent = _number(component, "PERCENT-COMPLETE", 100)
    if status not in _STATES:
        status = "COMPLETED" if component.value("COMPLETED") or percent == 100 else "NEEDS-ACTION"
    return Task(
        status,
        100 if status == "COMPLETED" else percent,
        _number(component, "PRIORITY", 9),
        _parent(component),
        kind,
        due,
        obj.is_recurring,
    )


def _due(obj: CalendarObject) -> tuple[str, int]:
    entry = obj.first
    if entry.end is not None:
        return entry.end.clock.kind, entry.end.key
    if entry.start is not None and entry.duration is not None:
        start = entry.start
        return start.clock.kind, entry.end_of(start.clock, start.local, start.key)
    return "", 0


def _number(component: Component, name: str, most: int) -> int:
    text = component.value(name).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return 0
    return min(int(text), most)


def _parent(component: Component) -> str:
    """Return the UID of the first parent; a relation without a type is one (§3.2.15)."""
    for line in component.all("RELATED-TO"):
        if line.params.get("RELTYPE", ("PARENT",))[0].upper() == "PARENT":
            return unescape_text(line.value.strip())[:_LONGEST_UID]
    return ""
