"""khal on a folder that vdirsyncer keeps in step."""

import json
from pathlib import Path

import pytest

from tests.clients.dav.objects import event
from tests.clients.dav.servers import DavServer
from tests.clients.dav.vdirsyncer import Vdirsyncer, run_program
from tests.clients.dav.visitor import Visitor
from tests.clients.tools import private

pytestmark = pytest.mark.sqlite  # what it asks for, others ask for on PostgreSQL too

CONFIGURATION = """\
[calendars]
[[team]]
path = {folder}
[sqlite]
path = {directory}/khal.db
[locale]
local_timezone = Europe/Paris
default_timezone = Europe/Paris
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[default]
default_calendar = team
"""
MARCH = ("2026-03-01", "2026-04-01")


class Khal:
    """khal, and the calendar of which it shows a copy."""

    def __init__(self, server: DavServer, visitor: Visitor, directory: Path) -> None:
        self.calendar = visitor.make_calendar("team", "VEVENT")
        self._directory = directory
        self._program = Vdirsyncer(directory / "vdirsyncer", server)
        self._program.pair("both", "caldav", visitor.person, {"team": "team"})
        self._program.discover()
        folder = self._program.folder("caldav", "team")
        text = CONFIGURATION.format(folder=folder, directory=directory)
        self._config = str(private(directory / "khal.conf", text))

    def sync(self) -> None:
        """Bring folder and server to the same state."""
        self._program.sync()

    def run(self, *arguments: str) -> str:
        """Run khal, and return what it printed."""
        return run_program("khal", "--config", self._config, *arguments, home=self._directory)

    def titles(self) -> list[tuple[str, str]]:
        """Return beginning and title of all in March."""
        fields = ("--json", "start", "--json", "title")
        printed = self.run("list", "--once", *fields, *MARCH).splitlines()
        rows = [row for line in printed if line for row in json.loads(line)]
        return [(row["start"], row["title"]) for row in rows]


@pytest.fixture
def khal(dav: DavServer, visitor: Visitor, tmp_path: Path) -> Khal:
    return Khal(dav, visitor, tmp_path)


def test_event_made_by_khal_is_on_the_server(khal: Khal, visitor: Visitor) -> None:
    khal.run("new", "2026-03-02", "09:30", "10:15", "Grüße", "::", "First, line")
    khal.sync()
    [data] = visitor.contents(khal.calendar).values()
    assert "SUMMARY:Grüße".encode() in data
    assert b"DTSTART;TZID=Europe/Paris:20260302T093000" in data
    assert b"DESCRIPTION:First\\, line" in data


def test_event_of_another_client_is_listed_changed_and_gone(khal: Khal, visitor: Visitor) -> None:
    path = f"{khal.calendar}one.ics"
    visitor.put(path, event("one", "First"))
    # vdirsyncer takes a calendar that has become empty for an accident.
    visitor.put(f"{khal.calendar}may.ics", event("may", "In May", start="20260504T093000"))
    khal.sync()
    assert khal.titles() == [("2026-03-02 09:30", "First")]
    visitor.put(path, event("one", "Second", start="20260303T110000"))
    khal.sync()
    assert khal.titles() == [("2026-03-03 11:00", "Second")]
    visitor.done("DELETE", path)
    khal.sync()
    assert khal.titles() == []


def test_weekly_event_is_listed_at_the_same_hour_after_the_clocks_change(
    khal: Khal, visitor: Visitor
) -> None:
    data = event("weekly", "Weekly", "RRULE:FREQ=WEEKLY;COUNT=3", start="20260316T093000")
    visitor.put(f"{khal.calendar}weekly.ics", data)
    khal.sync()
    printed = khal.run("list", "--format", "{start-date} {start-time}", *MARCH)
    listed = [line for line in printed.splitlines() if line.count(":") == 1]
    assert listed == [f"2026-03-{day} 09:30" for day in (16, 23, 30)]
