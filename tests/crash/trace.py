"""What strace saw of a reply: were the bytes and the row on disk before the peer was told so?

A call is on two lines where another thread's came in between; it began on the first of them and
ended on the second.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

WRITES = frozenset({"write", "writev", "pwrite64", "sendto", "sendmsg"})
SYNCS = frozenset({"fsync", "fdatasync"})
READS = frozenset({"read", "recvfrom"})
MAKES = frozenset({"mkdir", "mkdirat"})
TRACED = "openat,?mkdir,?mkdirat," + ",".join(sorted(WRITES | SYNCS | READS))

_WHOLE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)")
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_ENDED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+|\?)")
_DESCRIPTOR = re.compile(r"\d+<(TCP:\[[^\]]*\]|[^>]*)>")
_QUOTED = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that succeeded; `path` is the file's, the folder's or the connection's."""

    name: str
    path: str
    arguments: str
    began: int
    ended: int


def parse_trace(text: str) -> list[Call]:
    """Return the calls that succeeded, in the order of their ends."""
    calls: list[Call] = []
    begun: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(text.splitlines()):
        if found := _BEGUN.match(line):
            begun[found[1]] = (number, found[3])
            continue
        start, before = number, ""
        if found := _ENDED.match(line):
            start, before = begun.pop(found[1], (number, ""))
        else:
            found = _WHOLE.match(line)
        if found and found[4] != "?" and int(found[4]) >= 0:
            arguments = before + found[3]
            calls.append(Call(found[2], _path(found[2], arguments), arguments, start, number))
    return calls


def _path(name: str, arguments: str) -> str:
    named_by_text = name in MAKES or name == "openat"
    found = (_QUOTED.search if named_by_text else _DESCRIPTOR.match)(arguments)
    return found[1] if found else ""


class Telling:
    """The calls from the reading of a message until the reply that it is kept."""

    def __init__(self, calls: Sequence[Call], *, message: str, reply: str) -> None:
        asked = next(c for c in calls if c.name in READS and message in c.arguments)
        self.told = next(
            c
            for c in calls
            if c.began > asked.ended
            and c.name in WRITES
            and c.path.startswith("TCP:")
            and reply in c.arguments
        )
        self.calls = [c for c in calls if asked.ended < c.began < self.told.began]

    def synced(self) -> list[str]:
        """Return what was on disk before the reply began, in the order of its last sync."""
        syncs = {c.path: c.ended for c in self.calls if self._is_sync(c)}
        return sorted(syncs, key=lambda path: syncs[path])

    def find_faults(self, directory: str, *, unsynced: Iterable[str] = ()) -> list[str]:
        """Return what was written or made below `directory`, and could still be lost at the reply.

        Files whose names end in one of `unsynced` need not be kept.
        """
        ends = tuple(unsynced)
        below = [
            c
            for c in self.calls
            if c.path.startswith(directory + "/") and not c.path.endswith(ends or "/")
        ]
        faults = [
            f"the reply was sent before {c.path} was synced"
            for c in below
            if c.name in WRITES and not self._is_synced_after(c, c.path)
        ]
        faults += [
            f"the reply was sent before the folder of {c.path} was synced"
            for c in below
            if (c.name in MAKES or (c.name == "openat" and "O_EXCL" in c.arguments))
            and not self._is_synced_after(c, str(PurePath(c.path).parent))
        ]
        return list(dict.fromkeys(faults))

    def find_early_rows(self, wal: str, blobs: str) -> list[str]:
        """Return writes of the database's log at which bytes below `blobs` could still be lost."""
        rows = [c.began for c in self.calls if c.name in WRITES and c.path == wal]
        syncs = [c.ended for c in self.calls if c.path.startswith(blobs + "/") and c.name in SYNCS]
        if not rows or not syncs:
            return ["no row was written" if syncs else "no bytes were synced"]
        late = max(syncs) > min(rows)
        return ["the row was written before its bytes were synced"] if late else []

    def _is_sync(self, call: Call) -> bool:
        return call.name in SYNCS and call.ended < self.told.began

    def _is_synced_after(self, write: Call, path: str) -> bool:
        return any(c.path == path and c.began > write.ended for c in self.calls if self._is_sync(c))
