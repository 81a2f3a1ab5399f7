"""Writes that are committed at once and synced a moment later; that they are synced is in crash."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from django.db import connection

from groupware.core import aio, db, limits
from groupware.core.changes import Change, begin_change, touch_collection
from groupware.core.errors import DiskReserve
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
def test_write_is_there_for_others_when_the_call_returns(ann: Account) -> None:
    before = modseq(ann)

    def change() -> None:
        begin_change(ann.pk)
        assert modseq(ann) == before

    on_relaxed(lambda: db.run_relaxed(change))
    assert modseq(ann) == before + 1


@pytest.mark.sqlite
def test_what_follows_the_commit_is_run_after_it(ann: Account, published: list[object]) -> None:
    inbox = mailbox(ann)
    seen: list[int] = []

    def change() -> None:
        with db.write_transaction():
            touch_collection(begin_change(ann.pk), inbox.collection_id)
            db.on_commit(lambda: seen.append(modseq(ann)))
        assert published == seen == []

    on_relaxed(lambda: db.run_relaxed(change))
    assert published == [CollectionChanged(ann.pk, inbox.collection_id, seen[0] - 1)]


@pytest.mark.sqlite
def test_failed_call_undoes_everything_and_publishes_nothing(
    ann: Account, published: list[object]
) -> None:
    before = modseq(ann)

    def fail() -> None:
        touch_collection(begin_change(ann.pk), mailbox(ann).collection_id)
        raise ValueError("no")

    def twice() -> None:
        with pytest.raises(ValueError, match="no"):
            db.run_relaxed(fail)
        db.run_relaxed(partial(begin_change, ann.pk))

    on_relaxed(twice)
    assert published == []
    assert modseq(ann) == before + 1


@pytest.mark.sqlite
def test_failure_inside_cannot_be_passed_over(ann: Account) -> None:
    before = modseq(ann)

    def go_on() -> None:
        with suppress(ValueError), db.write_transaction():
            begin_change(ann.pk)
            raise ValueError("no")

    with pytest.raises(RuntimeError, match="after a failure"):
        on_relaxed(lambda: db.run_relaxed(go_on))
    assert modseq(ann) == before


@pytest.mark.sqlite
def test_nobody_waits_for_another_writer(ann: Account) -> None:
    with account_locked_elsewhere(ann.pk), pytest.raises(db.NotNow):
        on_relaxed(lambda: db.run_relaxed(partial(begin_change, ann.pk)))


@pytest.mark.sqlite
def test_lock_that_was_not_had_and_one_that_was_are_free_afterwards(ann: Account) -> None:
    def change() -> Change:
        return db.run_relaxed(partial(begin_change, ann.pk))

    with account_locked_elsewhere(ann.pk), pytest.raises(db.NotNow):
        on_relaxed(change)
    first, second = on_relaxed(change), on_relaxed(change)
    with db.write_transaction():
        third = begin_change(ann.pk)
    assert [second.modseq, third.modseq] == [first.modseq + 1, first.modseq + 2]


@pytest.mark.sqlite
def test_nobody_waits_for_a_writer_that_takes_no_lock_of_ours(ann: Account) -> None:
    with closing(sqlite3.connect(str(db.database_file()))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(db.NotNow):
            on_relaxed(lambda: db.run_relaxed(partial(begin_change, ann.pk)))
    before = modseq(ann)
    on_relaxed(lambda: db.run_relaxed(partial(begin_change, ann.pk)))
    assert modseq(ann) == before + 1


@pytest.mark.sqlite
def test_failure_that_passes_is_over_when_it_has_passed(ann: Account) -> None:
    before = modseq(ann)

    def fill() -> None:
        begin_change(ann.pk)
        db.execute("UPDATE core_account SET name = %s WHERE id = %s", ["x" * 10_000_000, ann.pk])

    def fail_and_go_on() -> None:
        [(most,)] = db.fetch_rows("PRAGMA max_page_count")
        db.fetch_rows("PRAGMA max_page_count = 1")  # as many as there are
        with pytest.raises(DiskReserve):
            db.run_relaxed(fill)
        db.fetch_rows(f"PRAGMA max_page_count = {most}")
        db.run_relaxed(partial(begin_change, ann.pk))

    on_relaxed(fail_and_go_on)
    assert modseq(ann) == before + 1


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
    assert in_thread(synchronous) == 2
    with pytest.raises(db.NotNow):
        in_thread(lambda: db.run_relaxed(partial(begin_change, ann.pk)))


@pytest.mark.sqlite
def test_read_inside_sees_what_was_written_there(ann: Account) -> None:
    def next_modseq() -> int:
        [(number,)] = db.fetch_rows(
            "SELECT next_modseq FROM core_accountstate WHERE account_id = %s", [ann.pk]
        )
        return int(number)

    def change() -> tuple[int, int]:
        drawn = begin_change(ann.pk).modseq
        with db.read_snapshot():
            return drawn, next_modseq()

    drawn, following = on_relaxed(lambda: db.run_relaxed(change))
    assert following == drawn + 1


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
            db.run_relaxed(partial(begin_change, ann.pk))
            syncing.note()

    before = modseq(ann)
    on_relaxed(write)
    syncing.close()
    # Without the log beside it, the file has only what was carried over.
    alone = shutil.copy(file, tmp_path / "alone.sqlite3")
    with closing(sqlite3.connect(alone)) as held:
        query = "SELECT next_modseq FROM core_accountstate WHERE account_id = ?"
        assert held.execute(query, [ann.pk]).fetchone() == (before + db.CHECKPOINT_AFTER,)
