"""Listing and restoring what was expunged."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from groupware.core import directory
from groupware.core.clock import epoch
from groupware.core.models import Account
from groupware.environment import BASE_DIR
from groupware.management.progress import Progress
from mail import queries
from mail.flags import DELETED, SEEN
from mail.models import ExpungedMessage
from mail.services import undelete
from mail.services.mailboxes import create_mailbox, delete_mailbox
from mail.services.messages import expunge_messages
from mail.space import count_restorable
from tests.commands.running import Manage, call, call_json
from tests.serve.running import environment
from tests.services.store import append, create, mailbox, prepared, uids_of

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"


@pytest.fixture
def ann(transactional_db: None) -> Account:
    """Return a person who expunged three messages of INBOX and deleted a mailbox with one."""
    directory.create_domain("example.org")
    account = create(ANN)
    for subject in ("Invoice 7", "Lunch?", "Invoice 8"):
        append(account, flags=DELETED | SEEN, data=prepared(subject=subject))
    expunge_messages(account.pk, mailbox(account).collection_id)
    create_mailbox(account.pk, "Work")
    append(account, "Work", data=prepared(subject="Plan"), keywords=["$Later"])
    delete_mailbox(account.pk, "Work")
    return account


def test_the_list_says_what_was_expunged_and_changes_nothing(ann: Account) -> None:
    lines = call("undelete", ANN, "--list").splitlines()
    assert lines[0].split() == ["EXPUNGED", "(UTC)", "MAILBOX", "FROM", "SUBJECT", "SIZE"]
    assert [line.split()[2] for line in lines[1:5]] == ["INBOX"] * 3 + ["Work"]
    assert "Invoice 7" in lines[1]
    assert lines[6].startswith("4 messages of ")
    assert len(call_json("undelete", ANN, "--list")) == 4
    assert uids_of(ann) == []


def test_a_listed_message_has_all_that_a_machine_wants(ann: Account) -> None:
    [row] = call_json("undelete", f"{ANN}/mail/Work", "--list")
    kept = ExpungedMessage.objects.get(mailbox="Work")
    assert row == {
        "mailbox": f"{ANN}/mail/Work",
        "uid": 1,
        "size": kept.size,
        "flags": ["$Later"],
        "internal_date": datetime.fromtimestamp(kept.internal_date, UTC).isoformat(),
        "expunged_at": datetime.fromtimestamp(kept.expunged_at, UTC).isoformat(),
        "from": row["from"],
        "subject": "Plan",
    }
    assert row["from"].endswith("@outside.test")


def test_everything_goes_back_to_where_it_was(ann: Account) -> None:
    assert call("undelete", ANN).splitlines() == [
        "Restored 4 messages.",
        f"{ANN}/mail/INBOX: 3",
        f"{ANN}/mail/Work: 1",
    ]
    assert (uids_of(ann), uids_of(ann, "Work")) == ([4, 5, 6], [1])
    assert "Work" in queries.list_subscriptions(ann.pk)
    with pytest.raises(CommandError, match=r"Nothing like that can be restored: see `undelete ann"):
        call("undelete", ANN)


def test_a_deleted_mailbox_is_restored_by_its_name(ann: Account) -> None:
    answer = call_json("undelete", f"{ANN}/mail/Work")
    assert answer == {"account": ANN, "restored": {"Work": 1}, "fault": ""}
    assert uids_of(ann) == []


def test_only_what_is_meant_is_restored(ann: Account) -> None:
    assert call_json("undelete", ANN, "--subject", "invoice")["restored"] == {"INBOX": 2}
    ExpungedMessage.objects.filter(mailbox="Work").update(expunged_at=epoch() - 3 * 24 * 3600)
    assert call_json("undelete", ANN, "--since", "2d", "--from", "@outside.test")["restored"] == {
        "INBOX": 1
    }
    assert call_json("undelete", ANN, "--list", "--since", "2001-01-01")[0]["subject"] == "Plan"
    assert call_json("undelete", ANN, "--list", "--since", "2999-01-01T09:30") == []
    assert call("undelete", ANN, "--list", "--since", "1h") == "Nothing like that can be restored."


def test_messages_may_be_restored_into_another_mailbox(ann: Account) -> None:
    answer = call_json("undelete", ANN, "--into", f"{ANN}/mail/Archive")
    assert answer["restored"] == {"Archive": 4}
    assert uids_of(ann, "Archive") == [1, 2, 3, 4]
    assert queries.find_mailbox(ann.pk, "Work") is None


def test_what_does_not_fit_is_said_and_left(ann: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undelete, "BATCH", 2)
    sizes = [row.size for row in undelete.list_restorable(undelete.Selection(ann.pk))]
    directory.set_quota(ANN, sum(sizes[:2]) + 1)
    with pytest.raises(CommandError, match=r"2 messages left as before: .*full.* run this again"):
        call("undelete", ANN)
    assert uids_of(ann) == [4, 5]
    directory.set_quota(ANN, 0)
    assert call_json("undelete", ANN)["restored"] == {"INBOX": 1, "Work": 1}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("nobody@example.org",), "There is no account"),
        ((f"{ANN}/calendars/Work",), "is no mailbox: only messages are kept"),
        ((f"{ANN}/mail/Nowhere",), f"see `undelete {ANN}/mail/Nowhere --list`"),
        ((ANN, "--into", "ben@example.org/mail/INBOX"), "is no mailbox of ann@example.org"),
        ((ANN, "--into", f"{ANN}/mail/Nowhere"), "There is no collection"),
        ((ANN, "--since", "yesterday"), "'yesterday' is no moment: write 2026-11-25"),
    ],
)
def test_what_cannot_be_is_refused(ann: Account, words: tuple[str, ...], part: str) -> None:
    create("ben@example.org")
    with pytest.raises(CommandError) as raised:
        call("undelete", *words)
    assert part in str(raised.value)
    assert count_restorable(ann.pk)[0] == 4


def test_an_account_shows_what_can_be_restored(ann: Account) -> None:
    number, size = count_restorable(ann.pk)
    shown = call_json("account", "show", ANN)
    assert shown["restorable"] == {"items": number, "bytes": size}
    assert "Restorable:  4 items, " in call("account", "show", ANN)
    call("undelete", ANN)
    assert "Restorable" not in call("account", "show", ANN)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_a_bar_and_is_left_clear(wrap: Callable[[StringIO], Any]) -> None:
    terminal = Terminal()
    with Progress(wrap(terminal)) as progress:
        progress.tell("restored", 1, 2)
        progress.tell("restored", 2, 2)
    assert terminal.getvalue() == f"\r\x1b[K[{'#' * 15}{'.' * 15}]  50% restored: 1 of 2\r\x1b[K"


def test_what_is_no_terminal_sees_no_progress(wrap: Callable[[StringIO], Any]) -> None:
    pipe = StringIO()
    with Progress(wrap(pipe)) as progress:
        progress.tell("restored", 1, 0)
    assert pipe.getvalue() == ""


@pytest.fixture
def wrap() -> Callable[[StringIO], Any]:
    """Return what makes a stream one of Django's commands."""
    from django.core.management.base import OutputWrapper

    return OutputWrapper


DELETE_MAILBOXES = (
    "import django; django.setup()\n"
    "from groupware.core.directory import get_account\n"
    "from mail.services.mailboxes import delete_mailbox\n"
    f"account = get_account('{ANN}')\n"
    "for name in ('a', 'b', 'c'):\n"
    "    delete_mailbox(account.pk, name)\n"
)


@pytest.mark.crash
@pytest.mark.parametrize("commit", [1, 3, 6, 8])
def test_after_a_kill_the_next_run_restores_what_is_left(
    manage: Manage, tmp_path: Path, commit: int
) -> None:
    manage.text("domain", "create", "example.org")
    manage.text("account", "create", ANN, "--password-stdin", stdin="correct horse battery\n")
    for name in ("a", "b", "c"):
        (tmp_path / "letters" / name).mkdir(parents=True)
        for number in range(3):
            letter = tmp_path / "letters" / name / f"{number}.eml"
            letter.write_bytes(f"Subject: {name}{number}\r\n\r\nx\r\n".encode())
    manage.text("import", "eml", str(tmp_path / "letters"), "--into", f"{ANN}/mail/INBOX")
    subprocess.run(
        [sys.executable, "-c", DELETE_MAILBOXES],
        env=environment(manage.data, {}, GROUPWARE_DATABASE_URL=manage.database_url)
        | {"DJANGO_SETTINGS_MODULE": "groupware.settings", "PYTHONPATH": str(BASE_DIR)},
        check=True,
    )
    with manage.start("undelete", ANN, GROUPWARE_CRASH_AT=f"before-commit:{commit}") as process:
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    restored = manage.json("undelete", ANN)["restored"]
    assert sum(restored.values()) == 9 - 3 * ((commit - 1) // 3)
    shown = manage.json("account", "show", ANN)
    items = {row["name"].rpartition("/")[2]: row["items"] for row in shown["collections"]}
    assert [items[name] for name in ("a", "b", "c")] == [3, 3, 3]
    assert manage.text("doctor").startswith("No fault found")
