"""cadaver, a shell for WebDAV: files, properties and locks of what a calendar holds."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest

from tests.clients.dav.objects import event
from tests.clients.dav.servers import DavServer
from tests.clients.dav.visitor import Visitor
from tests.clients.people import Person
from tests.clients.tools import find_tool, private

WAIT_SECONDS = 20
LOGIN = "machine 127.0.0.1 login {person.address} password {person.password}\n"


class Cadaver:
    """cadaver in one collection of a person."""

    def __init__(self, server: DavServer, visitor: Visitor, directory: Path) -> None:
        self.visitor = visitor
        self.calendar = visitor.make_calendar("team", "VEVENT")
        self.directory = directory
        private(directory / ".netrc", LOGIN.format(person=visitor.person))
        # Without TLS: it asks about a certificate that it does not know.
        self._url = urljoin(server.plain_url, quote(self.calendar))

    def run(self, *commands: str) -> str:
        """Run commands in a session of their own, and return what was printed."""
        with self._process() as process:
            lines = "".join(f"{command}\n" for command in (*commands, "quit"))
            printed, _ = process.communicate(lines, WAIT_SECONDS)
        return printed

    def done(self, *commands: str) -> str:
        """Run commands that must succeed."""
        printed = self.run(*commands)
        assert "failed" not in printed, printed
        return printed

    def _process(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [find_tool("cadaver"), self._url],
            cwd=self.directory,
            env={"HOME": str(self.directory), "LC_ALL": "C.UTF-8", "TERM": "dumb"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @contextlib.contextmanager
    def locking(self, name: str) -> Iterator[None]:
        """Hold a lock while the block runs."""
        with self._process() as process:
            assert process.stdin is not None
            assert process.stdout is not None
            print(f"lock {name}\nshowlocks", file=process.stdin, flush=True)
            for line in process.stdout:
                assert "failed" not in line, line
                if "opaquelocktoken:" in line or "urn:uuid:" in line:
                    break
            yield
            process.communicate(f"unlock {name}\nquit\n", WAIT_SECONDS)


@pytest.fixture
def cadaver(dav: DavServer, person: Person, tmp_path: Path) -> Iterator[Cadaver]:
    # .netrc has no way to write a password with spaces and quotes.
    with Visitor(dav, dav.set_password(person, "a-password-of-one-word")) as visitor:
        yield Cadaver(dav, visitor, tmp_path)


def test_object_is_put_listed_got_and_deleted(cadaver: Cadaver) -> None:
    (cadaver.directory / "one.ics").write_bytes(event("one"))
    printed = cadaver.done("put one.ics", "ls", "get one.ics back.ics")
    assert "one.ics" in printed.partition("Listing collection")[2]
    assert cadaver.visitor.get(f"{cadaver.calendar}one.ics") == event("one")
    assert (cadaver.directory / "back.ics").read_bytes() == event("one")
    cadaver.done("delete one.ics")
    assert cadaver.visitor.members(cadaver.calendar) == []


def test_object_is_moved_and_copied_to_another_calendar(cadaver: Cadaver) -> None:
    visitor = cadaver.visitor
    other = visitor.make_calendar("other", "VEVENT")
    visitor.put(f"{cadaver.calendar}one.ics", event("one"))
    cadaver.done("move one.ics two.ics", "copy two.ics ../other/three.ics")
    assert visitor.contents(cadaver.calendar) == {f"{cadaver.calendar}two.ics": event("one")}
    assert visitor.contents(other) == {f"{other}three.ics": event("one")}
    cadaver.done("delete ../other/three.ics", "move two.ics ../other/four.ics")
    assert visitor.members(cadaver.calendar) == []
    assert visitor.contents(other) == {f"{other}four.ics": event("one")}


def test_property_is_set_read_and_removed(cadaver: Cadaver) -> None:
    cadaver.visitor.put(f"{cadaver.calendar}one.ics", event("one"))
    cadaver.done("propset one.ics shade blue")
    assert "Value of shade is: blue" in cadaver.done("propget one.ics shade")
    assert "shade" in cadaver.done("propnames one.ics")
    # An object that moves takes its properties along.
    cadaver.done("move one.ics two.ics")
    assert "Value of shade is: blue" in cadaver.done("propget two.ics shade")
    cadaver.done("propdel two.ics shade")
    assert "blue" not in cadaver.run("propget two.ics shade")


def test_locked_object_is_changed_by_nobody_else(cadaver: Cadaver) -> None:
    visitor = cadaver.visitor
    path = f"{cadaver.calendar}one.ics"
    visitor.put(path, event("one", "First"))
    with cadaver.locking("one.ics"):
        answer = visitor.request("PUT", path, event("one", "Late"), Content_Type="text/calendar")
        assert answer.status == 423
        assert visitor.request("DELETE", path).status == 423
        assert "423" in cadaver.run("delete one.ics")
        assert visitor.get(path) == event("one", "First")
    visitor.put(path, event("one", "Second"))
    assert visitor.get(path) == event("one", "Second")


def test_who_holds_the_lock_changes_the_object(cadaver: Cadaver) -> None:
    path = f"{cadaver.calendar}one.ics"
    cadaver.visitor.put(path, event("one", "First"))
    (cadaver.directory / "one.ics").write_bytes(event("one", "Second"))
    cadaver.done("lock one.ics", "put one.ics", "discover one.ics", "unlock one.ics")
    assert cadaver.visitor.get(path) == event("one", "Second")
