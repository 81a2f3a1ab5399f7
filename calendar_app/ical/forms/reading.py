"""An object as a form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from calendar_app.ical.components import Component
from calendar_app.ical.entries import Entry
from calendar_app.ical.forms.alerts import read_alerts
from calendar_app.ical.forms.people import read_people
from calendar_app.ical.forms.times import read_times
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.values import BadValue, parse_local, to_datetime
from contacts.vcard.values import split_list, unescape_text

__all__ = ["EVENT_STATES", "TASK_STATES", "read_fields", "read_form", "recurrence_id_of"]

EVENT_STATES = ("confirmed", "tentative", "cancelled")
TASK_STATES = ("needs-action", "in-process", "completed", "cancelled")
CLASSES = ("public", "private", "confidential")
_TEXTS = {"title": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION"}
_PLAIN = {"url": "URL", "color": "COLOR"}


def read_form(obj: CalendarObject) -> dict[str, Any]:
    """Return an event or a task as a form: the series, and what its single instances say."""
    entry = obj.first
    rules = entry.component.all("RRULE")
    return {
        "uid": obj.ical_uid,
        **read_fields(entry),
        "recurrence_rule": rules[0].value.strip() if rules else None,
        "excluded": list(_excluded(obj)),
        "overrides": [
            {"recurrence_id": recurrence_id_of(obj, override), **read_fields(override)}
            for override in obj.overrides
        ],
    }


def read_fields(entry: Entry) -> dict[str, Any]:
    """Return what a single component says."""
    component = entry.component
    fields: dict[str, Any] = {
        name: unescape_text(component.value(prop)) for name, prop in _TEXTS.items()
    }
    fields |= {name: component.value(prop).strip() for name, prop in _PLAIN.items()}
    fields |= read_times(entry)
    fields["categories"] = [
        text for line in component.all("CATEGORIES") for text in split_list(line.value) if text
    ]
    fields["classification"] = _class(component)
    fields["priority"] = _number(component, "PRIORITY", 9)
    fields |= _task_fields(component) if component.name == "VTODO" else _event_fields(component)
    fields |= read_people(component)
    fields["alerts"] = read_alerts(component)
    fields["sequence"] = _number(component, "SEQUENCE", 1 << 31)
    fields["created_at"] = _instant(component, "CREATED")
    fields["changed_at"] = _instant(component, "LAST-MODIFIED") or _instant(component, "DTSTAMP")
    return fields


def recurrence_id_of(obj: CalendarObject, override: Entry) -> str:
    """Return the name of an override among the instances of its series."""
    assert override.recurrence_id is not None
    anchor = obj.master.anchor if obj.master is not None else None
    clock = anchor.clock if anchor is not None else override.recurrence_id.clock
    return clock.serialize(override.recurrence_id.key_on(clock))


def _excluded(obj: CalendarObject) -> Iterator[str]:
    master = obj.master
    if master is None or master.anchor is None:
        return
    clock = master.anchor.clock
    for moment in master.excluded:
        yield clock.serialize(moment.key_on(clock))


def _event_fields(component: Component) -> dict[str, Any]:
    status = component.value("STATUS").strip().lower()
    is_free = component.value("TRANSP").strip().upper() == "TRANSPARENT"
    return {
        "status": status if status in EVENT_STATES else "confirmed",
        "free_busy_status": "free" if is_free else "busy",
    }


def _task_fields(component: Component) -> dict[str, Any]:
    status = component.value("STATUS").strip().lower()
    percent = _number(component, "PERCENT-COMPLETE", 100)
    if status not in TASK_STATES:
        is_done = bool(component.value("COMPLETED")) or percent == 100
        status = "completed" if is_done else "needs-action"
    return {
        "status": status,
        "percent": 100 if status == "completed" else percent,
        "completed_at": _instant(component, "COMPLETED"),
        "parent_uid": _parent(component),
    }


def _parent(component: Component) -> str | None:
    for line in component.all("RELATED-TO"):
        if line.params.get("RELTYPE", ("PARENT",))[0].upper() == "PARENT":
            return unescape_text(line.value.strip())
    return None


def _class(component: Component) -> str:
    """Return the class; what is unknown is private (RFC 5545 §3.8.1.3)."""
    told = component.value("CLASS").strip().lower() or "public"
    return told if told in CLASSES else "private"


def _number(component: Component, name: str, most: int) -> int:
    text = component.value(name).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return 0
    return min(int(text), most)


def _instant(component: Component, name: str) -> str | None:
    """Return a time that is UTC by its definition; one that cannot be read is none."""
    try:
        local = parse_local(component.value(name).strip()[:15])
    except BadValue:
        return None
    return f"{to_datetime(local).isoformat()}Z"
