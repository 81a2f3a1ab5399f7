"""What the database refuses for a while: `Busy` and `DiskReserve`, and nothing else."""

import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, IntegrityError, connection

from groupware.core import db, limits
from groupware.core.changes import begin_change
from groupware.core.errors import Busy, DiskReserve
from groupware.core.models import Account, Domain
from tests.conftest import SetLimit
from tests.services.processes import Channel, running
from tests.services.store import state_of
from tests.services.threads import account_locked_elsewhere, in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def change(account: Account) -> None:
    with db.write_transaction():
        begin_change(account.pk)


def hold_lock(channel: Channel, account_id: int) -> str:
    """Hold the account's lock until the test says so (another process)."""
    with db.write_transaction():
        begin_change(account_id)
        channel.say("locked")
        channel.hear()
    return "released"


def test_write_that_waited_too_long_is_busy(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.LOCK_TIMEOUT, 0.1)
    with account_locked_elsewhere(ann.pk), pytest.raises(Busy):
        change(ann)
    change(ann)


def test_write_behind_another_process_is_busy_then_goes_on(
    ann: Account, set_limit: SetLimit
) -> None:
    with running(hold_lock, (ann.pk,)) as [channel]:
        channel.say("go")
        assert channel.hear() == "locked"
        set_limit(limits.LOCK_TIMEOUT, 0.1)
        for _ in range(3):
            with pytest.raises(Busy):
                change(ann)
        assert state_of(ann).next_modseq  # reading goes on
        channel.say("let go")
        assert channel.hear() == "released"
        set_limit(limits.LOCK_TIMEOUT, 10)
        change(ann)


def test_lock_of_a_killed_process_is_free(ann: Account) -> None:
    before = state_of(ann).next_modseq
    with running(hold_lock, (ann.pk,)) as [channel]:
        channel.say("go")
        assert channel.hear() == "locked"
    change(ann)
    assert state_of(ann).next_modseq == before + 1


@pytest.mark.postgresql
def test_accounts_do_not_wait_for_each_other(
    ann: Account, ben: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.LOCK_TIMEOUT, 0.1)
    with account_locked_elsewhere(ann.pk):
        change(ben)


@contextmanager
def full_database() -> Iterator[int]:
    """Let the database file not grow by a page; yields how many octets lie unused in it."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count")
        [most] = cursor.fetchone()
        cursor.execute("PRAGMA page_count")
        [used] = cursor.fetchone()
        cursor.execute(
            "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
        )
        [unused] = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {used}")
        try:
            yield unused
        finally:
            cursor.execute(f"PRAGMA max_page_count = {most}")


@pytest.mark.sqlite
def test_full_disk_is_told_as_one(ann: Account) -> None:
    with full_database() as unused, pytest.raises(DiskReserve), db.write_transaction():
        Account.objects.filter(pk=ann.pk).update(password="x" * (unused + 1_000_000))
    change(ann)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("sqlstate", "outcome"),
    [("53100", DiskReserve), ("55P03", Busy), ("40001", Busy), ("40P01", Busy)],
)
def test_temporary_failures_of_postgresql_are_outcomes(
    ann: Account, sqlstate: str, outcome: type[Exception]
) -> None:
    with pytest.raises(outcome), db.write_transaction(), connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}'; END $$")
    change(ann)


def test_other_failures_stay_what_they_are(ann: Account) -> None:
    with pytest.raises(IntegrityError), db.write_transaction():
        Domain.objects.create(name="example.test", created_at=ann.created_at)
    with (
        pytest.raises(DatabaseError, match="there_is_no_such_table"),
        db.write_transaction(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM there_is_no_such_table")
    change(ann)


def test_interrupted_write_frees_the_lock(ann: Account) -> None:
    before = state_of(ann).next_modseq
    with pytest.raises(KeyboardInterrupt), db.write_transaction():  # noqa: PT012
        begin_change(ann.pk)
        raise KeyboardInterrupt
    in_thread(lambda: change(ann))
    assert state_of(ann).next_modseq == before + 1


@contextmanager
def files_that_cannot_grow() -> Iterator[None]:
    """Let the system refuse what files would grow by: SQLite says "disk I/O error" of it.

    So it does of a user's share of the disk (EDQUOT), and of a sync that finds the disk full: of
    all that only ENOSPC at a write is "database or disk is full".
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_disk_error_of_a_write_is_told_as_a_full_disk(ann: Account) -> None:
    with files_that_cannot_grow(), pytest.raises(DiskReserve) as told, db.write_transaction():
        Account.objects.filter(pk=ann.pk).update(password="x" * 10_000_000)
    assert "disk I/O error" in told.value.detail
    change(ann)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (sqlite3.SQLITE_FULL, True),
        (sqlite3.SQLITE_IOERR_WRITE, True),
        (sqlite3.SQLITE_IOERR_FSYNC, True),
        (sqlite3.SQLITE_IOERR_SHMSIZE, True),
        (sqlite3.SQLITE_IOERR_READ, False),
        (sqlite3.SQLITE_CORRUPT, False),
    ],
)
def test_what_sqlite_says_of_a_disk_that_takes_nothing(code: int, outcome: bool) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_IOERR"
    assert db.is_full(error) is outcome


@pytest.mark.parametrize(
    ("number", "outcome"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)]
)
def test_what_the_system_says_of_a_disk_that_takes_nothing(number: int, outcome: bool) -> None:
    assert db.is_full(OSError(number, os.strerror(number))) is outcome


@pytest.mark.postgresql
def test_share_of_the_disk_that_is_used_up_is_a_full_disk(ann: Account) -> None:
    text = "could not extend file: Disk quota exceeded"
    with pytest.raises(DiskReserve), db.write_transaction(), connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = 'XX000'; END $$")
    change(ann)
