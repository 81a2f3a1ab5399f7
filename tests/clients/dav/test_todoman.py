"""todoman on a folder that vdirsyncer keeps in step."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.dav.objects import task
from tests.clients.dav.servers import DavServer
from tests.clients.dav.vdirsyncer import Vdirsyncer, run_program
from tests.clients.dav.visitor import Visitor
from tests.clients.tools import private

pytestmark = pytest.mark.sqlite  # what it asks for, others ask for on PostgreSQL too

CONFIGURATION = """\
path = {path!r}
cache_path = {cache!r}
date_format = "%Y-%m-%d"
time_format = "%H:%M"
default_list = "errands"
"""


class Todoman:
    """todoman, and the task list of which it shows a copy."""

    def __init__(self, server: DavServer, visitor: Visitor, directory: Path) -> None:
        self.tasks = visitor.make_calendar("errands", "VTODO")
        self._directory = directory
        self._program = Vdirsyncer(directory / "vdirsyncer", server)
        self._program.pair("both", "caldav", visitor.person, {"errands": "errands"})
        self._program.discover()
        path = str(self._program.folder("caldav", "*"))
        text = CONFIGURATION.format(path=path, cache=str(directory / "todoman.cache"))
        self._config = str(private(directory / "todoman.py", text))

    def sync(self) -> None:
        """Bring folder and server to the same state."""
        self._program.sync()

    def run(self, *arguments: str) -> str:
        """Run todoman, and return what it printed."""
        options = ("--config", self._config)
        return run_program("todoman", *options, *arguments, home=self._directory)

    def list(self) -> list[dict[str, Any]]:
        """Return the tasks that are open."""
        found: list[dict[str, Any]] = json.loads(self.run("--porcelain", "list"))
        return found


@pytest.fixture
def todoman(dav: DavServer, visitor: Visitor, tmp_path: Path) -> Todoman:
    return Todoman(dav, visitor, tmp_path)


def test_task_made_by_todoman_is_on_the_server(todoman: Todoman, visitor: Visitor) -> None:
    todoman.run("new", "--due", "2026-03-05", "--priority", "high", "Einkäufe")
    todoman.sync()
    [data] = visitor.contents(todoman.tasks).values()
    assert "SUMMARY:Einkäufe".encode() in data
    assert b"PRIORITY:" in data
    assert b"DUE" in data


def test_task_of_another_client_is_done_and_reopened(todoman: Todoman, visitor: Visitor) -> None:
    path = f"{todoman.tasks}one.ics"
    visitor.put(path, task("one", "First", "PERCENT-COMPLETE:20", "PRIORITY:1"))
    todoman.sync()
    [listed] = todoman.list()
    assert (listed["summary"], listed["percent"], listed["priority"]) == ("First", 20, 1)
    todoman.run("done", str(listed["id"]))
    todoman.sync()
    data = visitor.get(path)
    assert b"STATUS:COMPLETED" in data
    assert b"PERCENT-COMPLETE:100" in data
    visitor.put(path, task("one", "Again"))
    todoman.sync()
    assert [row["summary"] for row in todoman.list()] == ["Again"]


def test_task_that_repeats_comes_again_when_it_is_done(todoman: Todoman, visitor: Visitor) -> None:
    lines = ("DTSTART:20260301T080000Z", "DUE:20260301T090000Z", "RRULE:FREQ=WEEKLY")
    visitor.put(f"{todoman.tasks}one.ics", task("one", "Weekly", *lines))
    todoman.sync()
    [listed] = todoman.list()
    todoman.run("done", str(listed["id"]))
    todoman.sync()
    held = [data for data in visitor.contents(todoman.tasks).values() if b"COMPLETED" not in data]
    assert len(held) == 1
    assert b"20260308T090000Z" in held[0]


def test_subtask_keeps_its_parent(todoman: Todoman, visitor: Visitor) -> None:
    visitor.put(f"{todoman.tasks}whole.ics", task("whole", "Whole"))
    visitor.put(f"{todoman.tasks}part.ics", task("part", "Part", "RELATED-TO:whole"))
    todoman.sync()
    found = {row["summary"]: str(row["id"]) for row in todoman.list()}
    todoman.run("edit", found["Part"], "--due", "2026-03-06")
    todoman.sync()
    data = visitor.get(f"{todoman.tasks}part.ics")
    assert b"RELATED-TO:whole" in data
    assert b"DUE" in data
