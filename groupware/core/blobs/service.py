"""Staging, claiming and reading blobs; the collector is a module of its own."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from groupware.core import db, limits
from groupware.core.blobs import frames, spool
from groupware.core.blobs.store import BlobStore, LocalBlobStore
from groupware.core.clock import epoch, monotonic
from groupware.core.errors import DiskReserve, Stale
from groupware.core.models import Blob

LOOK_SECONDS = 0.05
SPARE = 512 << 20
"""Octets beyond the reserve that nobody fills between two looks: with fewer there is one each time."""
_FULL = "The server's disk is almost full: reading and deleting still work."


class BlobGone(Stale):
    """The staged blob was collected before it was claimed: stage it again."""


@dataclass(frozen=True, slots=True)
class StagedBlob:
    """Bytes that an item row may point at once they are claimed.

    They are durable, or are `spooled`: written with the row that names them.
    """

    digest: bytes
    size: int
    stored_size: int
    location: str
    blob_id: int | None
    spooled: bytes | None = field(default=None, repr=False)


@lru_cache(maxsize=4)
def _local_store(data: str | Path, timeout: float) -> LocalBlobStore:
    return LocalBlobStore(Path(data) / "blobs", timeout=timeout, find_spooled=spool.find)


def store() -> BlobStore:
    """Return the configured store of bytes. Hot: asked for each blob that is read."""
    return _local_store(settings.GROUPWARE_DATA, db.lock_timeout())


@lru_cache(maxsize=4)
def _disks(_data: str | Path) -> tuple[Path, ...]:
    """Return the directories whose disks take bytes or rows, by the data directory."""
    return tuple(filter(None, (store().directory, db.directory())))


@dataclass(frozen=True, slots=True)
class Disk:
    """A directory whose disk takes bytes or rows, and what it has, in octets."""

    directory: Path
    free: int
    total: int


def measure_disks() -> list[Disk]:
    """Return the disks that bytes and rows lie on."""
    found = []
    for directory in _disks(settings.GROUPWARE_DATA):
        usage = os.statvfs(directory)
        size = usage.f_frsize
        found.append(Disk(directory, usage.f_bavail * size, usage.f_blocks * size))
    return found


_roomy: dict[Path, tuple[int, float]] = {}
"""The reserve beyond which a disk had much room, and until when that is believed."""


def check_reserve() -> None:
    """Raise `DiskReserve` when a disk that takes bytes or rows is filled down to the reserve.

    Hot: asked several times for each message that arrives.
    """
    reserve, now = limits.DISK_RESERVE.value, monotonic()
    for directory in _disks(settings.GROUPWARE_DATA):
        known, until = _roomy.get(directory, (0, 0.0))
        if known == reserve and now < until:
            continue
        usage = os.statvfs(directory)
        free = usage.f_bavail * usage.f_frsize
        if free < reserve:
            raise DiskReserve(_FULL, detail=f"below the reserve of {reserve} octets: {directory}")
        if free - reserve >= SPARE:
            _roomy[directory] = reserve, now + LOOK_SECONDS


def stage(data: bytes, *, head: int = 0, may_wait: bool = True) -> StagedBlob:
    """Make the bytes ready to be claimed, or find that they are here; outside any transaction.

    The first `head` octets of a larger blob can be read without the others (`read_heads`).
    Large ones are durable on return, and all where the database is a server's.
    Hot: runs once for each message that arrives. Raises `DiskReserve`, `Busy`, and where it may not
    wait for the disk, `NotNow` for bytes that are not written with their row.
    """
    check_reserve()  # rows take room as well, also those of bytes that are here
    digest = sha256(data).digest()
    known = db.fetch_rows(
        "SELECT size, stored_size, location, id FROM core_blob WHERE digest = %s", [digest]
    )
    if known:
        return StagedBlob(digest, *known[0])
    stored = frames.compress(data, head)
    if spool.suits(stored) and (spool.has_room() or (may_wait and spool.make_room(store()))):
        location = spool.new_location()
        return StagedBlob(digest, len(data), len(stored), location, None, spooled=stored)
    if not may_wait:
        raise db.NotNow
    return StagedBlob(digest, len(data), len(stored), _put(digest, stored), None)


def _put(digest: bytes, stored: bytes) -> str:
    try:
        return store().put(digest.hex(), stored)
    except (OSError, sqlite3.Error) as error:
        if db.is_full(error):
            raise DiskReserve(_FULL, detail=str(error)) from error
        raise


def claim(staged: StagedBlob) -> int:
    """Return the id of the blob row, made here if need be; inside the item's transaction.

    The row stays until the transaction ends. Raises `BlobGone` when a blob that was found at
    staging has been collected since.
    """
    if staged.blob_id is not None:
        if not db.key_share("core_blob", staged.blob_id):
            raise BlobGone("The message must be sent again.", detail="collected while claimed")
        return staged.blob_id
    # Any conflict, not only that of the digest: of one staged blob that many claim at once
    # PostgreSQL may come upon the location first.
    rows = db.fetch_rows(
        "INSERT INTO core_blob (digest, size, stored_size, location, created_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
        [staged.digest, staged.size, staged.stored_size, staged.location, epoch()],
    )
    if rows and staged.spooled is not None:
        spool.write(rows[0][0], staged.spooled)
    if not rows:
        suffix = "" if db.is_sqlite() else " FOR KEY SHARE"
        rows = db.fetch_rows(f"SELECT id FROM core_blob WHERE digest = %s{suffix}", [staged.digest])
    if not rows:
        raise BlobGone("The message must be sent again.", detail="collected while claimed")
    return int(rows[0][0])


def read_location(location: str, start: int = 0, end: int | None = None) -> bytes:
    """Return raw octets [start, end) of the blob at `location`, decompressing only their frames.

    Raises `BlobMissing` or `frames.DamagedBlob`.
    """
    blobs = store()
    if start == 0 and end is None:
        return frames.decompress(blobs.get(location, 0, -1))
    # One read holds the table and a first frame of every usual message.
    head = blobs.get(location, 0, frames.FIRST_FRAME)
    if (size := frames.table_size(head)) > len(head):
        head = blobs.get(location, 0, size)
    table = frames.parse_table(head)
    stop = end if end is not None else sum(raw for raw, _ in table.lengths)
    first, last, stored_start, raw_start = table.covering(start, stop)
    lengths = table.lengths[first:last]
    wanted = sum(stored for _, stored in lengths)
    if stored_start + wanted <= len(head):
        piece = head[stored_start : stored_start + wanted]
    else:
        piece = blobs.get(location, stored_start, wanted)
    if not lengths:
        return b""
    return frames.decompress_frames(piece, lengths)[start - raw_start : stop - raw_start]


def read_whole(locations: Sequence[str]) -> list[bytes]:
    """Return the raw octets of whole blobs, in order. Hot: FETCH of messages.

    Raises `BlobMissing` or `frames.DamagedBlob`.
    """
    return [frames.decompress(stored) for stored in store().get_all(locations)]


def read_heads(locations: Sequence[str]) -> list[bytes]:
    """Return the first raw octets of blobs, in order: the head of each, or more. Hot: for TOP.

    Raises as `read_whole` does, but may not see damage within a head.
    """
    return list(map(frames.decompress_head, store().get_all(locations)))


def carry_over() -> int:
    """Put bytes that lie beside their rows where blobs lie; return how many. Raises `Busy`."""
    return spool.carry_over(store())


def read(blob_id: int, start: int = 0, end: int | None = None) -> bytes:
    """Return raw octets [start, end) of a blob by its row."""
    location = Blob.objects.values_list("location", flat=True).get(id=blob_id)
    return read_location(location, start, end)
