"""Small blobs, which are committed with their rows and carried over to where blobs lie."""

import random
from pathlib import Path

import pytest

from groupware.core import blobs, db, limits
from groupware.core.blobs import collector, service, spool
from groupware.core.blobs.store import BlobMissing, DatabaseFile
from groupware.core.models import Account, Blob, BlobSpool
from tests.conftest import SetLimit
from tests.services.threads import account_locked_elsewhere

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]
MESSAGE = b"Subject: hello\r\n\r\nA message like most.\r\n" * 10


@pytest.fixture(autouse=True)
def _own_data(own_data: Path) -> None:
    """Nothing of other tests lies in the store."""


def stored(data: bytes) -> int:
    staged = blobs.stage(data)
    with db.write_transaction():
        return blobs.claim(staged)


def in_file() -> list[str]:
    return list(service.store().locations(older_than=2**40))


def test_small_bytes_lie_beside_their_row_until_they_are_carried_over() -> None:
    ids = [stored(MESSAGE + b"%d" % number) for number in range(5)]
    assert (BlobSpool.objects.count(), in_file()) == (5, [])
    before = [blobs.read(blob_id) for blob_id in ids]
    assert blobs.carry_over() == 5
    assert BlobSpool.objects.count() == 0
    assert in_file() == list(Blob.objects.order_by("id").values_list("location", flat=True))
    assert [blobs.read(blob_id) for blob_id in ids] == before
    assert before == [MESSAGE + b"%d" % number for number in range(5)]
    assert blobs.carry_over() == 0


def test_more_than_a_batch_is_carried_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "CARRIED_AT_ONCE", 2)
    ids = [stored(b"%d" % number) for number in range(5)]
    assert blobs.carry_over() == 5
    assert [blobs.read(blob_id) for blob_id in ids] == [b"%d" % number for number in range(5)]


def test_ranges_and_many_at_once_are_read_wherever_the_bytes_lie() -> None:
    locations = []
    for number in range(4):
        locations.append(Blob.objects.get(pk=stored(MESSAGE + b"%d" % number)).location)
        if number == 1:
            blobs.carry_over()
    for _ in range(2):
        whole = [MESSAGE + b"%d" % number for number in range(4)]
        assert blobs.read_whole(locations) == whole
        assert [blobs.read_location(location, 3, 20) for location in locations] == [
            MESSAGE[3:20]
        ] * 4
        blobs.carry_over()


def test_bytes_that_are_carried_over_between_two_looks_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    location = Blob.objects.get(pk=stored(MESSAGE)).location
    look = DatabaseFile.get

    def carry_after(file: DatabaseFile, key: int, start: int, length: int) -> bytes:
        monkeypatch.undo()
        try:
            return look(file, key, start, length)
        finally:
            blobs.carry_over()

    monkeypatch.setattr(DatabaseFile, "get", carry_after)
    assert blobs.read_location(location) == MESSAGE


def test_what_was_carried_over_and_not_taken_away_is_carried_over_again() -> None:
    blob_id = stored(MESSAGE)
    spooled = BlobSpool.objects.get()
    blobs.carry_over()
    spooled.save(force_insert=True)  # as a crash between the two leaves it
    assert blobs.carry_over() == 1
    assert len(in_file()) == 1
    assert blobs.read(blob_id) == MESSAGE


def test_collected_bytes_go_from_beside_their_row() -> None:
    location = Blob.objects.get(pk=stored(MESSAGE)).location
    assert collector.collect_unreferenced(min_age=0) == 1
    assert (BlobSpool.objects.count(), in_file()) == (0, [])
    with pytest.raises(BlobMissing):
        blobs.read_location(location)


def test_claim_that_is_undone_leaves_no_bytes() -> None:
    staged = blobs.stage(MESSAGE)
    with pytest.raises(ValueError, match="no"), db.write_transaction():  # noqa: PT012
        blobs.claim(staged)
        raise ValueError("no")
    assert (BlobSpool.objects.count(), in_file()) == (0, [])


def test_second_claim_of_the_same_bytes_writes_none() -> None:
    first, second = blobs.stage(MESSAGE), blobs.stage(MESSAGE)
    with db.write_transaction():
        assert blobs.claim(first) == blobs.claim(second)
    assert BlobSpool.objects.count() == 1


def test_larger_bytes_lie_in_the_file_at_once() -> None:
    for size in (spool.LONGEST - 100, spool.LONGEST + 1):
        stored(random.Random(size).randbytes(size))
    assert BlobSpool.objects.count() == len(in_file()) == 1


def test_who_may_not_wait_is_told_where_bytes_would_be_synced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert blobs.stage(b"small", may_wait=False).spooled is not None
    for data in (random.Random(1).randbytes(spool.LONGEST), b"one too many"):
        with pytest.raises(db.NotNow):
            blobs.stage(data, may_wait=False)
        monkeypatch.setattr(spool, "MOST", -1)
        stored(b"first")
    assert blobs.stage(b"first", may_wait=False).blob_id is not None


def test_other_bytes_at_a_location_are_never_passed_over() -> None:
    location = spool.new_location()
    service.store().put_spooled({location: b"one"})
    service.store().put_spooled({location: b"one"})
    with pytest.raises(RuntimeError, match="other bytes"):
        service.store().put_spooled({location: b"another"})
    assert service.store().get(location, 0, -1) == b"one"


def test_where_nobody_carries_over_who_finds_no_room_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST", 3)
    monkeypatch.setattr(spool, "CARRIED_AT_ONCE", 2)
    ids = [stored(b"%d" % number) for number in range(7)]
    assert BlobSpool.objects.count() == 3
    assert len(in_file()) == 4, "two at once, twice"
    assert [blobs.read(blob_id) for blob_id in ids] == [b"%d" % number for number in range(7)]


def test_without_room_bytes_lie_in_the_file_where_none_can_be_made(
    monkeypatch: pytest.MonkeyPatch, ann: Account, set_limit: SetLimit
) -> None:
    stored(b"first")
    monkeypatch.setattr(spool, "MOST", 0)
    with db.read_snapshot():
        staged = blobs.stage(b"in a snapshot")
    assert (staged.spooled, in_file()) == (None, [staged.location])
    with spool._making_room:
        assert blobs.stage(b"another makes room").spooled is None
    assert BlobSpool.objects.count() == 1
    with account_locked_elsewhere(ann.pk):
        set_limit(limits.LOCK_TIMEOUT, 0.1)
        assert blobs.stage(b"others write").spooled is None
    assert blobs.carry_over() == 1
