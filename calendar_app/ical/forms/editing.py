"""Forms written: new objects, and what changed of one put into its octets.

    new_object(component, fields, made)          -> octets
    change_object(data, obj, changes, now)       -> octets

Only properties whose value in the form differs are written. All else stays byte for byte, but for
what tells of the change itself (DTSTAMP, LAST-MODIFIED, SEQUENCE). What comes out is to be read
again before it is stored: `objects.read_object` has the last word on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from calendar_app.ical.components import Line
from calendar_app.ical.entries import Entry
from calendar_app.ical.forms.alerts import write_alerts
from calendar_app.ical.forms.people import write_organizer, write_participants
from calendar_app.ical.forms.reading import read_fields, read_form
from calendar_app.ical.forms.shifting import shift_exceptions
from calendar_app.ical.forms.times import TIMES, write_times
from calendar_app.ical.nodes import Node, make_node, parse_nodes
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.references import put_in_zones
from calendar_app.ical.rules import UnsupportedScale, parse_rule
from calendar_app.ical.serialize import PRODUCT
from calendar_app.ical.values import BadValue, serialize_utc
from contacts.vcard.forms.errors import BadField
from contacts.vcard.values import escape_text, join_list

__all__ = ["Made", "apply", "change_object", "new_object", "stamp"]

Fields = Mapping[str, Any]
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_BREAK = re.compile(r"[\r\n]")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_RESCHEDULES = TIMES | {"recurrence_rule"}


class Made(NamedTuple):
    """What a new object has of its own: its UID, and when it was made (UTC, epoch seconds)."""

    uid: str
    now: int


def new_object(component: str, fields: Fields, made: Made) -> bytes:
    """Return an object of these fields; raises `BadField`."""
    moment = serialize_utc(made.now)
    lines = [
        Line("UID", "", {}, escape_text(_clean(made.uid, "uid"))),
        Line("DTSTAMP", "", {}, moment),
        Line("CREATED", "", {}, moment),
    ]
    node = make_node(component, lines)
    empty = {"status": ""} if component == "VTODO" else {}
    if component == "VEVENT" or fields.keys() & {"start", "due"}:
        write_times(node, {}, _given(fields, TIMES), None)
    apply(
        node, empty, {name: value for name, value in fields.items() if name not in TIMES}, made.now
    )
    head = [Line("VERSION", "", {}, "2.0"), Line("PRODID", "", {}, PRODUCT)]
    return put_in_zones(make_node("VCALENDAR", [*head, node]).octets())


def change_object(data: bytes, obj: CalendarObject, changes: Fields, now: int) -> bytes:
    """Return the octets of an object, which are `data`, with changes; raises `BadField`.

    They are those of its series, or of the only instance that is known of it.
    """
    calendar = parse_nodes(data)
    node = calendar.children(obj.component)[_place(obj, obj.first)]
    form = read_form(obj)
    differing = _differing(form, changes)
    if not differing:
        return data
    if times := _given(differing, TIMES):
        style = write_times(node, form, times, obj.first)
        if obj.master is not None:
            shift_exceptions(calendar, obj, style, node)
    apply(node, form, differing, now)
    stamp(node, now, is_rescheduled=bool(differing.keys() & _RESCHEDULES))
    octets = calendar.octets()
    return put_in_zones(octets) if "time_zone" in differing else octets


def _place(obj: CalendarObject, entry: Entry) -> int:
    """Return which of its kind's components in the object is an entry's."""
    components = obj.calendar.children_named(obj.component)
    return next(index for index, found in enumerate(components) if found is entry.component)


def _differing(form: Fields, changes: Fields) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if form.get(name) != value}


def _given(fields: Fields, names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in names}


def change_entry(node: Node, entry: Entry, changes: Fields, now: int) -> bool:
    """Change a single component, an override's, by its form; tell whether anything changed."""
    form = read_fields(entry)
    differing = _differing(form, changes)
    if not differing:
        return False
    if times := _given(differing, TIMES):
        write_times(node, form, times, entry)
    apply(node, form, differing, now)
    stamp(node, now, is_rescheduled=bool(differing.keys() & _RESCHEDULES))
    return True


def apply(node: Node, form: Fields, changes: Fields, now: int) -> None:
    """Write fields other than times into a component; `form` is what they were."""
    for name, value in changes.items():
        if name in _TEXTS:
            _write_text(node, name, value)
        elif name in _WRITERS:
            _WRITERS[name](node, value)
    if "alerts" in changes:
        write_alerts(node, changes["alerts"] or (), changes.get("title") or form.get("title", ""))
    if node.name == "VTODO":
        _write_progress(node, form, changes, now)


def stamp(node: Node, now: int, *, is_rescheduled: bool) -> None:
    """Note when a component was changed, and that others are to look at its times anew."""
    moment = serialize_utc(now)
    node.put("DTSTAMP", [Line("DTSTAMP", "", {}, moment)])
    node.put("LAST-MODIFIED", [Line("LAST-MODIFIED", "", {}, moment)])
    if is_rescheduled:
        held = node.lines("SEQUENCE")
        text = held[0].line.value.strip() if held else "0"
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
        node.put("SEQUENCE", [Line("SEQUENCE", "", {}, str(number + 1))])


_TEXTS = {"title": "SUMMARY", "description": "DESCRIPTION", "location": "LOCATION"}


def _write_text(node: Node, name: str, value: str | None) -> None:
    """Write a text; what the line says of it (a language, another form of it) stays."""
    prop = _TEXTS[name]
    held = node.lines(prop)
    params = held[0].line.params if held else {}
    text = _clean(value or "", name)
    node.put(prop, [Line(prop, "", params, escape_text(text))] if text else [])


def _clean(text: str, field: str) -> str:
    if _CONTROL.search(text):
        raise BadField(field, "A text has no control characters but tabs and line breaks.")
    return text


def _write_url(node: Node, value: str | None) -> None:
    if value and not _URI.fullmatch(value):
        raise BadField(
            "url", "An address begins with its scheme, as https: does, and has no space."
        )
    _write_plain(node, "URL", value)


def _write_color(node: Node, value: str | None) -> None:
    if value and not re.fullmatch(r"[A-Za-z]{1,40}|#[0-9A-Fa-f]{6}", value):
        raise BadField("color", "A color is a name of CSS as turquoise, or #rrggbb.")
    _write_plain(node, "COLOR", value)


def _write_plain(node: Node, prop: str, value: str | None) -> None:
    if value and (_BREAK.search(value) or _CONTROL.search(value)):
        raise BadField(prop.lower(), "It is one line, without control characters.")
    node.put(prop, [Line(prop, "", {}, value)] if value else [])


def _write_categories(node: Node, value: list[str] | None) -> None:
    texts = [_clean(text.strip(), "categories") for text in value or ()]
    wanted = [text for text in dict.fromkeys(texts) if text]
    node.put("CATEGORIES", [Line("CATEGORIES", "", {}, join_list(wanted))] if wanted else [])


def _write_upper(prop: str, default: str) -> Callable[[Node, Any], None]:
    def write(node: Node, value: str | None) -> None:
        told = (value or default).upper()
        node.put(prop, [Line(prop, "", {}, told)] if told else [])

    return write


def _write_free(node: Node, value: str | None) -> None:
    told = "TRANSPARENT" if value == "free" else "OPAQUE"
    node.put("TRANSP", [Line("TRANSP", "", {}, told)])


def _write_number(prop: str) -> Callable[[Node, Any], None]:
    def write(node: Node, value: int | None) -> None:
        node.put(prop, [Line(prop, "", {}, str(value))] if value else [])

    return write


def _write_rule(node: Node, value: str | None) -> None:
    if not value:
        node.put("RRULE", [])
        return
    text = value.strip().removeprefix("RRULE:")
    try:
        parse_rule(text)
    except (BadValue, UnsupportedScale) as error:
        raise BadField("recurrence_rule", str(error)) from None
    if _BREAK.search(text) or _CONTROL.search(text):
        raise BadField("recurrence_rule", "A rule is one line.")
    node.put("RRULE", [Line("RRULE", "", {}, text)])


def _write_parent(node: Node, value: str | None) -> None:
    others = [
        raw.line
        for raw in node.lines("RELATED-TO")
        if raw.line.params.get("RELTYPE", ("PARENT",))[0].upper() != "PARENT"
    ]
    told = [Line("RELATED-TO", "", {}, escape_text(_clean(value, "parent_uid")))] if value else []
    node.put("RELATED-TO", [*told, *others])


def _write_people(node: Node, value: list[Fields] | None) -> None:
    write_participants(node, value or ())


def _write_progress(node: Node, form: Fields, changes: Fields, now: int) -> None:
    """Keep what says that a task is done in step (RFC 5545 §3.8.2.1, §3.8.1.8)."""
    status = changes.get("status") or form.get("status") or ""
    if "status" in changes and status == "completed":
        moment = serialize_utc(now)
        node.put("COMPLETED", [Line("COMPLETED", "", {}, moment)])
        node.put("PERCENT-COMPLETE", [Line("PERCENT-COMPLETE", "", {}, "100")])
    elif "status" in changes and form.get("status") == "completed":
        node.put("COMPLETED", [])
        if not changes.get("percent"):
            node.put("PERCENT-COMPLETE", [])
    elif changes.get("percent") == 100:
        raise BadField("percent", "A task that is done has the status completed: set that.")


_WRITERS: dict[str, Callable[[Node, Any], None]] = {
    "url": _write_url,
    "color": _write_color,
    "categories": _write_categories,
    "status": _write_upper("STATUS", ""),
    "free_busy_status": _write_free,
    "classification": _write_upper("CLASS", "public"),
    "priority": _write_number("PRIORITY"),
    "percent": _write_number("PERCENT-COMPLETE"),
    "recurrence_rule": _write_rule,
    "parent_uid": _write_parent,
    "organizer": write_organizer,
    "participants": _write_people,
}
