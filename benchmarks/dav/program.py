"""What every server for calendars and address books is to the loads, and programs that are one."""

import os
import signal
import subprocess
from abc import abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from benchmarks.dav.client import Client, Refused
from benchmarks.side_by_side.servers import Peer
from tests.serve.running import free_ports, wait_for

CONNECTIONS = 4


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


class Program(DavPeer):
    """A program that is started with a port, and keeps its files in a directory."""

    user: str
    command: list[str]
    environment: Mapping[str, str] = {}

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
                self.command,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
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
