"""Writes that are committed at once and synced a moment later; that they are synced is in crash."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import pytest
from django.db import connection

from groupware.core import aio, db, limits
from groupware.core.changes import begin_change, touch_collection
from groupware.core.events import CollectionChanged
from groupware.core.models import Account
from tests.conftest import SetLimit
from tests.services.store import mailbox, state_of
from tests.services.threads import account_locked_elsewhere, in_thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_data")]
T = TypeVar("T")


def modseq(account: Account) -> int:
    """Return the next modseq that another connection sees."""
    return in_thread(lambda: state_of(account).next_modseq)


def on_relaxed(call: Callable[[], T]) -> T:
    """Call on a thread whose connection is as that of an event loop."""

    def relaxed() -> T:
        connection.ensure_connection()
        db.relax()
        return call()

    return in_thread(relaxed)


def synchronous() -> int:
    """Return 1 for NORMAL and 2 for FULL: whether a commit of this connection is synced."""
    [(level,)] = db.fetch_rows("PRAGMA synchronous")
    return int(level)


@pytest.mark.sqlite
def test_write_is_there_for_others_when_the_block_is_left(ann: Account) -> None:
    before = modseq(ann)

    def write() -> None:
        with db.relaxed_transaction():
            begin_change(ann.pk)
            assert modseq(ann) == before
        assert modseq(ann) == before + 1

    on_relaxed(write)


@pytest.mark.sqlite
def test_what_follows_the_commit_is_run_after_it(ann: Account, published: list[object]) -> None:
    inbox = mailbox(ann)

    def write() -> None:
        with db.relaxed_transaction(), db.write_transaction():
            change = begin_change(ann.pk)
            touch_collection(change, inbox.collection_id)
            db.on_commit(lambda: seen.append(modseq(ann)))
            assert published == seen == []

    seen: list[int] = []
    on_relaxed(write)
    assert published == [CollectionChanged(ann.pk, inbox.collection_id, seen[0] - 1)]


@pytest.mark.sqlite
def test_failed_block_undoes_everything_and_publishes_nothing(
    ann: Account, published: list[object]
) -> None:
    before = modseq(ann)

    def fail() -> None:
        with db.relaxed_transaction():
            touch_collection(begin_change(ann.pk), mailbox(ann).collection_id)
            raise ValueError("no")

    def twice() -> None:
        with pytest.raises(ValueError, match="no"):
            fail()
        with db.relaxed_transaction():
            begin_change(ann.pk)

    on_relaxed(twice)
    assert published == []
    assert modseq(ann) == before + 1


@pytest.mark.sqlite
def test_failure_inside_cannot_be_passed_over(ann: Account) -> None:
    before = modseq(ann)

    def fail() -> None:
        with db.write_transaction():
            begin_change(ann.pk)
            raise ValueError("no")

    def go_on() -> None:
        with (
            pytest.raises(RuntimeError, match="after a failure"),
            db.relaxed_transaction(),
            suppress(ValueError),
        ):
            fail()

    on_relaxed(go_on)
    assert modseq(ann) == before


@pytest.mark.sqlite
def test_nobody_waits_for_another_writer(ann: Account) -> None:
    def write() -> None:
        with pytest.raises(db.NotNow), db.relaxed_transaction():
            pytest.fail("two write at once")

    with account_locked_elsewhere(ann.pk):
        on_relaxed(write)


@pytest.mark.sqlite
def test_durable_write_of_a_relaxed_connection_is_synced(ann: Account) -> None:
    def write() -> list[int]:
        levels = [synchronous()]
        with db.write_transaction():
            begin_change(ann.pk)
            levels.append(synchronous())
        return [*levels, synchronous()]

    assert on_relaxed(write) == [1, 2, 1]


@pytest.mark.sqlite
def test_connection_of_any_other_thread_is_not_relaxed(ann: Account) -> None:
    def write() -> None:
        with pytest.raises(db.NotNow), db.relaxed_transaction():
            pytest.fail("a commit that nobody will sync")

    assert in_thread(synchronous) == 2
    in_thread(write)


@pytest.mark.sqlite
def test_read_inside_sees_what_was_written_there(ann: Account) -> None:
    def write() -> None:
        with db.relaxed_transaction():
            before = state_of_now()
            begin_change(ann.pk)
            with db.read_snapshot():
                assert state_of_now() == before + 1

    def state_of_now() -> int:
        [(number,)] = db.fetch_rows(
            "SELECT next_modseq FROM core_accountstate WHERE account_id = %s", [ann.pk]
        )
        return int(number)

    on_relaxed(write)


def test_limit_of_nothing_leaves_every_write_to_the_committer(
    ann: Account, set_limit: SetLimit
) -> None:
    def write() -> None:
        with pytest.raises(db.NotNow):
            aio.write_here(begin_change, ann.pk)

    set_limit(limits.FLAG_SYNC, 0)
    on_relaxed(write) if db.is_sqlite() else in_thread(write)


@pytest.mark.postgresql
def test_write_to_a_database_server_is_left_to_the_committer(ann: Account) -> None:
    with pytest.raises(db.NotNow):
        aio.write_here(begin_change, ann.pk)


@pytest.mark.sqlite
def test_log_is_carried_over_by_another_connection(ann: Account, tmp_path: Path) -> None:
    file = db.database_file()
    assert file is not None
    syncing = db.LogSync(file, 60)

    def write() -> None:
        for _ in range(db.CHECKPOINT_AFTER):
            with db.relaxed_transaction():
                begin_change(ann.pk)
            syncing.note()

    before = modseq(ann)
    on_relaxed(write)
    syncing.close()
    # Without the log beside it, the file has only what was carried over.
    alone = shutil.copy(file, tmp_path / "alone.sqlite3")
    with closing(sqlite3.connect(alone)) as held:
        query = "SELECT next_modseq FROM core_accountstate WHERE account_id = ?"
        assert held.execute(query, [ann.pk]).fetchone() == (before + db.CHECKPOINT_AFTER,)
