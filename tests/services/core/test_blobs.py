"""Staging, claiming and reading bytes."""

import errno
import os
import random
import sqlite3
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from groupware.core import blobs, db, limits
from groupware.core.blobs import frames, service
from groupware.core.blobs.frames import FIRST_FRAME, FRAME, SPLIT
from groupware.core.blobs.store import LARGE, LocalBlobStore
from groupware.core.errors import DiskReserve
from groupware.core.models import Blob
from tests.conftest import SetLimit
from tests.services.threads import SECONDS, threads

pytestmark = pytest.mark.django_db
MESSAGE = b"Subject: hello\r\n\r\nA message like most.\r\n" * 10


def noise(size: int, seed: int = 1) -> bytes:
    """Return bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def stored(data: bytes) -> int:
    """Stage and claim, as every writer does."""
    staged = blobs.stage(data)
    with db.write_transaction():
        return blobs.claim(staged)


@pytest.mark.parametrize(
    "size", [0, 1, FIRST_FRAME - 1, FIRST_FRAME, FIRST_FRAME + 1, FIRST_FRAME + FRAME, 2**20 + 7]
)
@pytest.mark.parametrize("make", [noise, lambda size: (b"text " * size)[:size]])
def test_bytes_come_back_as_they_were(own_data: Path, size: int, make: object) -> None:
    assert callable(make)
    data = make(size)
    assert blobs.read(stored(data)) == data


def test_range_is_a_slice_wherever_it_lies(own_data: Path) -> None:
    data = noise(FIRST_FRAME + 2 * FRAME + 100)
    blob_id = stored(data)
    edges = [0, 1, FIRST_FRAME - 1, FIRST_FRAME, FIRST_FRAME + 1, FIRST_FRAME + FRAME, len(data)]
    for start in edges:
        for end in [*edges, len(data) + 50, None]:
            expected = data[start:end] if end is None or end > start else b""
            assert blobs.read(blob_id, start, end) == expected, (start, end)
    assert blobs.read(blob_id, len(data) + 10, len(data) + 20) == b""


def test_range_reads_only_the_frames_that_hold_it(
    own_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = noise(FIRST_FRAME + 8 * FRAME)
    location = blobs.stage(data).location
    read: list[int] = []
    get = service.store().get

    def counting(location: str, start: int, length: int) -> bytes:
        found = get(location, start, length)
        read.append(len(found))
        return found

    monkeypatch.setattr(service.store(), "get", counting)
    start = FIRST_FRAME + 5 * FRAME
    assert blobs.read_location(location, start, start + 10) == data[start : start + 10]
    assert sum(read) < FIRST_FRAME + FRAME + 1000
    read.clear()
    assert blobs.read_location(location, 0, 100) == data[:100]
    assert sum(read) <= 2 * FIRST_FRAME + 1000


def test_same_bytes_are_stored_once(own_data: Path) -> None:
    first = stored(MESSAGE)
    again = blobs.stage(MESSAGE)
    assert again.blob_id == first
    assert stored(MESSAGE) == first
    assert Blob.objects.count() == 1
    assert blobs.carry_over() == (1 if db.is_sqlite() else 0)
    assert len(list(service.store().locations(older_than=2**40))) == 1


def test_row_says_what_lies_there(own_data: Path) -> None:
    row = Blob.objects.get(pk=stored(MESSAGE))
    assert bytes(row.digest) == sha256(MESSAGE).digest()
    assert row.size == len(MESSAGE)
    assert row.stored_size == len(service.store().get(row.location, 0, -1)) < len(MESSAGE)


def test_two_that_stage_the_same_before_either_claims_share_a_row(own_data: Path) -> None:
    first, second = blobs.stage(MESSAGE), blobs.stage(MESSAGE)
    assert first.blob_id is None
    assert second.blob_id is None
    assert first.location != second.location
    with db.write_transaction():
        assert blobs.claim(first) == blobs.claim(second)
    assert Blob.objects.get().location == first.location


def test_claim_that_is_undone_leaves_no_row(own_data: Path) -> None:
    staged = blobs.stage(MESSAGE)
    with pytest.raises(ValueError, match="no"), db.write_transaction():  # noqa: PT012
        blobs.claim(staged)
        raise ValueError("no")
    assert not Blob.objects.exists()
    assert blobs.stage(MESSAGE).blob_id is None


def test_blob_that_went_between_staging_and_claim_is_gone(own_data: Path) -> None:
    stored(MESSAGE)
    staged = blobs.stage(MESSAGE)
    Blob.objects.all().delete()
    with pytest.raises(blobs.BlobGone), db.write_transaction():
        blobs.claim(staged)
    assert blobs.read(stored(MESSAGE)) == MESSAGE


def test_small_blobs_lie_in_the_database_file_and_large_ones_in_files(own_data: Path) -> None:
    small, large = noise(LARGE - 1000), noise(LARGE + 1000)
    assert blobs.stage(small).location.startswith("db:")
    location = blobs.stage(large).location
    assert location.startswith("file:")
    name = location.removeprefix("file:")
    path = own_data / "blobs" / "files" / name[:2] / name
    assert path.read_bytes() == service.store().get(location, 0, -1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert (own_data / "blobs" / "blobs.sqlite3").stat().st_mode & 0o777 == 0o600
    assert (own_data / "blobs").stat().st_mode & 0o777 == 0o700


def test_size_after_compression_decides_where_a_blob_lies(own_data: Path) -> None:
    assert blobs.stage(b"the same again. " * LARGE).location.startswith("db:")


@pytest.mark.parametrize("size", [100, LARGE + 1000])
def test_location_is_never_used_twice(own_data: Path, size: int) -> None:
    data = noise(size)
    seen = set()
    for _ in range(3):
        location = blobs.stage(data).location
        service.store().remove(location)
        seen.add(location)
    assert len(seen) == 3


@pytest.mark.parametrize("size", [100, LARGE + 1000])
def test_bytes_that_are_not_there_are_missing(own_data: Path, size: int) -> None:
    location = blobs.stage(noise(size)).location
    service.store().remove(location)
    service.store().remove(location)
    with pytest.raises(blobs.BlobMissing):
        blobs.read_location(location)
    with pytest.raises(blobs.BlobMissing):
        blobs.read_location(location, 5, 10)


@pytest.mark.parametrize("size", [100, LARGE + 1000])
def test_changed_octet_never_gives_other_bytes_of_the_same_length(size: int) -> None:
    data = noise(size)
    whole = frames.compress(data)
    for place in [*range(40), *range(len(whole) - 40, len(whole))]:
        damaged = bytearray(whole)
        damaged[place] ^= 0x21
        try:
            found = frames.decompress(bytes(damaged))
        except frames.DamagedBlob:
            continue
        assert found == data or len(found) != len(data)  # the row knows the length


@pytest.mark.parametrize("size", [0, 1, SPLIT - 1, SPLIT, FIRST_FRAME, FIRST_FRAME + 1, 2**20])
@pytest.mark.parametrize("head", [0, 1, 700, SPLIT // 2, SPLIT, FIRST_FRAME, 2**21])
@pytest.mark.parametrize("make", [noise, bytes, lambda size: (b"some text " * size)[:size]])
def test_head_is_read_alone_where_that_is_worth_it(
    size: int, head: int, make: Callable[[int], bytes]
) -> None:
    data = make(size)
    stored = frames.compress(data, head)
    assert frames.decompress(stored) == data
    first = frames.decompress_head(stored)
    assert data.startswith(first)
    assert len(first) >= min(head, size, FIRST_FRAME)
    if size >= SPLIT and 0 < head <= min(size, FIRST_FRAME) // 2:
        assert len(first) == head


def test_damaged_head_is_told_or_has_another_length() -> None:
    whole = frames.compress(b"Subject: a head\r\n" * 1000, 1000)
    for place in range(40):
        damaged = bytearray(whole)
        damaged[place] ^= 0x21
        try:
            found = frames.decompress_head(bytes(damaged))
        except frames.DamagedBlob:
            continue
        assert len(found) <= FIRST_FRAME
    for size in range(len(whole) - 1):
        try:
            found = frames.decompress_head(whole[:size])
        except frames.DamagedBlob:
            continue
        assert (b"Subject: a head\r\n" * 60).startswith(found)


def test_heads_of_many_are_read_together(own_data: Path) -> None:
    texts = [noise(100), noise(3 * SPLIT), noise(LARGE + 1000)]
    staged = [blobs.stage(text, head=500) for text in texts]
    with db.write_transaction():
        assert all(map(blobs.claim, staged))
    places = [one.location for one in staged]
    assert blobs.read_heads(places) == [texts[0], texts[1][:500], texts[2][:500]]
    assert [blobs.read_location(place) for place in places] == texts
    with pytest.raises(blobs.BlobMissing):
        blobs.read_heads([*places, "db:99999"])


def test_damaged_file_is_a_damaged_blob(own_data: Path) -> None:
    location = blobs.stage(noise(LARGE + 1000)).location
    name = location.removeprefix("file:")
    path = own_data / "blobs" / "files" / name[:2] / name
    content = path.read_bytes()
    path.write_bytes(content[:1000] + b"!" + content[1001:])
    with pytest.raises(blobs.DamagedBlob):
        blobs.read_location(location)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(blobs.DamagedBlob):
        blobs.read_location(location)
    path.write_bytes(b"")
    with pytest.raises(blobs.DamagedBlob):
        blobs.read_location(location, 0, 10)


def test_below_the_reserve_nothing_is_staged(own_data: Path, set_limit: SetLimit) -> None:
    known = stored(MESSAGE)
    set_limit(limits.DISK_RESERVE, 2**60)
    for data in (b"new", MESSAGE):  # the rows of what is known take room as well
        with pytest.raises(DiskReserve):
            blobs.stage(data)
    assert blobs.read(known) == MESSAGE


@pytest.mark.parametrize("call", ["write", "fdatasync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_disk_that_fills_while_writing_leaves_no_file(
    own_data: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    def fail(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    service.store()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(DiskReserve):
            blobs.stage(noise(LARGE + 1000))
    assert list(service.store().locations(older_than=2**40)) == []
    assert blobs.stage(noise(LARGE + 1000)).location.startswith("file:")


def test_database_file_that_cannot_grow_is_a_full_disk(own_data: Path) -> None:
    store = service.store()
    assert isinstance(store, LocalBlobStore)
    connection: sqlite3.Connection = store._database._connection()
    [used] = connection.execute("PRAGMA page_count").fetchone()
    [most] = connection.execute(f"PRAGMA max_page_count = {used}").fetchone()
    with pytest.raises(DiskReserve):
        blobs.stage(noise(100_000))
    connection.execute(f"PRAGMA max_page_count = {most + 10_000}")
    assert blobs.read(stored(MESSAGE)) == MESSAGE


def test_many_threads_share_commits_and_lose_nothing(own_data: Path) -> None:
    def put(number: int) -> list[tuple[str, bytes]]:
        store = service.store()
        data = [noise(200, seed) for seed in range(number * 50, number * 50 + 50)]
        return [(store.put(sha256(piece).hexdigest(), piece), piece) for piece in data]

    with threads(8) as start:
        putting = [start(partial(put, number)) for number in range(8)]
        placed = [pair for future in putting for pair in future.result(SECONDS)]
    assert len({location for location, _ in placed}) == 400
    assert all(service.store().get(location, 0, -1) == data for location, data in placed)


def test_forked_child_reads_over_a_connection_of_its_own(own_data: Path) -> None:
    store = service.store()
    assert isinstance(store, LocalBlobStore)
    location = store.put(sha256(MESSAGE).hexdigest(), MESSAGE)
    assert store.get(location, 0, -1) == MESSAGE
    parents = store._database._connection()
    child = os.fork()
    if not child:
        is_read = store.get(location, 0, -1) == MESSAGE
        os._exit(0 if is_read and store._database._connection() is not parents else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_disk_with_much_room_is_looked_at_once_in_a_moment(
    own_data: Path, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, looks, time = [service.SPARE], [0], [0.0]
    disks = len(blobs.measure_disks())

    def look(_directory: Path) -> SimpleNamespace:
        looks[0] += 1
        return SimpleNamespace(f_bavail=free[0], f_frsize=1)

    monkeypatch.setattr(service, "monotonic", lambda: time[0])
    monkeypatch.setattr(os, "statvfs", look)
    set_limit(limits.DISK_RESERVE, 1)
    for found in (1, 2):  # not much room: each time
        blobs.check_reserve()
        assert looks[0] == found * disks
    free[0] += 1
    for _ in range(3):
        blobs.check_reserve()
    assert looks[0] == 3 * disks
    free[0] = 0
    set_limit(limits.DISK_RESERVE, 2)
    with pytest.raises(DiskReserve):
        blobs.check_reserve()
    set_limit(limits.DISK_RESERVE, 1)
    blobs.check_reserve()
    time[0] += service.LOOK_SECONDS
    with pytest.raises(DiskReserve):
        blobs.check_reserve()
