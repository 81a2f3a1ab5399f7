"""What the figures were taken on, and what else ran meanwhile."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.side_by_side.servers import Peer, cpu_seconds

LIBRARIES = ("django", "granian", "uvloop", "zstandard")
NAMED = 3
"""How many of the other programs are named."""
MENTIONED = 0.01


@dataclass(frozen=True, slots=True)
class Moment:
    """Processor time until now: of the machine, of what is measured, and of each other process."""

    busy: float
    idle: float
    own: float
    others: dict[int, float]


def now(peers: Iterable[Peer]) -> Moment:
    """Return how things are.

    Invariant: what a server took is never lost, since whoever waits for a process inherits it.
    """
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    ticks = [int(word) / os.sysconf("SC_CLK_TCK") for word in fields]
    idle = ticks[3] + ticks[4]
    own = {os.getpid()}.union(*(peer.pids() for peer in peers))
    pids = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()} - own
    others = {pid: cpu_seconds(pid, with_children=False) for pid in pids}
    return Moment(sum(ticks) - idle, idle, sum(map(cpu_seconds, own)), others)


class Watch:
    """Sums up, load by load, what ran beside the servers and this program."""

    def __init__(self) -> None:
        self._busy = self._all = self._own = 0.0
        self._others: dict[str, float] = {}
        self.load_averages = [os.getloadavg()[0]]

    def note(self, before: Moment, after: Moment) -> None:
        """Add what happened between two moments."""
        self._busy += after.busy - before.busy
        self._all += after.busy + after.idle - before.busy - before.idle
        self._own += after.own - before.own
        for pid, seconds in after.others.items():
            name = _name_of(pid)
            used = seconds - before.others.get(pid, 0.0)
            self._others[name] = self._others.get(name, 0.0) + max(0.0, used)
        self.load_averages.append(os.getloadavg()[0])

    def lines(self) -> list[str]:
        """Return sentences for the report."""
        averages = self.load_averages
        shares = {name: seconds / self._all for name, seconds in self._others.items()}
        most = sorted(shares.items(), key=lambda item: -item[1])[:NAMED]
        named = ", ".join(f"{name} {share:.0%}" for name, share in most if share >= MENTIONED)
        text = (
            f"The machine was busy for {self._busy / self._all:.0%} of the time that all its cores"
            f" have, with these servers and their client for {self._own / self._all:.0%};"
            f" of the others most: {named or 'nothing'}."
        )
        return [f"Load average {averages[0]:.1f} before, {max(averages):.1f} at most.", text]


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "ended"


def describe(scratch: Path, peers: Sequence[Peer]) -> list[str]:
    """Return sentences about machine and versions."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    filesystem = subprocess.run(
        ["stat", "--file-system", "--format=%T", scratch],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    hardware = (
        f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}),"
        f" {memory:.0f} GiB of memory, Linux {platform.release().partition('-')[0]}, {filesystem}."
    )
    versions = (
        f"{'; '.join(peer.version for peer in peers)}. Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}, {libraries}."
    )
    return [hardware, versions]
