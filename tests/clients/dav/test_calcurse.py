"""calcurse-caldav, which keeps the files of calcurse in step with one calendar."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.clients.dav.objects import event, task
from tests.clients.dav.servers import DavServer
from tests.clients.dav.visitor import Visitor
from tests.clients.tools import find_tool, private

PYTHON = "/usr/bin/python3"
"""Debian's, which has the httplib2 that the program wants."""
CONFIGURATION = """\
[General]
Binary = {binary}
Hostname = {host}
Path = {path}
DryRun = No
HTTPS = Yes
[Auth]
Username = {address}
"""
DAY = ("--from", "03/02/2026", "--days", "1", "--format-apt", "%S %m\n")


class Calcurse:
    """calcurse, and the calendar of which it shows a copy."""

    def __init__(self, server: DavServer, visitor: Visitor, directory: Path) -> None:
        self.calendar = visitor.make_calendar("team", "VEVENT", "VTODO")
        self._directory = directory
        self._binary = find_tool("calcurse")
        self._script = find_tool("calcurse-caldav")
        text = CONFIGURATION.format(
            binary=self._binary,
            host=server.url.split("/")[2],
            path=self.calendar.strip("/"),
            address=visitor.person.address,
        )
        self._config = private(directory / "caldav.conf", text)
        self._environment = {
            "HOME": str(directory),
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "TZ": "Europe/Paris",
            "CALCURSE_CALDAV_PASSWORD": visitor.person.password,
            "HTTPLIB2_CA_CERTS": str(server.trusted),
        }

    def sync(self, *arguments: str) -> str:
        """Bring the files and the calendar to the same state."""
        files = ("--datadir", self._data, "--config", str(self._config))
        state = ("--lockfile", f"{self._directory}/lock", "--syncdb", f"{self._directory}/sync.db")
        return self._run(PYTHON, self._script, *files, *state, "--verbose", *arguments)

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run calcurse, and return what it printed."""
        return self._run(self._binary, "--datadir", self._data, *arguments, stdin=stdin)

    @property
    def _data(self) -> str:
        return str(self._directory / "calcurse")

    def _run(self, *command: str, stdin: str = "") -> str:
        done = subprocess.run(
            command,
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture
def calcurse(dav: DavServer, visitor: Visitor, tmp_path: Path) -> Calcurse:
    return Calcurse(dav, visitor, tmp_path)


def test_appointments_and_tasks_go_both_ways(calcurse: Calcurse, visitor: Visitor) -> None:
    visitor.put(f"{calcurse.calendar}one.ics", event("one", "First"))
    visitor.put(f"{calcurse.calendar}two.ics", task("two", "Errand", "PRIORITY:3"))
    calcurse.sync("--init", "keep-remote")
    assert "09:30 First" in calcurse.run("-Q", *DAY)
    assert "Errand" in calcurse.run("--todo")
    calcurse.run("--import", "-", "--quiet", stdin=event("three", "Third").decode())
    calcurse.sync()
    held = visitor.contents(calcurse.calendar)
    assert len(held) == 3
    assert any(b"SUMMARY:Third" in data for data in held.values())


def test_changed_and_removed_objects_are_changed_and_removed(
    calcurse: Calcurse, visitor: Visitor
) -> None:
    path = f"{calcurse.calendar}one.ics"
    visitor.put(path, event("one", "First"))
    visitor.put(f"{calcurse.calendar}two.ics", event("two", "Second"))
    calcurse.sync("--init", "keep-remote")
    visitor.put(path, event("one", "Later", start="20260302T143000"))
    calcurse.sync()
    shown = calcurse.run("-Q", *DAY)
    assert "14:30 Later" in shown
    assert "First" not in shown
    calcurse.run("-F", "--filter-pattern", "Later")
    calcurse.sync()
    assert visitor.members(calcurse.calendar) == [path]
    visitor.done("DELETE", path)
    calcurse.sync()
    assert "Later" not in calcurse.run("-Q", *DAY)
