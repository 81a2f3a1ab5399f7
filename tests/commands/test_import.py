"""Importing mbox, Maildir and .eml files."""

import json
import os
import signal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from groupware.core import directory, limits
from groupware.core.blobs import BlobGone
from groupware.core.doctor import Examination, Fault, examine
from groupware.core.errors import Busy
from groupware.core.models import Account
from mail import queries
from mail.flags import FLAGGED, SEEN
from mail.services import appending
from mail.services.content import PreparedMessage, prepare_message
from mail.services.flags import StoreOp, store_flags
from mail.transfer import importing
from tests.commands.running import Manage, call, call_json
from tests.conftest import SetLimit
from tests.services.store import EVERYTHING, append, create, mailbox, rows_of, state_of, uids_of

ANN = "ann@example.org"
INBOX = f"{ANN}/mail/INBOX"
AT = 1_795_597_618
FROM = b"From ann@example.test Wed Nov 25 09:06:58 2026\n"

database = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann(transactional_db: None) -> Account:
    directory.create_domain("example.org")
    return create(ANN)


def mbox(path: Path, *messages: bytes) -> Path:
    path.write_bytes(b"\n".join(FROM + message for message in messages))
    return path


def numbered(number: int) -> bytes:
    return b"Subject: %d\nMessage-ID: <%d@x.test>\n\nbody %d\n" % (number, number, number)


def counts(answer: Any, name: str = "INBOX") -> tuple[int, int]:
    held = answer["collections"][name]
    return held["imported"], held["skipped"]


def faults() -> list[str]:
    return [str(found) for found in examine(Examination()) if isinstance(found, Fault)]


def refused(*words: str) -> tuple[Any, str]:
    """Return what a command answered that ends with a fault, and the fault."""
    out = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue() or "null"), str(raised.value)


@database
def test_an_mbox_is_imported_once_however_often_it_is_run(ann: Account, tmp_path: Path) -> None:
    path = mbox(tmp_path / "old", b"Status: RO\nX-Keywords: work\n" + numbered(1), numbered(2))
    answer = call_json("import", "mbox", str(path), "--into", INBOX)
    assert counts(answer) == (2, 0)
    assert answer["account"] == ANN
    rows = rows_of(ann, "INBOX", "uid", "flags", "keywords", "internal_date", "internal_zone")
    assert rows == [(1, SEEN, "work", AT, 0), (2, 0, "", AT, 0)]
    again = call("import", "mbox", str(path), "--into", INBOX)
    assert again.splitlines() == [
        "INBOX: 0 imported, 2 there already",
        "Altogether: 0 imported, 2 there already.",
    ]
    assert uids_of(ann) == [1, 2]
    assert faults() == []


@database
def test_two_that_are_alike_both_arrive_and_only_once(ann: Account, tmp_path: Path) -> None:
    path = mbox(tmp_path / "old", numbered(1), numbered(1), numbered(2))
    assert counts(call_json("import", "mbox", str(path), "--into", INBOX)) == (3, 0)
    assert counts(call_json("import", "mbox", str(path), "--into", INBOX)) == (0, 3)
    first = mbox(tmp_path / "more", numbered(1), numbered(1), numbered(1))
    assert counts(call_json("import", "mbox", str(first), "--into", INBOX)) == (1, 2)


@database
def test_flags_that_changed_since_stay_as_they_are(ann: Account, tmp_path: Path) -> None:
    call("import", "mbox", str(mbox(tmp_path / "old", numbered(1))), "--into", INBOX)
    info = mailbox(ann)
    store_flags(ann.pk, info.collection_id, EVERYTHING, StoreOp.SET, FLAGGED, ())
    path = mbox(tmp_path / "old", b"Status: RO\n" + numbered(1))
    assert counts(call_json("import", "mbox", str(path), "--into", INBOX)) == (0, 1)
    assert rows_of(ann, "INBOX", "flags") == [(FLAGGED,)]


@database
def test_what_was_delivered_with_trace_fields_is_known_by_all_its_bytes(
    ann: Account, tmp_path: Path
) -> None:
    append(ann, data=stored(numbered(1)), prefix=b"X-Trace: 1\r\n", internal_date=AT)
    append(ann, data=stored(numbered(1)), prefix=b"X-Trace: 2\r\n", internal_date=AT)
    path = mbox(tmp_path / "old", b"X-Trace: 2\n" + numbered(1), b"X-Trace: 3\n" + numbered(1))
    assert counts(call_json("import", "mbox", str(path), "--into", INBOX)) == (1, 1)


def stored(data: bytes) -> PreparedMessage:
    return prepare_message(data.replace(b"\n", b"\r\n"))


@database
def test_a_maildir_brings_its_folders_flags_and_dates(ann: Account, tmp_path: Path) -> None:
    for folder in (".", ".Archive.2026", ".Sent", ".Gone"):
        (tmp_path / folder / "cur").mkdir(parents=True)
    for name in ("cur/1700000000.a:2,FS", ".Archive.2026/cur/1700000001.b:2,", ".Sent/cur/9.c:2,S"):
        (tmp_path / name).write_bytes(numbered(len(name)))
        os.utime(tmp_path / name, (AT, AT))
    answer = call_json("import", "maildir", str(tmp_path), "--into", INBOX)
    assert answer["collections"] == {
        "INBOX": {"imported": 1, "skipped": 0},
        "Archive/2026": {"imported": 1, "skipped": 0},
        "Gone": {"imported": 0, "skipped": 0},
        "Sent": {"imported": 1, "skipped": 0},
    }
    assert rows_of(ann, "INBOX", "flags", "internal_date") == [(FLAGGED | SEEN, 1_700_000_000)]
    assert {"Archive/2026", "Gone"} <= set(queries.list_subscriptions(ann.pk))
    assert mailbox(ann, "Sent").special_use == "Sent"
    assert faults() == []


@database
def test_a_name_in_another_unicode_form_is_the_same_mailbox(ann: Account, tmp_path: Path) -> None:
    (tmp_path / "Entwu\u0308rfe").mkdir()
    (tmp_path / "Entwu\u0308rfe" / "a.eml").write_bytes(numbered(1))
    for expected in ((1, 0), (0, 1)):
        answer = call_json("import", "eml", str(tmp_path), "--into", INBOX)
        assert counts(answer, "Entw\u00fcrfe") == expected


@database
def test_into_another_mailbox_everything_goes_below_it(ann: Account, tmp_path: Path) -> None:
    (tmp_path / "Work").mkdir()
    (tmp_path / "a.eml").write_bytes(numbered(1))
    (tmp_path / "Work" / "b.eml").write_bytes(numbered(2))
    call("import", "eml", str(tmp_path), "--into", f"{ANN}/mail/Old/Mail")
    assert (uids_of(ann, "Old/Mail"), uids_of(ann, "Old/Mail/Work")) == ([1], [1])


@database
def test_a_dry_run_says_what_would_be_and_does_nothing(ann: Account, tmp_path: Path) -> None:
    call("import", "mbox", str(mbox(tmp_path / "old", numbered(1))), "--into", INBOX)
    path = mbox(tmp_path / "new", numbered(1), numbered(2))
    text = call("import", "mbox", str(path), "--into", INBOX, "--dry-run")
    assert text.splitlines()[0] == "INBOX: 1 would be imported, 1 there already"
    answer = call_json("import", "mbox", str(path), "--into", f"{ANN}/mail/New", "--dry-run")
    assert answer["dry_run"] is True
    assert counts(answer, "New") == (2, 0)
    assert queries.find_mailbox(ann.pk, "New") is None
    assert uids_of(ann) == [1]


@database
def test_what_is_broken_is_named_counted_and_passed_over(
    ann: Account, tmp_path: Path, set_limit: SetLimit
) -> None:
    set_limit(limits.MESSAGE_SIZE, 500)
    path = mbox(tmp_path / "old", numbered(1), b"", b"X: y\n" * 200, b"\n" * 400, numbered(2))
    answer, fault = refused("import", "mbox", str(path), "--into", INBOX)
    assert [row["where"] for row in answer["broken"]] == [
        f"{path} message {number}" for number in (2, 3, 4)
    ]
    assert "larger than 500 octets" in answer["broken"][2]["why"]
    assert fault == "3 items left out, as said above"
    assert counts(answer) == (2, 0)


@database
def test_a_full_mailbox_takes_what_fits_and_says_what_is_left(ann: Account, tmp_path: Path) -> None:
    path = mbox(tmp_path / "old", *map(numbered, range(1, 6)))
    size = len(numbered(1)) + numbered(1).count(b"\n")
    directory.set_quota(ANN, 3 * size + 1)
    answer, fault = refused("import", "mbox", str(path), "--into", INBOX)
    assert counts(answer) == (3, 0)
    assert f"stopped after 100% of {path}: {path} message 4: The mailbox is full" in fault
    assert fault.endswith("Then run the same again: it goes on there.")
    directory.set_quota(ANN, 0)
    assert counts(call_json("import", "mbox", str(path), "--into", INBOX)) == (2, 3)
    assert state_of(ann).bytes_used == 5 * size


@database
def test_a_disk_that_is_filled_to_its_reserve_takes_nothing(
    ann: Account, tmp_path: Path, set_limit: SetLimit
) -> None:
    set_limit(limits.DISK_RESERVE, 1 << 60)
    path = mbox(tmp_path / "old", numbered(1))
    answer, fault = refused("import", "mbox", str(path), "--into", INBOX)
    assert "The server's disk is almost full" in fault
    assert counts(answer) == (0, 0)


@database
def test_more_keywords_than_a_mailbox_knows_cost_only_the_keywords(
    ann: Account, tmp_path: Path, set_limit: SetLimit
) -> None:
    set_limit(limits.KEYWORDS, 2)
    path = mbox(
        tmp_path / "old",
        b"X-Keywords: a b\n" + numbered(1),
        b"X-Keywords: c\n" + numbered(2),
        b"X-Keywords: a\n" + numbered(3),
    )
    answer = call_json("import", "mbox", str(path), "--into", INBOX)
    assert rows_of(ann, "INBOX", "keywords") == [("a b",), ("",), ("a",)]
    assert answer["notes"] == [
        f"{path} message 2: without its keywords c: A mailbox knows at most 2 keywords."
    ]


@database
@pytest.mark.parametrize("error", [BlobGone("gone"), Busy("busy")])
def test_what_passes_is_tried_again(
    ann: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failures = [error, error]
    append_messages = appending.append_messages

    def fail_first(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return append_messages(*arguments)

    monkeypatch.setattr(importing, "append_messages", fail_first)
    path = mbox(tmp_path / "old", numbered(1))
    assert counts(call_json("import", "mbox", str(path), "--into", INBOX)) == (1, 0)
    failures += [error] * 3
    _, fault = refused("import", "mbox", str(mbox(tmp_path / "new", numbered(2))), "--into", INBOX)
    assert "message 1: " in fault


@database
def test_a_name_that_cannot_be_is_left_out_with_its_messages(ann: Account, tmp_path: Path) -> None:
    for folder in (".", ".Other Users", ".Work"):
        (tmp_path / folder / "cur").mkdir(parents=True)
        (tmp_path / folder / "cur" / "1.a:2,").write_bytes(numbered(1))
    answer, fault = refused("import", "maildir", str(tmp_path), "--into", INBOX)
    assert fault == "1 item left out, as said above"
    assert [row["where"] for row in answer["broken"]] == ["mailbox Other Users"]
    assert set(answer["collections"]) == {"INBOX", "Work"}


@database
def test_a_person_reads_what_is_broken_line_by_line(ann: Account, tmp_path: Path) -> None:
    path = mbox(tmp_path / "old", b"", numbered(1))
    out = StringIO()
    with pytest.raises(CommandError, match="1 item left out"):
        call_command("import", "mbox", str(path), "--into", INBOX, stdout=out)
    assert out.getvalue().splitlines() == [
        f"{path} message 1: it is empty",
        "INBOX: 1 imported, 0 there already",
        "Altogether: 1 imported, 0 there already.",
    ]


@database
@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("mbox", "/nowhere", "--into", INBOX), "/nowhere: No such file or directory"),
        (("mbox", "{path}", "--into", "nobody@example.org/mail/INBOX"), "There is no account"),
        (("mbox", "{path}", "--into", ANN), "names no collection"),
        (("mbox", "{path}", "--into", f"{ANN}/calendars/x"), "mbox goes into a collection of mail"),
        (("maildir", "{path}", "--into", INBOX), "Not a directory"),
        (("pst", "{path}", "--into", INBOX), "invalid choice: 'pst'"),
        (("mbox", "{path}"), "are required: --into"),
    ],
)
def test_what_cannot_be_imported_is_refused(
    ann: Account, tmp_path: Path, words: tuple[str, ...], part: str
) -> None:
    path = mbox(tmp_path / "old", numbered(1))
    with pytest.raises(CommandError) as raised:
        call("import", *(word.format(path=path) for word in words))
    assert part in str(raised.value)
    assert uids_of(ann) == []


def kill_in_the_middle(manage: Manage, path: Path, batches: int) -> None:
    """Import until the process kills itself before a commit."""
    with manage.start(
        "import", "mbox", str(path), "--into", INBOX, GROUPWARE_CRASH_AT=f"before-commit:{batches}"
    ) as process:
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL


@pytest.mark.crash
def test_after_a_kill_the_next_run_gives_exactly_the_source(manage: Manage, tmp_path: Path) -> None:
    manage.text("domain", "create", "example.org")
    manage.text("account", "create", ANN, "--password-stdin", stdin="correct horse battery\n")
    texts = [numbered(number // 2) for number in range(4 * importing.BATCH)]
    path = mbox(tmp_path / "old", *texts)
    held = 0
    for batches in (3, 2):
        kill_in_the_middle(manage, path, batches)
        shown = manage.json("account", "show", ANN)
        assert held < shown["items_used"] < len(texts)
        held = shown["items_used"]
    answer = manage.json("import", "mbox", str(path), "--into", INBOX)
    imported, skipped = counts(answer)
    assert (imported, skipped) == (len(texts) - held, held)
    exported = tmp_path / "export"
    manage.text("export", ANN, "--to", str(exported))
    files = list((exported / "mail" / "cur").iterdir())
    data = sorted(file.read_bytes() for file in files)
    assert data == sorted(text.replace(b"\n", b"\r\n") for text in texts)
    assert manage.text("doctor").startswith("No fault found")
