"""Times of a form: `start`, `end`, `duration`, `due`, all in one `time_zone`.

Local times are written without a zone (RFC 8984 §1.4.4), dates alone where it lasts whole days.
`time_zone` is an IANA name, UTC, or null for what is at that time of the clock wherever one is.
Durations are as in iCalendar, weeks aside (§1.4.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from calendar_app.ical.components import Line
from calendar_app.ical.entries import EARLIEST, LATEST, Entry
from calendar_app.ical.nodes import Node
from calendar_app.ical.times import DATE_CLOCK, FLOATING_CLOCK, UTC_CLOCK, Clock, Moment
from calendar_app.ical.values import (
    DATE,
    DAY,
    ZONED,
    BadValue,
    Duration,
    parse_date,
    parse_duration,
    parse_local,
    serialize_date,
    serialize_local,
    to_datetime,
)
from calendar_app.ical.zones import find_iana_zone
from contacts.vcard.forms.errors import BadField

__all__ = [
    "TIMES",
    "Style",
    "moment_line",
    "parse_time",
    "read_times",
    "serialize_duration",
    "serialize_time",
    "style_of",
    "write_times",
]

TIMES = frozenset({"start", "end", "duration", "due", "time_zone"})
_LOCAL = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d)(?::(\d\d))?([Zz]?))?", re.ASCII)
_OFFSET = re.compile(r"[Tt].*[+-]\d\d:?\d\d$", re.ASCII)


class Style(NamedTuple):
    """How a line writes its times: by which clock, under which TZID ("" for none)."""

    clock: Clock
    tzid: str


def style_of(line: Line | None, clock: Clock) -> Style:
    """Return how a line writes the times of a clock."""
    tzid = line.params.get("TZID", ("",))[0].strip() if line is not None else ""
    return Style(clock, tzid if clock.kind == ZONED and clock != UTC_CLOCK else "")


def moment_line(name: str, style: Style, *locals_: int) -> Line:
    """Return a line with local times on the style's clock."""
    if style.clock.kind == DATE:
        return Line(name, "", {"VALUE": ("DATE",)}, ",".join(map(serialize_date, locals_)))
    ending = "Z" if style.clock == UTC_CLOCK else ""
    value = ",".join(serialize_local(local) + ending for local in locals_)
    return Line(name, "", {"TZID": (style.tzid,)} if style.tzid else {}, value)


def serialize_time(local: int, kind: str) -> str:
    """Write a local time, or the date of one."""
    moment = to_datetime(local)
    return moment.date().isoformat() if kind == DATE else moment.isoformat()


def serialize_duration(days: int, seconds: int) -> str:
    """Write a duration of nominal days and exact seconds."""
    hours, minutes, rest = seconds // 3_600, seconds // 60 % 60, seconds % 60
    parts = ((hours, "H"), (minutes, "M"), (rest, "S"))
    clock = "".join(f"{number}{unit}" for number, unit in parts if number)
    date = f"{days}D" if days else ""
    return f"P{date}{'T' if clock else ''}{clock}" if date or clock else "PT0S"


def parse_time(text: str, field: str) -> tuple[int, str]:
    """Return the local time of a text and what it is: "d" a date, "z" with a Z, else "f".

    Raises `BadField`.
    """
    found = _LOCAL.fullmatch(text.strip())
    if found is None:
        raise BadField(field, _why_no_time(text))
    year, month, day, hour, minute, second, zulu = found.groups()
    try:
        if hour is None:
            local, kind = parse_date(year + month + day), DATE
        else:
            clock = f"{hour}{minute}{second or '00'}"
            local, kind = parse_local(f"{year}{month}{day}T{clock}"), ZONED if zulu else "f"
    except BadValue as error:
        raise BadField(field, str(error)) from None
    if not EARLIEST <= local <= LATEST:
        raise BadField(field, "A time lies in the years 2 to 9999.")
    return local, kind


def _why_no_time(text: str) -> str:
    if _OFFSET.search(text):
        return "A time is local and has no offset: write 2026-01-31T10:00:00 and a time_zone."
    return f"{text[:40]!r} is no time: write 2026-01-31T10:00:00, or 2026-01-31 for a whole day."


# Reading


def read_times(entry: Entry) -> dict[str, Any]:
    """Return the times of an entry as a form has them."""
    anchor = entry.anchor
    is_task = entry.component.name == "VTODO"
    if anchor is None:
        empty = {"start": None, "time_zone": None}
        return {**empty, "due": None} if is_task else {**empty, "end": None, "duration": None}
    clock = anchor.clock
    start = entry.start
    found: dict[str, Any] = {
        "start": serialize_time(start.local, clock.kind) if start is not None else None,
        "time_zone": _zone_name(entry, clock),
    }
    end = _local_end(entry)
    told = serialize_time(end, clock.kind) if end is not None else None
    if is_task:
        return found | {"due": told}
    return found | {"end": told, "duration": _duration(entry)}


def _local_end(entry: Entry) -> int | None:
    """Return the end on the clock of the start; a task may have none."""
    anchor, start = entry.anchor, entry.start
    assert anchor is not None
    if start is None:
        return anchor.local
    if entry.component.name == "VTODO" and entry.end is None and entry.duration is None:
        return None
    return start.clock.to_local(entry.end_of(start.clock, start.local, start.key))


def _duration(entry: Entry) -> str:
    start = entry.start
    if start is not None and start.clock.kind == DATE:
        days = entry.duration.days if entry.duration is not None else entry.length // DAY
        return serialize_duration(days, 0)
    if entry.duration is not None:
        return serialize_duration(*entry.duration)
    return serialize_duration(0, entry.length)


def _zone_name(entry: Entry, clock: Clock) -> str | None:
    if clock.kind != ZONED:
        return None
    if clock == UTC_CLOCK:
        return "UTC"
    return zone_name_of(_anchor_style(entry, clock).tzid)


def zone_name_of(tzid: str) -> str:
    """Return the IANA name that a TZID stands for, or the TZID."""
    zone = find_iana_zone(tzid)
    return zone.name if zone is not None else tzid


def _anchor_style(entry: Entry, clock: Clock) -> Style:
    line = entry.component.first("DTSTART") or entry.component.first("DUE")
    return style_of(line, clock)


# Writing


class _Wanted(NamedTuple):
    style: Style
    start: int | None
    end: int | None


def write_times(
    node: Node, before: Mapping[str, Any], changes: Mapping[str, Any], entry: Entry | None
) -> Style:
    """Write times that changed into a component; return how its start is written now.

    `before` is the form as it was, {} of a new one; `entry` what was read of the component.
    Raises `BadField`.
    """
    form = {**before, **changes}
    _check_zone_said(before, changes, form)
    style = _wanted_style(form, changes, entry)
    is_task = node.name == "VTODO"
    start = _wanted_local(form, "start", style)
    if start is None and not is_task:
        raise BadField("start", "An event begins at some time: give a start.")
    if is_task:
        end = _wanted_local(form, "due", style)
    else:
        assert start is not None
        end = _wanted_end(form, changes, start, style)
    _check_order(start, end, style, "due" if is_task else "end")
    node.put("DTSTART", [moment_line("DTSTART", style, start)] if start is not None else [])
    name = "DUE" if is_task else "DTEND"
    keeps = not changes.keys() & {"end", "duration", "due"} and node.lines("DURATION")
    if not keeps:
        node.put("DURATION", [])
        node.put(name, [moment_line(name, style, end)] if end is not None else [])
    return style


def _check_zone_said(
    before: Mapping[str, Any], changes: Mapping[str, Any], form: Mapping[str, Any]
) -> None:
    """Ask for a zone where none was said: a time that floats is seldom meant."""
    name = "start" if form.get("start") is not None else "due"
    text = form.get(name)
    was = before.get(name)
    if text is None or "time_zone" in changes or parse_time(text, name)[1] != "f":
        return
    if was is None or parse_time(was, name)[1] == DATE:
        raise BadField(
            "time_zone",
            "In which zone is that time? Write an IANA name as Europe/Berlin, UTC, or null for"
            " what is at that time wherever one is.",
        )


def _wanted_style(
    form: Mapping[str, Any], changes: Mapping[str, Any], entry: Entry | None
) -> Style:
    kinds = {
        parse_time(form[name], name)[1] for name in ("start", "due") if form.get(name) is not None
    }
    if DATE in kinds:
        if len(kinds) > 1:
            raise BadField("due", "Start and due are both dates, or both times.")
        if changes.get("time_zone"):
            raise BadField("time_zone", "Whole days have no time zone: leave it out.")
        return Style(DATE_CLOCK, "")
    name = form.get("time_zone")
    if "z" in kinds and name in (None, "UTC"):
        return Style(UTC_CLOCK, "")
    if "z" in kinds:
        raise BadField("start", "A time that ends in Z is UTC: leave out the Z, or the time_zone.")
    if entry is not None and entry.anchor is not None and entry.anchor.clock.kind == ZONED:
        style = _anchor_style(entry, entry.anchor.clock)
        if name == _zone_name(entry, entry.anchor.clock):
            return style
    return _named_style(name)


def _named_style(name: str | None) -> Style:
    if name is None:
        return Style(FLOATING_CLOCK, "")
    zone = find_iana_zone(name)
    if zone is None:
        raise BadField(
            "time_zone",
            f"{name[:60]!r} is no time zone: write an IANA name as Europe/Berlin, UTC, or null.",
        )
    clock = Clock(ZONED, zone)
    return Style(UTC_CLOCK, "") if clock == UTC_CLOCK else Style(clock, zone.name)


def _wanted_local(form: Mapping[str, Any], name: str, style: Style) -> int | None:
    text = form.get(name)
    if text is None:
        return None
    local, kind = parse_time(text, name)
    if (kind == DATE) != (style.clock.kind == DATE):
        raise BadField(name, "All times are dates, or none is.")
    return local


def _wanted_end(
    form: Mapping[str, Any], changes: Mapping[str, Any], start: int, style: Style
) -> int:
    """Return the local end: as it is said, or as long after the start as before."""
    if changes.get("end") is not None:
        if changes.get("duration") is not None:
            raise BadField("duration", "Give an end or a duration, not both.")
        end = _wanted_local(form, "end", style)
        assert end is not None
        return end
    is_date = style.clock.kind == DATE
    text = form.get("duration") or ("P1D" if is_date else "PT1H")
    try:
        days, seconds = parse_duration(text)
    except BadValue as error:
        raise BadField("duration", str(error)) from None
    if days * DAY + seconds < 0:
        raise BadField("duration", "A duration is not negative.")
    if is_date:
        return start + max(_whole_days(days, seconds), 1) * DAY
    clock = style.clock
    return clock.to_local(clock.to_key(start + days * DAY) + seconds)


def _whole_days(days: int, seconds: int) -> int:
    return -(-Duration(days, seconds).total // DAY)


def _check_order(start: int | None, end: int | None, style: Style, field: str) -> None:
    if start is None or end is None:
        return
    if Moment(end, style.clock).key < Moment(start, style.clock).key:
        raise BadField(field, "It ends before it begins.")
    if end > LATEST:
        raise BadField(field, "A time lies in the years 2 to 9999.")
