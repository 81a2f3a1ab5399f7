"""The running server as DAV clients know it: an address, whom to trust, and people.

Everything that tests/clients/dav takes from the server goes through `DavServer`.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from groupware.environment import BASE_DIR
from tests.clients.people import Person, create_people
from tests.serve.running import Running, environment, serving


@dataclass(frozen=True, slots=True)
class DavServer:
    """A server for calendars and address books; `url` ends in a slash."""

    running: Running
    database_url: str

    @property
    def origin(self) -> str:
        """All that somebody knows who knows the server's name alone."""
        return f"https://localhost:{self.running.ports['HTTPS']}"

    @property
    def url(self) -> str:
        """Where discovery begins, over TLS."""
        return f"{self.origin}/dav/"

    @property
    def plain_url(self) -> str:
        """The same without TLS, for programs that cannot be told whom to trust."""
        return f"http://127.0.0.1:{self.running.ports['HTTP']}/dav/"

    @property
    def trusted(self) -> Path:
        """The certificate by which clients check the server."""
        return self.running.trusted

    def create_people(self, addresses: Sequence[str]) -> None:
        """Create accounts whose password is `PASSWORD`."""
        create_people(self.running, list(addresses), GROUPWARE_DATABASE_URL=self.database_url)

    def share(self, collection: str, person: Person) -> None:
        """Let a person read and write a collection, which is named as the commands do."""
        self._manage("grant", collection, person.address, "write")

    def set_password(self, person: Person, password: str) -> Person:
        """Give a person another password."""
        self._manage("account", "set-password", person.address, "--password-stdin", stdin=password)
        return Person(person.address, password)

    def _manage(self, *arguments: str, stdin: str = "") -> None:
        variables = {"GROUPWARE_DATABASE_URL": self.database_url}
        subprocess.run(
            [sys.executable, BASE_DIR / "manage.py", *arguments],
            check=True,
            capture_output=True,
            text=True,
            input=stdin,
            env=environment(self.running.data, self.running.ports, **variables),
        )


@contextlib.contextmanager
def serving_dav(directory: Path, database_url: str) -> Iterator[DavServer]:
    """Run a server with its web processes until the block ends; it may write no traceback."""
    variables = {
        "GROUPWARE_DATABASE_URL": database_url,
        "GROUPWARE_LOG_LEVEL": "WARNING",
        "GROUPWARE_ALLOW_PLAINTEXT": "1",
    }
    with serving(directory / "data", "web", **variables) as running:
        yield DavServer(running, database_url)
    assert "Traceback" not in running.output.read_text()
