"""Calendars for tests: written short, read whole."""

from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.ical.recurrence import Fuel, Occurrence, expand
from calendar_app.ical.values import parse_local, serialize_date, serialize_local
from calendar_app.ical.zones import UTC, Zone, find_iana_zone


def calendar(*components: str) -> bytes:
    """Return a VCALENDAR around components, one property in each line of theirs."""
    body = "\n".join(text.strip() for text in components)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test\n{body}\nEND:VCALENDAR\n".encode()


def component(lines: str, name: str = "VEVENT") -> str:
    """Return a component, with the UID 1 unless it has one or needs none."""
    body = "\n".join(line.strip() for line in lines.strip().splitlines())
    has_uid = name in {"VALARM", "VTIMEZONE"} or "UID:" in body.partition("BEGIN:")[0]
    uid = "" if has_uid else "UID:1\n"
    return f"BEGIN:{name}\n{uid}{body}\nEND:{name}"


def read(*lines: str, name: str = "VEVENT") -> CalendarObject:
    """Read an object of components."""
    return read_object(calendar(*(component(text, name) for text in lines)))


def paris(lines: str, *more: str) -> CalendarObject:
    """Read an event; {Paris} stands for the parameter."""
    return read(*(text.replace("{Paris}", ";TZID=Europe/Paris") for text in (lines, *more)))


def zone(name: str) -> Zone:
    found = find_iana_zone(name)
    assert found is not None
    return found


def utc(text: str) -> int:
    """Return the seconds of 20260131T090000."""
    return parse_local(text)


def found(
    obj: CalendarObject, start: str, end: str, *, query: Zone = UTC, fuel: int = 200_000
) -> list[Occurrence]:
    return expand(obj, utc(start), utc(end), zone=query, fuel=Fuel(fuel))


def starts(
    obj: CalendarObject, start: str, end: str, *, query: Zone = UTC, fuel: int = 200_000
) -> list[str]:
    """Return the starts of the occurrences in a time range: 0331T0100Z, 0331T0900 or 0331."""
    return [write(one.kind, one.start) for one in found(obj, start, end, query=query, fuel=fuel)]


def spans(obj: CalendarObject, start: str, end: str, *, query: Zone = UTC) -> list[str]:
    """Return start and end of each."""
    return [
        f"{write(one.kind, one.start)}-{write(one.kind, one.end)}"
        for one in found(obj, start, end, query=query)
    ]


def write(kind: str, seconds: int) -> str:
    if kind == "d":
        return serialize_date(seconds)
    return serialize_local(seconds)[:-2] + ("Z" if kind == "z" else "")
