"""A calendar that tests of reports put objects into, and how it is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime

from groupware.core.models import Account
from groupware.dav.names import caldav
from tests.services.dav.client import Answer, DavClient
from tests.services.dav.samples import calendar

DATA = caldav("calendar-data")
MARCH = ("20260301T000000Z", "20260401T000000Z")

EVERYTHING = "<C:filter><C:comp-filter name='VCALENDAR'/></C:filter>"


def event_of(uid: str, *lines: str) -> bytes:
    """Return an event of these lines alone."""
    return calendar("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT")


def epoch(text: str) -> int:
    """Return the seconds of a time in UTC."""
    return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())


def time_range(start: str = MARCH[0], end: str = MARCH[1], name: str = "time-range") -> str:
    """Return the element of a time range."""
    return f"<C:{name} start='{start}' end='{end}'/>"


def comp_filter(inner: str, name: str = "VEVENT") -> str:
    """Return a filter for a component in a VCALENDAR."""
    comp = f"<C:comp-filter name='{name}'>{inner}</C:comp-filter>"
    return f"<C:filter><C:comp-filter name='VCALENDAR'>{comp}</C:comp-filter></C:filter>"


@dataclass
class Asking:
    """A client and a calendar of its owner."""

    account: Account
    client: DavClient
    slug: str = "calendar"

    @property
    def path(self) -> str:
        """The path of the calendar."""
        return f"/{self.account.pk}/{self.slug}/"

    def put(self, name: str, data: bytes) -> None:
        """Put an object at an href made of a name."""
        answer = self.client.request("PUT", f"{self.path}{name}.ics", data)
        assert answer.status in {201, 204}, answer.body

    def put_event(self, name: str, *lines: str) -> None:
        """Put an event of these lines."""
        self.put(name, event_of(name, *lines))

    def query(
        self, filtered: str, prop: str = "<D:getetag/>", extra: str = "", **headers: str
    ) -> Answer:
        """Ask by a calendar-query."""
        headers.setdefault("Depth", "1")
        inner = f"<D:prop>{prop}</D:prop>{filtered}{extra}"
        return self.client.report(self.path, "C:calendar-query", inner, **headers)

    def names(self, answer: Answer) -> set[str]:
        """Return the names of what an answer tells of."""
        paths = answer.responses()
        return {path.removeprefix(self.path).removesuffix(".ics") for path in paths}

    def found(self, filtered: str, extra: str = "") -> set[str]:
        """Return the names of what a filter finds."""
        return self.names(self.query(filtered, extra=extra))

    def data(self, answer: Answer, name: str) -> str:
        """Return the data of one object in an answer."""
        return answer.properties(f"{self.path}{name}.ics")[DATA].text or ""
