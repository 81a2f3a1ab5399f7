"""Where stored bytes lie: small ones in a database file, large ones in a directory.

A location is `db:N` or `file:NAME`, and never used twice: N is an AUTOINCREMENT key and NAME
ends in random digits. The measurement behind the split is docs/adr/0003-blobs.md.
"""

import json
import os
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from groupware.core import crashpoints
from groupware.core.clock import epoch
from groupware.core.filelock import FileLock
from groupware.core.files import sync_directory

LARGE = 256 * 1024
"""Stored octets from which a blob is a file of its own."""
RECLAIMED_PAGES = 256
"""Pages that the database file gives back at a time: who writes waits for no more than that."""


class _Forks:
    """How many forks lie between this process and the one that was started as it."""

    count = 0

    @classmethod
    def note(cls) -> None:
        """Note that this process is another one now: no connection of its parent is its own."""
        cls.count += 1


os.register_at_fork(after_in_child=_Forks.note)


class BlobMissing(Exception):
    """No bytes lie at the location: damage that `doctor` reports."""


Find = Callable[[str], bytes | None]
"""Looks up the bytes of a small blob that may still lie beside its row."""


class BlobStore(Protocol):
    """Durable storage of immutable bytes by location.

    `directory` lies on the disk that it fills, None where that is another machine's.
    """

    directory: Path | None

    def put(self, name: str, stored: bytes) -> str:
        """Store durably and return the location; durable when this returns."""
        ...

    def put_spooled(self, placed: Mapping[str, bytes]) -> None:
        """Store small blobs durably at locations of the caller; those that are there stay."""
        ...

    def get(self, location: str, start: int, length: int) -> bytes:
        """Return up to `length` stored octets from `start` (-1: all); raises `BlobMissing`."""
        ...

    def get_all(self, locations: Sequence[str]) -> list[bytes]:
        """Return the stored octets at each location, in order; raises `BlobMissing`."""
        ...

    def remove(self, location: str) -> None:
        """Remove the bytes; nothing happens where there are none."""
        ...

    def reclaim(self) -> None:
        """Give the room of removed bytes back to the disk."""
        ...

    def locations(self, *, older_than: int) -> Iterator[str]:
        """Every location whose bytes were written before `older_than` (epoch seconds)."""
        ...


class _Slot:
    """One blob waiting for the next commit of the database file."""

    __slots__ = ("error", "key", "stored")

    def __init__(self, stored: bytes) -> None:
        self.stored = stored
        self.key = 0
        self.error: BaseException | None = None


# The first holds for a file that is made here: it cannot be changed once there is a table.
_PRAGMAS = (
    "auto_vacuum=INCREMENTAL",
    "journal_mode=WAL",
    "synchronous=FULL",
    "journal_size_limit=16777216",
    "mmap_size=1073741824",
)


class DatabaseFile:
    """Blobs as rows of an SQLite file of their own; concurrent puts share one commit."""

    def __init__(self, path: Path, *, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._local = threading.local()
        self._lock = FileLock(path.with_suffix(".lock"))
        self._queue: deque[_Slot] = deque()
        self._flush_lock = threading.Lock()
        # Going over to WAL does not wait for others that do the same: one after the other.
        with self._lock.held(timeout):
            self._connection()

    def _connection(self) -> sqlite3.Connection:
        held: tuple[int, sqlite3.Connection] | None = getattr(self._local, "held", None)
        if held is not None and held[0] == _Forks.count:
            return held[1]
        connection = sqlite3.connect(
            self._path, timeout=20, isolation_level=None, check_same_thread=False
        )
        self._path.chmod(0o600)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS blob (id INTEGER PRIMARY KEY AUTOINCREMENT,"
            " created_at INTEGER NOT NULL, data BLOB NOT NULL)"
        )
        self._local.held = (_Forks.count, connection)
        return connection

    def put(self, stored: bytes) -> int:
        """Store durably; whoever gets the flush lock first writes for all who wait."""
        slot = _Slot(stored)
        self._queue.append(slot)
        with self._flush_lock:
            if not slot.key and slot.error is None:
                self._flush()
        if slot.error is not None:
            raise slot.error
        return slot.key

    def _flush(self) -> None:
        batch: list[_Slot] = []
        while self._queue:
            batch.append(self._queue.popleft())
        try:
            keys = self._write(batch)
        except BaseException as error:
            for slot in batch:
                slot.error = error
            raise
        for slot, key in zip(batch, keys, strict=True):
            slot.key = key

    def _write(self, batch: list[_Slot]) -> list[int]:
        now = epoch()
        keys: list[int] = []
        with self._transaction() as connection:
            for slot in batch:
                cursor = connection.execute(
                    "INSERT INTO blob (created_at, data) VALUES (?, ?)", (now, slot.stored)
                )
                keys.append(cursor.lastrowid or 0)
        return keys

    def put_at(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Store durably under the caller's keys; what is there already must be the same."""
        now = epoch()
        with self._transaction() as connection:
            for key, stored in rows:
                added = connection.execute(
                    "INSERT OR IGNORE INTO blob (id, created_at, data) VALUES (?, ?, ?)",
                    (key, now, stored),
                )
                if not added.rowcount and self.get(key, 0, -1) != stored:
                    raise RuntimeError(f"other bytes lie at db:{key}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Write in the block; durable when it is left."""
        connection = self._connection()
        with self._lock.held(self._timeout):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                crashpoints.reach("blob-written")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        crashpoints.reach("blob-synced")

    def get(self, key: int, start: int, length: int) -> bytes:
        """Return stored octets of one row; raises `BlobMissing`."""
        query = "SELECT data FROM blob WHERE id = ?"
        if length >= 0:
            query = f"SELECT substr(data, {start + 1}, {length}) FROM blob WHERE id = ?"
        row = self._connection().execute(query, (key,)).fetchone()
        if row is None:
            raise BlobMissing(f"db:{key}")
        data: bytes = row[0]
        return data if length >= 0 else data[start:]

    def get_all(self, keys: Sequence[int]) -> dict[int, bytes]:
        """Return the stored octets of those rows that are there."""
        if len(keys) == 1:
            query, params = "SELECT id, data FROM blob WHERE id = ?", keys[0]
            return dict(self._connection().execute(query, (params,)).fetchall())
        query = "SELECT id, data FROM blob WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._connection().execute(query, (json.dumps(keys),)).fetchall())

    def remove(self, key: int) -> None:
        """Delete one row."""
        with self._lock.held(self._timeout):
            self._connection().execute("DELETE FROM blob WHERE id = ?", (key,))

    def reclaim(self) -> None:
        """Make the file shorter by the pages that hold nothing."""
        connection = self._connection()
        while connection.execute("PRAGMA freelist_count").fetchone()[0]:
            before = connection.execute("PRAGMA page_count").fetchone()
            with self._lock.held(self._timeout):
                # A page is a step of it, and `execute` would take the first one only.
                connection.executescript(f"PRAGMA incremental_vacuum({RECLAIMED_PAGES})")
            if connection.execute("PRAGMA page_count").fetchone() == before:
                return
        # The file itself is cut when the log has been carried over; readers may put that off.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def keys(self, *, older_than: int) -> Iterator[int]:
        """Every key written before `older_than`."""
        last = 0
        while True:
            rows = (
                self._connection()
                .execute(
                    "SELECT id FROM blob WHERE id > ? AND created_at < ? ORDER BY id LIMIT 1000",
                    (last, older_than),
                )
                .fetchall()
            )
            if not rows:
                return
            for (key,) in rows:
                yield key
            last = rows[-1][0]


class Directory:
    """Blobs as files, 256 folders wide; synced with their folder before `put` returns."""

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        sync_directory(path.parent)
        self._path = path
        self._durable: set[str] = set()

    def put(self, name: str, stored: bytes) -> str:
        """Store durably and return the file's name."""
        file_name = f"{name}-{secrets.token_hex(8)}"
        path = self._file(file_name)
        self._make_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(stored)
            while view:
                view = view[os.write(descriptor, view) :]
            crashpoints.reach("blob-written")
            os.fdatasync(descriptor)
        except OSError:
            path.unlink(missing_ok=True)  # a full disk is not filled further
            raise
        finally:
            os.close(descriptor)
        sync_directory(path.parent)
        crashpoints.reach("blob-synced")
        return file_name

    def _make_folder(self, folder: Path) -> None:
        """Make a folder durable once: that it is there does not say that another synced it."""
        if folder.name not in self._durable:
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_directory(self._path)
            self._durable.add(folder.name)

    def _file(self, name: str) -> Path:
        return self._path / name[:2] / name

    def get(self, name: str, start: int, length: int) -> bytes:
        """Return stored octets of one file; raises `BlobMissing`."""
        try:
            descriptor = os.open(self._file(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise BlobMissing(f"file:{name}") from error
        with os.fdopen(descriptor, "rb") as file:
            file.seek(start)
            return file.read(length)

    def remove(self, name: str) -> None:
        """Unlink one file."""
        self._file(name).unlink(missing_ok=True)

    def names(self, *, older_than: int) -> Iterator[str]:
        """Every file written before `older_than`."""
        for folder in sorted(self._path.glob("??")):
            for file in sorted(folder.iterdir()):
                with suppress(FileNotFoundError):  # removed meanwhile
                    if file.stat().st_mtime < older_than:
                        yield file.name


class LocalBlobStore:
    """The embedded store: a database file for small blobs, a directory for large ones.

    `find_spooled` looks for small ones that still lie beside their row.
    """

    def __init__(
        self,
        path: Path,
        *,
        large: int = LARGE,
        timeout: float,
        find_spooled: Find = lambda _: None,
    ) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_directory(path.parent)
        self.directory: Path | None = path
        self._large = large
        self._database = DatabaseFile(path / "blobs.sqlite3", timeout=timeout)
        self._directory = Directory(path / "files")
        self._find_spooled = find_spooled

    def put(self, name: str, stored: bytes) -> str:
        """Store durably and return the location."""
        if len(stored) >= self._large:
            return "file:" + self._directory.put(name, stored)
        return f"db:{self._database.put(stored)}"

    def put_spooled(self, placed: Mapping[str, bytes]) -> None:
        """Store small blobs durably at locations of the caller; those that are there stay."""
        self._database.put_at((int(location[3:]), stored) for location, stored in placed.items())

    def get(self, location: str, start: int = 0, length: int = -1) -> bytes:
        """Return stored octets; raises `BlobMissing`."""
        place, _, name = location.partition(":")
        if place != "db":
            return self._directory.get(name, start, length)
        try:
            return self._database.get(int(name), start, length)
        except BlobMissing:
            stored = self._get_spooled(location)
            return stored[start:] if length < 0 else stored[start : start + length]

    def _get_spooled(self, location: str) -> bytes:
        if (stored := self._find_spooled(location)) is not None:
            return stored
        # It may have been carried over between the two looks.
        return self._database.get(int(location[3:]), 0, -1)

    def get_all(self, locations: Sequence[str]) -> list[bytes]:
        """Return the stored octets at each location, in order; raises `BlobMissing`."""
        keys = [int(place[3:]) if place.startswith("db:") else 0 for place in locations]
        rows = self._database.get_all(keys)
        found = map(rows.get, keys)
        return [
            self.get(location) if data is None else data
            for location, data in zip(locations, found, strict=True)
        ]

    def remove(self, location: str) -> None:
        """Remove the bytes; nothing happens where there are none."""
        place, _, name = location.partition(":")
        if place == "db":
            self._database.remove(int(name))
        else:
            self._directory.remove(name)

    def reclaim(self) -> None:
        """Give the room of removed bytes back to the disk."""
        self._database.reclaim()

    def locations(self, *, older_than: int) -> Iterator[str]:
        """Every location whose bytes were written before `older_than`."""
        for key in self._database.keys(older_than=older_than):
            yield f"db:{key}"
        for name in self._directory.names(older_than=older_than):
            yield f"file:{name}"
