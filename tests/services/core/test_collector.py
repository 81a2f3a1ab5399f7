"""The collector: what nothing points at goes, what anything points at stays."""

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from django.db import IntegrityError

from groupware.core import blobs, db, limits
from groupware.core.blobs import collector, service
from groupware.core.blobs.store import LARGE
from groupware.core.clock import epoch
from groupware.core.models import Account, Blob
from mail.flags import DELETED
from mail.models import MessageContent
from mail.services.content import prepare_message
from mail.services.flags import StoreOp, store_flags
from mail.services.messages import append_message, expunge_messages
from tests.conftest import SetLimit
from tests.services.store import EVERYTHING, append, mailbox, message, prepared
from tests.services.threads import SECONDS, in_thread, threads

pytestmark = pytest.mark.django_db(transaction=True)


def stored(data: bytes) -> int:
    staged = blobs.stage(data)
    with db.write_transaction():
        return blobs.claim(staged)


def locations() -> set[str]:
    """Return where bytes lie, once none lie beside their rows."""
    blobs.carry_over()
    return set(service.store().locations(older_than=2**40))


@pytest.fixture(autouse=True)
def _own_data(own_data: Path) -> None:
    """Nothing of other tests lies in the store."""


def test_unreferenced_blobs_go_with_their_content_and_bytes(
    ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.UNDELETE_DAYS, 0)
    append(ann)
    kept = Blob.objects.get().pk
    append(ann, "Trash", flags=8)
    large = prepared(body=random.Random(2).randbytes(LARGE + 1000))
    append(ann, "Trash", large, flags=8)
    assert len(locations()) == Blob.objects.count() == MessageContent.objects.count() == 3
    expunge_messages(ann.pk, mailbox(ann, "Trash").collection_id)
    assert collector.collect_unreferenced(min_age=0) == 2
    assert list(Blob.objects.values_list("pk", flat=True)) == [kept]
    assert MessageContent.objects.count() == 1
    assert locations() == {Blob.objects.get().location}


def test_referenced_blob_is_never_taken(ann: Account, ben: Account) -> None:
    data = message()
    for account in (ann, ben):
        append(account, data=prepare_message(data))
    mark_deleted_and_expunge(ann)
    assert collector.collect_unreferenced(min_age=0) == 0
    assert blobs.read(Blob.objects.get().pk) == data


def mark_deleted_and_expunge(account: Account) -> None:
    collection_id = mailbox(account).collection_id
    store_flags(account.pk, collection_id, EVERYTHING, StoreOp.ADD, DELETED, ())
    expunge_messages(account.pk, collection_id)


def test_database_itself_refuses_to_drop_a_referenced_blob(ann: Account) -> None:
    append(ann)
    with pytest.raises(IntegrityError), db.write_transaction():
        Blob.objects.all()._raw_delete("default")
    assert Blob.objects.count() == 1


def test_young_blob_is_kept_for_the_next_delivery() -> None:
    blob_id = stored(b"one")
    assert collector.collect_unreferenced() == 0
    Blob.objects.filter(pk=blob_id).update(created_at=epoch() - collector.MIN_AGE)
    assert collector.collect_unreferenced() == 1
    assert locations() == set()


def test_more_than_a_batch_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "BATCH", 3)
    for number in range(10):
        stored(b"%d" % number)
    assert collector.collect_unreferenced(min_age=0) == 10
    assert not Blob.objects.exists()
    assert locations() == set()


def test_sweep_takes_only_what_no_row_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "BATCH", 2)
    noise = random.Random(3).randbytes(LARGE + 1000)
    named = {Blob.objects.get(pk=stored(data)).location for data in (b"named", noise)}
    blobs.carry_over()
    for number in range(5):
        service.store().put(f"{number}", b"never claimed %d" % number)
    blobs.stage(b"!" + noise)
    assert collector.sweep_unnamed(min_age=-10) == 6
    assert locations() == named


def test_room_of_small_blobs_goes_back_to_the_disk(own_data: Path) -> None:
    for number in range(100):
        stored(random.Random(number).randbytes(16_000))
    blobs.carry_over()
    file = own_data / "blobs" / "blobs.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    before = file.stat().st_size
    assert before > 100 * 16_000
    assert collector.collect_unreferenced(min_age=0) == 100
    assert file.stat().st_size < before / 10


def test_sweep_leaves_what_may_still_be_claimed() -> None:
    staged = [blobs.stage(b"small"), blobs.stage(random.Random(4).randbytes(LARGE + 1000))]
    assert collector.sweep_unnamed() == 0
    with db.write_transaction():
        claimed = [blobs.claim(one) for one in staged]
    assert [len(blobs.read(blob_id)) for blob_id in claimed] == [5, LARGE + 1000]


def test_sweep_goes_by_the_age_of_the_bytes(own_data: Path) -> None:
    location = blobs.stage(random.Random(5).randbytes(LARGE + 1000)).location
    name = location.removeprefix("file:")
    old = epoch() - collector.UNNAMED_AGE - 10
    os.utime(own_data / "blobs" / "files" / name[:2] / name, (old, old))
    assert collector.sweep_unnamed() == 1
    assert locations() == set()


def test_claim_during_a_collection_finds_the_blob_or_stages_it_again(ann: Account) -> None:
    """Whoever wins, the message that was acknowledged can be read."""
    collection_id = mailbox(ann).collection_id
    for number in range(15):
        data = message(b"race %d" % number)
        stored(data)
        barrier = Barrier(2)

        def deliver(data: bytes = data, barrier: Barrier = barrier) -> None:
            ready = prepare_message(data)
            barrier.wait(SECONDS)
            while True:
                try:
                    append_message(ann.pk, collection_id, ready)
                except blobs.BlobGone:
                    ready = prepare_message(data)
                else:
                    return

        def collect(barrier: Barrier = barrier) -> int:
            barrier.wait(SECONDS)
            return collector.collect_unreferenced(min_age=0)

        with threads(2) as start:
            delivering, collecting = start(deliver), start(collect)
            delivering.result(SECONDS)
            collecting.result(SECONDS)
        blob = Blob.objects.get(digest=blobs.stage(data).digest)
        assert blobs.read(blob.pk) == data
    assert collector.collect_unreferenced(min_age=0) == 0
    assert locations() >= set(Blob.objects.values_list("location", flat=True))


def test_collection_leaves_what_is_being_claimed(ann: Account) -> None:
    data = message()
    blob_id = stored(data)
    ready = prepare_message(data)
    with threads(1) as start:
        with db.write_transaction():
            append_message(ann.pk, mailbox(ann).collection_id, ready)
            collecting = start(lambda: collector.collect_unreferenced(min_age=0))
        assert collecting.result(SECONDS) == 0
    assert blobs.read(blob_id) == data


def test_claim_waits_for_a_collection_that_is_not_committed_yet(ann: Account) -> None:
    data = message()
    blob_id = stored(data)
    ready = prepare_message(data)
    with threads(1) as start:
        with db.write_transaction():
            if not db.is_sqlite():
                Blob.objects.select_for_update().get(pk=blob_id)
            MessageContent.objects.filter(blob_id=blob_id).delete()
            Blob.objects.filter(pk=blob_id).delete()
            collection_id = mailbox(ann).collection_id
            claiming = start(lambda: append_message(ann.pk, collection_id, ready))
        with pytest.raises(blobs.BlobGone):
            claiming.result(SECONDS)
    assert in_thread(lambda: mailbox(ann).items) == 0
