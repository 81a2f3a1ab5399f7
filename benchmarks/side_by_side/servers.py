"""A server that is measured: started and stopped, its processor time and memory.

All listen on loopback and keep what they hold below one scratch directory, each with the
durability that it has by default.
"""

import contextlib
import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from tests.clients.people import DOMAIN, PASSWORD, create_people
from tests.serve.running import Running, descendants, serving

USERS = 4
IDLE_SECONDS = 0.05
"""Processor time in a second below which a server counts as doing nothing."""


class Peer(ABC):
    """A server; `start` returns when it answers."""

    name: str

    @property
    @abstractmethod
    def pid(self) -> int:
        """The process from which all its others come."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Name and version, for the report."""

    @abstractmethod
    def start(self) -> None:
        """Start it on the store that is there."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it; what it holds is kept."""

    def restart(self) -> None:
        """Start all its processes anew, and wait until they are done with starting."""
        self.stop()
        self.start()
        self.settle()

    def pids(self) -> set[int]:
        """Return the process ids of all of it."""
        return {self.pid, *descendants(self.pid)}

    def settle(self) -> None:
        """Return when it does nothing any more: indexing, caching and starting are done."""
        before = self._used()
        while True:
            time.sleep(1.0)
            used = self._used()
            if used - before < IDLE_SECONDS:
                return
            before = used

    def _used(self) -> float:
        """Return the seconds of processor time that it took so far."""
        return sum(cpu_seconds(pid) for pid in self.pids())

    def memory(self) -> int:
        """Return its octets of memory, shared ones divided among those that share them."""
        return sum(_proportional(pid) for pid in self.pids())


class ThisServer(Peer):
    """This tree's server: every role, without the demo team."""

    name = "ours"
    password = PASSWORD
    variables: Mapping[str, str] = {}
    """What a suite sets besides."""

    def __init__(self, directory: Path) -> None:
        self._data = directory / "data"
        self.users = [f"user-{number}@{DOMAIN}" for number in range(USERS)]
        self._created = False
        self._stack = contextlib.ExitStack()
        self._running: Running | None = None

    @property
    def running(self) -> Running:
        """The servers, while they run."""
        assert self._running is not None
        return self._running

    @property
    def pid(self) -> int:
        """The supervisor."""
        return self.running.process.pid

    @property
    def version(self) -> str:
        """The commit of this tree."""
        command = ["git", "describe", "--always", "--dirty"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return f"commit {done.stdout.strip() or 'unknown'}"

    def start(self) -> None:
        """Run `manage.py serve`."""
        variables = {
            "GROUPWARE_ALLOW_PLAINTEXT": "1",
            "GROUPWARE_LOG_LEVEL": "WARNING",
            "GROUPWARE_PROCESSES": str(min(os.cpu_count() or 1, 4)),
        }
        variables |= self.variables
        running = self._stack.enter_context(serving(self._data, **variables))
        if not self._created:
            create_people(running, self.users)
            self._created = True
        self._running = running

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self._stack.close()


def cpu_seconds(pid: int, *, with_children: bool = True) -> float:
    """Return the processor time of a process, with its children that ended; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11 : 15 if with_children else 13])) / os.sysconf("SC_CLK_TCK")


def _proportional(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) << 10
