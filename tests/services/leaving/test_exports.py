"""Exports: everything of an account in one file, which is there for a while."""

import io
import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from groupware.core import limits
from groupware.core.clock import now
from groupware.core.directory import delete_account
from groupware.core.errors import LimitExceeded, NotFound
from groupware.core.leaving import exports
from groupware.core.models import Account, AccountExport, ExportState
from tests.conftest import SetLimit

Team = tuple[Account, Account]


def done(account: Account) -> AccountExport:
    """Have an export made, and return it as it then is."""
    asked = exports.ask(account)
    assert exports.work_off() == 1
    asked.refresh_from_db()
    return asked


def test_an_export_has_mail_dates_and_contacts(team: Team) -> None:
    made = done(team[0])
    path = exports.path_of(made)
    assert (made.state, made.share, made.size) == (ExportState.DONE, 1.0, path.stat().st_size)
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        texts = b"".join(archive.read(name) for name in names)
    assert all(name.startswith("ann@example.test/") for name in names)
    wanted = (b"Subject: Offer", b"Subject: Old offer", b"UID:fair", b"UID:olga")
    assert all(text in texts for text in wanted)


def test_the_file_is_for_the_server_alone(team: Team) -> None:
    path = exports.path_of(done(team[0]))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_who_asks_twice_gets_one(team: Team) -> None:
    assert exports.ask(team[0]) == exports.ask(team[0])
    assert exports.work_off() == 1


def test_an_account_has_so_many_exports_and_no_more(team: Team, set_limit: SetLimit) -> None:
    set_limit(limits.EXPORTS, 1)
    first = done(team[0])
    with pytest.raises(LimitExceeded, match="has 1 exports"):
        exports.ask(team[0])
    exports.remove(first)
    assert done(team[0]).state == ExportState.DONE


def test_an_export_expires_with_its_file(team: Team, set_limit: SetLimit) -> None:
    set_limit(limits.EXPORT_DAYS, 3)
    made = done(team[0])
    path = exports.path_of(made)
    assert made.expires_at is not None
    assert timedelta(days=2) < made.expires_at - now() <= timedelta(days=3)
    assert exports.expire() == 0
    AccountExport.objects.update(expires_at=now())
    assert exports.expire() == 1
    assert not path.exists()
    with pytest.raises(NotFound):
        exports.path_of(made)


def test_what_somebody_else_makes_is_left_to_him_until_he_is_lost(team: Team) -> None:
    asked = exports.ask(team[0])
    rows = AccountExport.objects.filter(pk=asked.pk)
    rows.update(state=ExportState.RUNNING, leased_until=now() + timedelta(minutes=1))
    assert exports.work_off() == 0
    rows.update(leased_until=now() - timedelta(seconds=1))
    assert exports.work_off() == 1


def test_a_disk_that_is_full_is_said(team: Team, set_limit: SetLimit) -> None:
    set_limit(limits.DISK_RESERVE, 1 << 49)
    asked = exports.ask(team[0])
    assert exports.work_off() == 0
    asked.refresh_from_db()
    assert asked.state == ExportState.FAILED
    assert "disk" in asked.trouble


def test_an_export_outlives_its_account(team: Team) -> None:
    made = done(team[0])
    delete_account("ann@example.test")
    made.refresh_from_db()
    assert (made.account, made.login) == (None, "ann@example.test")
    assert exports.path_of(made).exists()


def test_what_a_crash_left_is_removed_after_a_day(team: Team, own_data: Path) -> None:
    kept = exports.path_of(done(team[0]))
    left, fresh = kept.with_name("lost.zip.tmp"), kept.with_name("fresh.zip.tmp")
    left.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(left, (1, 1))
    os.utime(kept, (1, 1))
    assert exports.expire() == 1
    assert {entry.name for entry in kept.parent.iterdir()} == {kept.name, fresh.name}
