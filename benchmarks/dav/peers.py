"""The servers that are measured: ours, Radicale, Xandikos; Cyrus and SOGo where they are.

All listen on loopback without TLS and are their projects' own servers, not behind another one.
Each keeps what it is given as durably as it does by default.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version as version_of
from pathlib import Path

from benchmarks.dav import cyrus, sogo
from benchmarks.dav.client import Client
from benchmarks.dav.cyrus import Cyrus
from benchmarks.dav.program import DavPeer, Program
from benchmarks.dav.sogo import Sogo
from benchmarks.side_by_side.servers import USERS, ThisServer
from tests.clients.fetched import python_with

REQUIREMENTS = Path(__file__).parent / "requirements" / "xandikos.txt"
RADICALE = """\
[server]
hosts = 127.0.0.1:{port}
max_connections = 100
[auth]
type = htpasswd
htpasswd_filename = {directory}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {directory}/store
[logging]
level = error
"""


class Ours(ThisServer, DavPeer):
    """This tree's server."""

    def connect(self, user: int = 0) -> Client:
        """Return a connection of one of its users."""
        return Client(self.running.ports["HTTP"], self.users[user], self.password)

    def _home(self, name: str) -> str:
        with self.connect() as client:
            answer = client.propfind("/dav/", "<D:current-user-principal/>")
            principal = answer.href_in("current-user-principal")
            prefix = "A" if name.startswith("address") else "C"
            return client.propfind(principal, f"<{prefix}:{name}/>").href_in(name)

    def calendar_home(self) -> str:
        """Return what its principal tells."""
        return self._home("calendar-home-set")

    def address_book_home(self) -> str:
        """Return what its principal tells."""
        return self._home("addressbook-home-set")


class Radicale(Program):
    """Radicale from PyPI with its file storage."""

    name = "radicale"
    user = "user"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        configuration = self.directory / "config"
        text = RADICALE.format(port=self.port, directory=self.directory)
        configuration.write_text(text)
        users = [f"{self.user}{number or ''}:secret\n" for number in range(USERS)]
        (self.directory / "users").write_text("".join(users))
        self.command = [sys.executable, "-m", "radicale", "--config", str(configuration)]

    @property
    def version(self) -> str:
        """What is installed."""
        return f"Radicale {version_of('radicale')}"

    def calendar_home(self) -> str:
        """Return the user's collection."""
        return f"/{self.user}/"

    def address_book_home(self) -> str:
        """Return the same."""
        return self.calendar_home()

    def fill(self, path: str, members: Mapping[str, bytes]) -> None:
        """Write the files where it keeps them: it takes fourteen a second."""
        place = self.directory / "store" / "collection-root" / path.strip("/")
        for name, data in members.items():
            (place / name).write_bytes(data)


class Xandikos(Program):
    """Xandikos from PyPI with its Git repositories; it asks for no password without TLS."""

    name = "xandikos"
    user = "user"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        python = python_with(REQUIREMENTS)
        self._python = str(python)
        places = ["-d", str(self.directory / "data"), "--state-dir", str(self.directory / "state")]
        address = ["-l", "127.0.0.1", "-p", str(self.port)]
        self.command = [
            *(self._python, "-m", "xandikos", "serve", "--defaults", "--no-detect-systemd"),
            *places,
            *address,
        ]

    @property
    def version(self) -> str:
        """What is installed in its environment."""
        command = [self._python, "-m", "xandikos", "--version"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return f"Xandikos {done.stdout.split()[-1]}"

    def calendar_home(self) -> str:
        """Return where it makes the default calendar."""
        return f"/{self.user}/calendars/"

    def address_book_home(self) -> str:
        """Return where it makes the default address book."""
        return f"/{self.user}/contacts/"

    def fill(self, path: str, members: Mapping[str, bytes]) -> None:
        """Commit the files at once where it keeps them: it takes fourteen a second."""
        self.stop()
        place = self.directory / "data" / path.strip("/")
        for name, data in members.items():
            (place / name).write_bytes(data)
        for words in _commands():
            subprocess.run(["git", "-C", str(place), *words], check=True, capture_output=True)
        self.start()


def _commands() -> Iterator[tuple[str, ...]]:
    yield ("add", "--all")
    who = ("-c", "user.name=Benchmarks", "-c", "user.email=benchmarks@example.org")
    yield (*who, "commit", "--quiet", "--message", "Fill.")


PEERS: dict[str, type[DavPeer]] = {"ours": Ours, "radicale": Radicale, "xandikos": Xandikos}
if cyrus.is_there():
    PEERS["cyrus"] = Cyrus
if sogo.is_there():
    PEERS["sogo"] = Sogo
