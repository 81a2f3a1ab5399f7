"""When a VALARM goes off (RFC 5545 §3.6.6, RFC 4791 §9.9): by an occurrence, or at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from calendar_app.ical.components import Component
from calendar_app.ical.recurrence import Occurrence
from calendar_app.ical.spans import FOREVER, NEVER
from calendar_app.ical.values import ZONED, BadValue, parse_duration, parse_local
from calendar_app.ical.zones import Zone

__all__ = ["goes_off"]

_MOST_REPEATS = 1_000


def goes_off(
    alarm: Component,
    start: int,
    end: int,
    find_occurrences: Callable[[int, int], Iterable[Occurrence]],
    zone: Zone,
) -> bool:
    """Tell whether an alarm goes off in a time range; one that cannot be read never does.

    `find_occurrences` gives those of the alarm's component that overlap a range.
    """
    line = alarm.first("TRIGGER")
    if line is None:
        return False
    try:
        repeats = list(_repeats(alarm))
        text = line.value.strip()
        if line.params.get("VALUE", ("",))[0].upper() == "DATE-TIME" or text[:1].isdigit():
            return _is_in(parse_local(text[:15]), repeats, start, end)
        offset = parse_duration(text).total
    except BadValue:
        return False
    by_end = line.params.get("RELATED", ("",))[0].upper() == "END"
    # The occurrences whose alarm may be in the range touch this one.
    low, high = start - offset - repeats[-1] - 1, end - offset + 1
    return any(
        _is_in(_utc(seen, zone, by_end=by_end) + offset, repeats, start, end)
        for seen in find_occurrences(low, high)
        if seen.start > NEVER and seen.end < FOREVER
    )


def _is_in(trigger: int, repeats: list[int], start: int, end: int) -> bool:
    return any(start <= trigger + later < end for later in repeats)


def _utc(seen: Occurrence, zone: Zone, *, by_end: bool) -> int:
    key = seen.end if by_end else seen.start
    return key if seen.kind == ZONED else zone.to_utc(key)


def _repeats(alarm: Component) -> Iterator[int]:
    """Yield how long after its trigger an alarm goes off: at once, and when it is repeated."""
    yield 0
    count, pause = alarm.value("REPEAT").strip(), alarm.value("DURATION").strip()
    if count.isascii() and count.isdigit() and pause:
        seconds = max(parse_duration(pause).total, 0)
        for number in range(min(int(count[:9]), _MOST_REPEATS)):
            yield (number + 1) * seconds
