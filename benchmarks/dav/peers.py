"""The servers that are measured: ours as `manage.py serve` runs it, Radicale and Xandikos.

All listen on loopback without TLS and are their projects' own servers, not behind another one.
Each keeps what it is given as durably as it does by default.
"""

import signal
import subprocess
import sys
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version as version_of
from pathlib import Path
from threading import Lock

from benchmarks.dav.client import Client, Refused
from benchmarks.side_by_side.servers import USERS, Peer, ThisServer
from tests.clients.fetched import python_with
from tests.serve.running import free_ports, wait_for

REQUIREMENTS = Path(__file__).parent / "requirements" / "xandikos.txt"
CONNECTIONS = 4
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


class DavPeer(Peer):
    """A server to which clients speak CalDAV and CardDAV."""

    @abstractmethod
    def connect(self, user: int = 0) -> Client:
        """Return a connection of one of its users."""

    @abstractmethod
    def calendar_home(self) -> str:
        """Return the path below which the first user makes calendars."""

    @abstractmethod
    def address_book_home(self) -> str:
        """Return the path below which the first user makes address books."""

    def fill(self, path: str, members: Mapping[str, bytes]) -> None:
        """Put members into a collection that is empty, by their names."""
        left = iter(members.items())
        lock = Lock()

        def share(_: int) -> None:
            with self.connect() as client:
                while True:
                    with lock:
                        name, data = next(left, ("", b""))
                    if not name:
                        return
                    client.put(f"{path}{name}", data)

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(share, range(CONNECTIONS)))


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


class Program(DavPeer):
    """A program that is started with a port, and keeps its files in a directory."""

    user: str
    command: list[str]

    def __init__(self, directory: Path) -> None:
        self.directory = directory / self.name
        self.directory.mkdir()
        self.port = free_ports()["HTTP"]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process of it."""
        assert self._process is not None
        return self._process.pid

    def connect(self, user: int = 0) -> Client:
        """Return a connection of one of its users."""
        return Client(self.port, f"{self.user}{user or ''}", "secret")

    def start(self) -> None:
        """Run it in the foreground of its own process group."""
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command, stdout=log, stderr=log, start_new_session=True
            )
        wait_for(self._answers, f"{self.name}, see {self.directory}/log")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise SystemExit((self.directory / "log").read_text())
        try:
            with self.connect() as client:
                client.propfind(self.calendar_home(), "<D:resourcetype/>")
        except ConnectionRefusedError:
            return False
        except Refused:
            pass  # it answers
        return True

    def stop(self) -> None:
        """Stop it, and wait for its process."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)


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


PEERS: dict[str, type[Ours] | type[Radicale] | type[Xandikos]] = {
    "ours": Ours,
    "radicale": Radicale,
    "xandikos": Xandikos,
}
