"""Alerts of a form (VALARM): how long before or after it begins or ends, or at which moment.

Those that are not of this form (positions, procedures) are none of it, and stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from calendar_app.ical.components import Component, Line
from calendar_app.ical.forms.times import parse_time, serialize_duration
from calendar_app.ical.nodes import Node, make_node
from calendar_app.ical.values import (
    DAY,
    BadValue,
    parse_duration,
    parse_local,
    serialize_utc,
    to_datetime,
)
from contacts.vcard.forms.errors import BadField
from contacts.vcard.values import escape_text

__all__ = ["read_alerts", "write_alerts"]

ACTIONS = ("display", "audio")
"""What may be written; `email` is read, and stays where it is sent back."""


def read_alerts(component: Component) -> list[dict[str, Any]]:
    """Return the alerts that a form knows, in their order."""
    told = (_read(alarm.value("ACTION"), alarm.first("TRIGGER")) for alarm in _alarms(component))
    return [alert for alert in told if alert is not None]


def _alarms(component: Component) -> list[Component]:
    return component.children_named("VALARM")


def _read(action: str, trigger: Line | None) -> dict[str, Any] | None:
    action = action.strip().lower() or "display"
    if trigger is None or action not in {*ACTIONS, "email"}:
        return None
    text = trigger.value.strip()
    try:
        if trigger.params.get("VALUE", ("",))[0].upper() == "DATE-TIME" or text[:1].isdigit():
            at = f"{to_datetime(parse_local(text[:15])).isoformat()}Z"
            return {"action": action, "offset": None, "related": "start", "at": at}
        days, seconds = parse_duration(text)
    except BadValue:
        return None
    by_end = trigger.params.get("RELATED", ("",))[0].upper() == "END"
    offset = _signed(days, seconds)
    return {"action": action, "offset": offset, "related": "end" if by_end else "start", "at": None}


def _signed(days: int, seconds: int) -> str:
    if days < 0 or seconds < 0:
        return f"-{serialize_duration(-days, -seconds)}"
    return serialize_duration(days, seconds)


def write_alerts(node: Node, wanted: Iterable[Mapping[str, Any]], title: str) -> None:
    """Write alerts; those that are there already stay as they are. Raises `BadField`."""
    held = [(alarm, _read_node(alarm)) for alarm in node.children("VALARM")]
    kept: list[Node] = [alarm for alarm, form in held if form is None]
    known = [(alarm, form) for alarm, form in held if form is not None]
    made: list[Node] = []
    for alert in wanted:
        form = _complete(alert)
        same = next((pair for pair in known if pair[1] == form), None)
        if same is not None:
            known.remove(same)
            kept.append(same[0])
        else:
            made.append(_make(form, title))
    node.parts = [
        part
        for part in node.parts
        if not (isinstance(part, Node) and part.name == "VALARM" and part not in kept)
    ]
    node.parts += made


def _read_node(alarm: Node) -> dict[str, Any] | None:
    actions, triggers = alarm.lines("ACTION"), alarm.lines("TRIGGER")
    action = actions[0].line.value if actions else ""
    return _read(action, triggers[0].line if triggers else None)


def _complete(alert: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert in the one spelling that `read_alerts` has."""
    action, offset, at = alert.get("action", "display"), alert.get("offset"), alert.get("at")
    if (offset is None) == (at is None):
        raise BadField("alerts", "An alert has an offset as -PT15M, or a moment as `at`.")
    related = alert.get("related", "start")
    if at is not None:
        local, kind = parse_time(at, "alerts")
        if kind != "z":
            raise BadField("alerts", "The moment of an alert is UTC: write 2026-01-31T09:00:00Z.")
        told = f"{to_datetime(local).isoformat()}Z"
        return {"action": action, "offset": None, "related": "start", "at": told}
    assert offset is not None
    try:
        days, seconds = parse_duration(offset)
    except BadValue as error:
        raise BadField("alerts", str(error)) from None
    if abs(days * DAY + seconds) > 400 * DAY:
        raise BadField("alerts", "An alert goes off at most 400 days from what it is of.")
    return {"action": action, "offset": _signed(days, seconds), "related": related, "at": None}


def _make(form: Mapping[str, Any], title: str) -> Node:
    if form["action"] not in ACTIONS:
        text = f"An alert is one of {', '.join(ACTIONS)}: mail is not sent by this server."
        raise BadField("alerts", text)
    if form["at"] is not None:
        moment = serialize_utc(parse_time(form["at"], "alerts")[0])
        trigger = Line("TRIGGER", "", {"VALUE": ("DATE-TIME",)}, moment)
    else:
        params = {"RELATED": ("END",)} if form["related"] == "end" else {}
        trigger = Line("TRIGGER", "", params, form["offset"])
    lines = [Line("ACTION", "", {}, form["action"].upper()), trigger]
    if form["action"] == "display":
        lines.append(Line("DESCRIPTION", "", {}, escape_text(title) or "-"))
    return make_node("VALARM", lines)
