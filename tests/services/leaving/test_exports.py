"""Exports: everything of an account in one file, which is there for a while."""

import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from groupware.core import exchange, limits
from groupware.core.clock import now
from groupware.core.directory import delete_account
from groupware.core.errors import LimitExceeded, NotFound
from groupware.core.exchange import Listener, Transferred
from groupware.core.leaving import exports
from groupware.core.models import Account, AccountExport, ExportState
from tests.conftest import SetLimit

Team = tuple[Account, Account]
Meanwhile = Callable[[Callable[[], object]], None]


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


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Return what lets something happen once, when a run has written its first part."""

    def arrange(act: Callable[[], object]) -> None:
        acts = [act]
        listed = exchange.list_exporters()

        def run_first(account: Account, directory: Path, listener: Listener) -> Transferred:
            done = listed[0].run(account, directory, listener)
            if acts:
                acts.pop()()
            return done

        first = replace(listed[0], run=run_first)
        monkeypatch.setattr(exchange, "list_exporters", lambda: [first, *listed[1:]])

    return arrange


def test_a_run_that_another_overtook_leaves_the_others_file_alone(
    team: Team, meanwhile: Meanwhile
) -> None:
    asked = exports.ask(team[0])
    written: list[bytes] = []

    def overtake() -> None:
        AccountExport.objects.update(leased_until=now() - timedelta(seconds=1))
        assert exports.work_off() == 1
        asked.refresh_from_db()
        written.append(exports.path_of(asked).read_bytes())

    meanwhile(overtake)
    assert exports.work_off() == 0
    asked.refresh_from_db()
    path = exports.path_of(asked)
    assert (asked.state, asked.size) == (ExportState.DONE, path.stat().st_size)
    assert [path.read_bytes()] == written
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def test_a_run_that_is_done_before_the_one_that_took_over_gives_no_file_its_name(
    team: Team, meanwhile: Meanwhile
) -> None:
    asked = exports.ask(team[0])
    until = now() + timedelta(minutes=1)
    meanwhile(lambda: AccountExport.objects.update(run="another", leased_until=until))
    assert exports.work_off() == 0
    asked.refresh_from_db()
    held = asked.state, asked.run, asked.leased_until, asked.trouble
    assert held == (ExportState.RUNNING, "another", until, "")
    assert not list(exports.directory_of().iterdir())


def test_an_export_that_is_removed_while_it_is_made_leaves_nothing(
    team: Team, meanwhile: Meanwhile
) -> None:
    asked = exports.ask(team[0])
    meanwhile(lambda: exports.remove(asked))
    assert exports.work_off() == 0
    assert not AccountExport.objects.exists()
    assert not list(exports.directory_of().iterdir())


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
