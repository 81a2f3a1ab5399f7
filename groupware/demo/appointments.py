"""Composing events and tasks into calendar objects, as a calendar program would. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from contacts.vcard.contentlines import Line
from contacts.vcard.serialize import serialize_lines
from contacts.vcard.values import escape_text
from groupware.demo.agenda import Day, Event, Moved, Task
from groupware.demo.people import Correspondent, People
from groupware.demo.workdays import OFFICE, WorkingDays

PRODUCT = "-//Tern Instruments//Calendar//EN"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ZONES = {
    "Europe/Vienna": ("+0100", "CET", "+0200", "CEST", "020000", "030000"),
    "Europe/London": ("+0000", "GMT", "+0100", "BST", "010000", "020000"),
}
"""Offsets and names in winter and summer, and the local times of the changes."""


class Secretary:
    """Writes the team's appointments and tasks around a present moment."""

    def __init__(self, people: People, now: datetime) -> None:
        self._people = people
        self._today = now.astimezone(OFFICE).date()
        self._days = WorkingDays(now)
        self._stamp = _utc(now)

    def date_of(self, when: Day) -> date:
        """Return the day that a text means."""
        if when.month is not None:
            months = self._today.year * 12 + self._today.month - 1 + when.month
            return date(months // 12, months % 12 + 1, when.monthday)
        if when.weekday:
            return self._date_in_week(f"{when.week} {when.weekday}")
        return self._days.day(when.day)

    def _date_in_week(self, text: str) -> date:
        week, weekday = text.split()
        monday = self._today - timedelta(days=self._today.weekday())
        return monday + timedelta(days=7 * int(week) + _WEEKDAYS.index(weekday))

    def write_event(self, event: Event, owner: str) -> bytes:
        """Return an appointment of its owner's, its moved occurrences included."""
        parts = [
            self._event(event, owner, self._times(event), self._series(event)),
            *(self._moved(event, owner, moved) for moved in event.moved),
        ]
        return serialize_lines(_calendar(event.zone, parts))

    def _event(
        self,
        event: Event,
        owner: str,
        times: Iterable[Line],
        more: Iterable[Line],
        summary: str = "",
    ) -> list[Line]:
        optional = {
            "LOCATION": escape_text(event.location),
            "DESCRIPTION": escape_text(event.text),
            "CLASS": event.classification,
            "TRANSP": "TRANSPARENT" if event.free else "",
        }
        return [
            _line("BEGIN", "VEVENT"),
            _line("UID", self._uid(event.id)),
            _line("DTSTAMP", self._stamp),
            *times,
            *more,
            _line("SUMMARY", escape_text(summary or event.summary)),
            *(_line(name, text) for name, text in optional.items() if text),
            *self._attendees(event, owner),
            *_alarm(event),
            _line("END", "VEVENT"),
        ]

    def _times(self, event: Event) -> list[Line]:
        day = self.date_of(event.when)
        if event.days:
            return [_day("DTSTART", day), _day("DTEND", day + timedelta(days=event.days))]
        return [
            _moment("DTSTART", day, event.start, event.zone),
            _moment("DTEND", day, event.end, event.zone),
        ]

    def _series(self, event: Event) -> Iterator[Line]:
        if event.rule:
            yield _line("RRULE", event.rule)
        for text in event.skip:
            yield _moment("EXDATE", self._date_in_week(text), event.start, event.zone)

    def _moved(self, event: Event, owner: str, moved: Moved) -> list[Line]:
        of, to = self._date_in_week(moved.of), self._date_in_week(moved.to)
        times = [
            _moment("RECURRENCE-ID", of, event.start, event.zone),
            _moment("DTSTART", to, moved.start, event.zone),
            _moment("DTEND", to, moved.end, event.zone),
        ]
        return self._event(event, owner, times, (), moved.summary)

    def _attendees(self, event: Event, owner: str) -> Iterator[Line]:
        if not event.others:
            return
        yield _person("ORGANIZER", self._people[owner], {})
        for key in (owner, *event.others):
            one = self._people[key]
            status = "TENTATIVE" if key in event.tentative else "ACCEPTED"
            kind = {"CUTYPE": ("ROOM",)} if one.account == "room" else {}
            yield _person("ATTENDEE", one, {**kind, "PARTSTAT": (status,)})

    def write_task(self, task: Task) -> bytes:
        """Return a task."""
        optional = {
            "DESCRIPTION": escape_text(task.text),
            "PRIORITY": str(task.priority or ""),
            "RRULE": task.rule,
        }
        part = [
            _line("BEGIN", "VTODO"),
            _line("UID", self._uid(task.id)),
            _line("DTSTAMP", self._stamp),
            *self._due(task),
            _line("SUMMARY", escape_text(task.summary)),
            *(_line(name, text) for name, text in optional.items() if text),
            *self._progress(task),
            _line("END", "VTODO"),
        ]
        if task.part_of:
            parent = Line("RELATED-TO", "", {"RELTYPE": ("PARENT",)}, self._uid(task.part_of))
            part.insert(-1, parent)
        return serialize_lines(_calendar("Europe/Vienna", [part]))

    def _due(self, task: Task) -> list[Line]:
        if task.when is None:
            return []
        day = self.date_of(task.when)
        if not task.at and not task.rule:
            return [_day("DUE", day)]
        due = _moment("DUE", day, task.at or "17:00", "Europe/Vienna")
        return [_moment("DTSTART", day, "09:00", "Europe/Vienna"), due] if task.rule else [due]

    def _progress(self, task: Task) -> Iterator[Line]:
        if task.cancelled:
            yield _line("STATUS", "CANCELLED")
        elif task.done is not None:
            at = datetime.combine(self._days.day(-task.done), time(15), OFFICE)
            yield _line("STATUS", "COMPLETED")
            yield _line("PERCENT-COMPLETE", "100")
            yield _line("COMPLETED", _utc(at))
        elif task.percent:
            yield _line("STATUS", "IN-PROCESS")
            yield _line("PERCENT-COMPLETE", str(task.percent))
        else:
            yield _line("STATUS", "NEEDS-ACTION")

    def _uid(self, name: str) -> str:
        return f"{name}@{self._people.domain}"


def _calendar(zone: str, parts: Sequence[Sequence[Line]]) -> list[Line]:
    lines = [line for part in parts for line in part]
    is_zoned = any(line.params.get("TZID") for line in lines)
    return [
        _line("BEGIN", "VCALENDAR"),
        _line("VERSION", "2.0"),
        _line("PRODID", PRODUCT),
        *(_zone(zone) if is_zoned else ()),
        *lines,
        _line("END", "VCALENDAR"),
    ]


def _zone(name: str) -> list[Line]:
    """Return a zone of Europe's by the rule of its summer time, of 1996 and since."""
    winter, winter_name, summer, summer_name, begins, ends = _ZONES[name]
    return [
        _line("BEGIN", "VTIMEZONE"),
        _line("TZID", name),
        *_observance("DAYLIGHT", (winter, summer), summer_name, f"19960331T{begins}"),
        *_observance("STANDARD", (summer, winter), winter_name, f"19961027T{ends}"),
        _line("END", "VTIMEZONE"),
    ]


def _observance(kind: str, offsets: tuple[str, str], name: str, start: str) -> list[Line]:
    month = start[4:6].lstrip("0")
    return [
        _line("BEGIN", kind),
        _line("TZOFFSETFROM", offsets[0]),
        _line("TZOFFSETTO", offsets[1]),
        _line("TZNAME", name),
        _line("DTSTART", start),
        _line("RRULE", f"FREQ=YEARLY;BYMONTH={month};BYDAY=-1SU"),
        _line("END", kind),
    ]


def _alarm(event: Event) -> list[Line]:
    if not event.alarm:
        return []
    return [
        _line("BEGIN", "VALARM"),
        _line("ACTION", "DISPLAY"),
        _line("DESCRIPTION", escape_text(event.summary)),
        _line("TRIGGER", f"-PT{event.alarm}M"),
        _line("END", "VALARM"),
    ]


def _person(name: str, one: Correspondent, params: dict[str, tuple[str, ...]]) -> Line:
    return Line(name, "", {"CN": (one.name,), **params}, f"mailto:{one.address}")


def _day(name: str, day: date) -> Line:
    return Line(name, "", {"VALUE": ("DATE",)}, day.strftime("%Y%m%d"))


def _moment(name: str, day: date, at: str, zone: str) -> Line:
    local = datetime.combine(day, time.fromisoformat(at), ZoneInfo(zone))
    return Line(name, "", {"TZID": (zone,)}, local.strftime("%Y%m%dT%H%M%S"))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _line(name: str, value: str) -> Line:
    return Line(name, "", {}, value)
