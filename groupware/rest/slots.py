"""Small numbers that the processes of a server share, by whom they are of: a table in a mapped file.

A slot holds how much is left of something, and when that was so. A file in DATA/run is mapped by each
process; a lock of the file is held for the microseconds of a look or a change. A process that is killed
there leaves at worst one slot that is wrong for a minute. Times are the machine's monotonic clock,
which begins anew with the machine: what lies in the future says nothing.
"""

import mmap
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, TypeVar

import structlog
from django.conf import settings

from groupware.core.clock import monotonic
from groupware.core.filelock import FileLock

SETS: Final = 2_048
WAYS: Final = 8
"""Slots among which one is looked for; where all are taken the one that was longest not used goes."""
LOCK_SECONDS: Final = 2.0
_SLOT: Final = struct.Struct("<16sdd")
_log = structlog.get_logger("groupware.rest")

T = TypeVar("T")
Hold = Callable[[], object]


class Slot(NamedTuple):
    """How much is left, and when that was so."""

    left: float
    at: float


class _Table:
    """A table that is mapped; of this process alone where the disk has no room for it."""

    def __init__(self, path: Path, size: int) -> None:
        self._threads = Lock()
        self._file: FileLock | None = FileLock(path)
        try:
            self.octets = _map(path, size)
        except OSError as error:
            _log.warning("throttles are counted by each process alone", reason=str(error))
            self._file, self.octets = None, mmap.mmap(-1, size)

    @contextmanager
    def held(self) -> Iterator[mmap.mmap]:
        """Hold the lock; raises `Busy` where it is not had soon."""
        if self._file is None:
            with self._threads:
                yield self.octets
            return
        with self._file.held(LOCK_SECONDS):
            yield self.octets


def _map(path: Path, size: int) -> mmap.mmap:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # With its blocks: a page that the disk has no room for would end the process.
        os.posix_fallocate(descriptor, 0, size)
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


_tables: dict[Path, _Table] = {}
_opening = Lock()


class Slots:
    """The slots of one kind, in a file of this name."""

    def __init__(self, name: str, *, sets: int = SETS) -> None:
        self._name, self._sets = f"{name}-{sets}.slots", sets

    def change(self, whose: object, work: Callable[[Slot | None], tuple[Slot, T]]) -> T:
        """Let `work` make a slot of the one that is there, if any, and return what else it does."""
        digest = _digest(whose)
        with self._table().held() as octets:
            offset, slot = self._find(octets, digest)
            new, result = work(slot)
            _SLOT.pack_into(octets, offset, digest, *new)
        return result

    def find(self, whose: object) -> Slot | None:
        """Return a slot."""
        with self._table().held() as octets:
            return self._find(octets, _digest(whose))[1]

    def clear(self) -> None:
        """Forget all."""
        with self._table().held() as octets:
            octets[:] = bytes(len(octets))

    def _find(self, octets: mmap.mmap, digest: bytes) -> tuple[int, Slot | None]:
        """Return where a slot is, or where it is to be; and what it holds."""
        first = int.from_bytes(digest[:4]) % self._sets * WAYS
        now = monotonic()
        offset, oldest = 0, float("inf")
        for number in range(first, first + WAYS):
            key, left, at = _SLOT.unpack_from(octets, number * _SLOT.size)
            at = at if 0 <= at <= now else 0.0
            if key == digest:
                return number * _SLOT.size, Slot(left, at) if at else None
            if at < oldest:
                offset, oldest = number * _SLOT.size, at
        return offset, None

    def _table(self) -> _Table:
        path = Path(settings.GROUPWARE_DATA) / "run" / self._name
        table = _tables.get(path)
        if table is None:
            with _opening:
                if (table := _tables.get(path)) is None:
                    table = _tables[path] = _Table(path, self._sets * WAYS * _SLOT.size)
        return table


def _digest(whose: object) -> bytes:
    return blake2b(repr(whose).encode("utf-8", "surrogatepass"), digest_size=16).digest()
