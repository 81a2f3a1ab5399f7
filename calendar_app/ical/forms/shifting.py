"""What single instances are named by, when the time of their series changes.

An override is found by its RECURRENCE-ID, an exception by its EXDATE: both are times that the rule
makes, and UNTIL is compared with them. When the series begins at another time, or by another clock,
they are moved along, so that what was changed or cancelled by a person stays so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from calendar_app.ical.components import Line
from calendar_app.ical.entries import Entry
from calendar_app.ical.forms.times import Style, moment_line
from calendar_app.ical.nodes import Node
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.rules import Rule
from calendar_app.ical.times import DATE_CLOCK, Clock, Moment
from calendar_app.ical.values import (
    DATE,
    DAY,
    FLOATING,
    ZONED,
    parse_date,
    parse_local,
    serialize_date,
    serialize_local,
    serialize_utc,
)

__all__ = ["shift_exceptions"]

_UNTIL = re.compile(r"(?i)(UNTIL=)[0-9TZ]+")


def shift_exceptions(calendar: Node, obj: CalendarObject, style: Style, node: Node) -> None:
    """Move what names instances of a series, whose component is `node`, to its new times."""
    master = obj.master
    held = node.lines("DTSTART") or node.lines("DUE")
    if master is None or master.anchor is None or not held:
        return
    shift = _Shift(master.anchor, style, held[0].line)
    if shift.is_nothing:
        return
    if master.excluded:
        node.put("EXDATE", shift.excluded(master.excluded))
    _shift_until(node, master, shift)
    components = obj.calendar.children_named(obj.component)
    nodes = calendar.children(obj.component)
    for override in obj.overrides:
        place = next(i for i, found in enumerate(components) if found is override.component)
        _shift_override(nodes[place], override, shift)


def _shift_override(node: Node, override: Entry, shift: _Shift) -> None:
    assert override.recurrence_id is not None
    held = node.lines("RECURRENCE-ID")[0].line
    line = moment_line("RECURRENCE-ID", shift.style, shift.local(override.recurrence_id))
    if "RANGE" in held.params:
        line = line._replace(params={**line.params, "RANGE": held.params["RANGE"]})
    node.put("RECURRENCE-ID", [line])


def _shift_until(node: Node, master: Entry, shift: _Shift) -> None:
    rules = [raw.line for raw in node.lines("RRULE")]
    node.put(
        "RRULE",
        [
            line._replace(value=_UNTIL.sub(rf"\g<1>{shift.until(rule)}", line.value))
            if rule.until is not None
            else line
            for line, rule in zip(rules, master.rules, strict=True)
        ],
    )


class _Shift:
    """From the clock and time that a series had to those that it has."""

    def __init__(self, before: Moment, style: Style, line: Line) -> None:
        self.style = style
        self._clock = before.clock
        now = _local_of(line)
        self._time = now % DAY
        self._by = now - before.local
        if DATE in (style.clock.kind, before.clock.kind):
            self._by = now // DAY * DAY - before.local // DAY * DAY
        self.is_nothing = self._by == 0 and style.clock == before.clock

    def local(self, moment: Moment) -> int:
        """Return the new local time of an instance."""
        local = moment.local_on(self._clock) + self._by
        if self.style.clock.kind == DATE:
            return local - local % DAY
        return local + self._time if self._clock.kind == DATE else local

    def excluded(self, moments: tuple[Moment, ...]) -> Iterator[Line]:
        """Yield what takes instances out; a date beside times takes its whole day."""
        days = [moment for moment in moments if self._is_day(moment)]
        times = [self.local(moment) for moment in moments if not self._is_day(moment)]
        if times:
            yield moment_line("EXDATE", self.style, *times)
        if days:
            by = self._by - self._by % DAY
            locals_ = [moment.local + by for moment in days]
            yield moment_line("EXDATE", Style(DATE_CLOCK, ""), *locals_)

    def _is_day(self, moment: Moment) -> bool:
        return moment.clock.kind == DATE != self._clock.kind

    def until(self, rule: Rule) -> str:
        """Return the UNTIL of a rule in the kind of its new clock (RFC 5545 §3.3.10)."""
        assert rule.until is not None
        local = self._local_until(rule.until, rule.until_kind)
        clock = self.style.clock
        if DATE in (clock.kind, rule.until_kind):
            return serialize_date(local)
        return serialize_utc(clock.to_key(local)) if clock.kind == ZONED else serialize_local(local)

    def _local_until(self, until: int, kind: str) -> int:
        clock: Clock = self._clock
        local = clock.to_local(until) if kind == ZONED == clock.kind else until
        moved = local + self._by
        return moved + self._time if clock.kind == DATE and kind != FLOATING else moved


def _local_of(line: Line) -> int:
    value = line.value.rstrip("Z")
    return parse_date(value) if len(value) == 8 else parse_local(value)
