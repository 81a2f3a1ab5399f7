"""Files of metric values that a full disk cannot turn into a killed process.

prometheus-client writes through a mapping of a file with holes. Where the disk has no room for a
page of it, the kernel ends the process with SIGBUS; so every page is taken before it is written,
and where none is to be had, the values of this process stay in memory, where nobody sees them.
"""

import errno
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

PAGE = 1 << 16
"""Octets that a file begins with; more are taken by doubling."""
MOST_OF_VALUE = 4096
"""Octets that one more value takes at most: labels come from closed sets."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_log = structlog.get_logger("groupware.metrics")


class AllocatedDict(MmapedDict):
    """The values of one process, in a file whose pages are there."""

    # What the base class keeps, and has no types for.
    _f: Any
    _m: mmap.mmap
    _capacity: int
    _used: int

    def __init__(self, filename: str, read_mode: bool = False) -> None:  # noqa: FBT001, FBT002 (its signature)
        if read_mode or _make(filename):
            super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]
            return
        with _memory(b"") as name:
            super().__init__(name)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        is_last = self._used + MOST_OF_VALUE > self._capacity
        if is_last and not _allocate(self._f.fileno(), 2 * self._capacity):
            self._leave_the_disk()
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def _leave_the_disk(self) -> None:
        held, file = self._m[:], self._f
        with _memory(held) as name:
            self._f = Path(name).open("a+b")  # noqa: SIM115 (the base class closes it)
        self._m = mmap.mmap(self._f.fileno(), self._capacity)
        file.close()


def _make(filename: str) -> bool:
    """Make a file with its first pages; whether there is room for it."""
    try:
        descriptor = os.open(filename, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in FULL:
            raise
        return False
    try:
        return _allocate(descriptor, PAGE)
    finally:
        os.close(descriptor)


def _allocate(descriptor: int, size: int) -> bool:
    """Take the room of a file up to `size`; whether there is as much."""
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in FULL:
            raise
        _log.warning("metrics stay in memory", reason=error.strerror)
        return False
    return True


@contextmanager
def _memory(held: bytes) -> Iterator[str]:
    """Yield the name of a file on no disk, which lasts while it is open."""
    descriptor = os.memfd_create("metrics")
    try:
        os.write(descriptor, held)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def use_allocated_files() -> None:
    """Let every metric that is made from now on keep its values in such files."""
    values.MmapedDict = AllocatedDict  # type: ignore[attr-defined]
