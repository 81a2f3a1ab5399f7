"""Exporting an account, and importing it again."""

import random
import signal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from groupware.core import blobs, directory
from groupware.core.blobs.service import store
from groupware.core.doctor import Examination, Fault, examine
from groupware.core.models import Account
from mail import queries
from mail.flags import DELETED, FLAGGED, SEEN
from mail.models import Message
from mail.services.content import prepare_message
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import (
    create_mailbox,
    delete_mailbox,
    subscribe,
    unsubscribe,
)
from mail.services.messages import expunge_messages
from tests.commands.running import Manage, call, call_json
from tests.services.store import append, create, mailbox, message, rows_of

ANN = "ann@example.org"
BEN = "ben@example.org"
NAMES = (
    "Archive/2026",
    "v1.2/.hidden/Tom & Jörg",
    "v1_2/_hidden/Tom & Jörg",
    "日本" * 60,
    "INBOX/below",
    "Projects/a/b/c",
    "cur",
)

database = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann(transactional_db: None) -> Account:
    directory.create_domain("example.org")
    return create(ANN)


def empty(account: Account) -> None:
    """Take away everything but INBOX, as no new account is."""
    for name in queries.list_subscriptions(account.pk):
        unsubscribe(account.pk, name)
    for info in queries.list_mailboxes(account.pk):
        if info.name != "INBOX":
            delete_mailbox(account.pk, info.name)


def state(account: Account) -> dict[str, Any]:
    """Return all that an export must keep."""
    mailboxes: dict[str, Any] = {}
    for info in queries.list_mailboxes(account.pk):
        fields = ("flags", "keywords", "internal_date", "internal_zone", "size")
        rows = rows_of(account, info.name, *fields)
        data = [
            bytes(prefix or b"") + blobs.read_location(location)
            for prefix, location in rows_of(account, info.name, "prefix", "blob_location")
        ]
        mailboxes[info.name] = (info.selectable, info.special_use, rows, data)
    return {"mailboxes": mailboxes, "subscriptions": queries.list_subscriptions(account.pk)}


def fill(account: Account, seed: int) -> None:
    """Give an account mailboxes and messages of every kind, drawn by lot."""
    rng = random.Random(seed)
    for name in NAMES:
        create_mailbox(account.pk, name)
    delete_mailbox(account.pk, "Projects/a")
    create_mailbox(account.pk, "Gesendet", "Sent")
    for name in rng.sample([*NAMES, "Gone", "Archive"], 5):
        subscribe(account.pk, name)
    words = [f"word{number}" for number in range(40)] + ["$Junk", "NonJunk", "Ümlaut?"[1:]]
    first = message()
    bodies = (
        first,
        first,
        b"",
        b"\x1f\x8bnot packed",
        b"a\nb\r\nc\n",
        b"From x\n>From y\r\n",
        message(),
    )
    for name in ("INBOX", *NAMES, "Gesendet"):
        for _ in range(rng.randrange(9)):
            append(
                account,
                name,
                prepare_message(rng.choice(bodies)),
                flags=rng.randrange(32),
                keywords=rng.sample(words, rng.randrange(4)),
                internal_date=rng.choice([-5, 0, 1_000_000_000, 1_795_597_618, 1_795_597_618]),
                internal_zone=rng.choice([0, 60, -210, 840]),
                prefix=rng.choice([b"", b"Delivered-To: x\r\n"]),
            )


def faults() -> list[str]:
    return [str(found) for found in examine(Examination()) if isinstance(found, Fault)]


@database
@pytest.mark.parametrize("seed", range(5))
def test_what_is_imported_again_is_what_was_exported(
    ann: Account, tmp_path: Path, seed: int
) -> None:
    empty(ann)
    fill(ann, seed)
    before = state(ann)
    exported = call_json("export", ANN, "--to", str(tmp_path / "export"))
    total = sum(len(held[3]) for held in before["mailboxes"].values())
    assert sum(held["written"] for held in exported["collections"].values()) == total
    ben = create(BEN)
    empty(ben)
    answer = call_json("import", "maildir", str(tmp_path / "export"), "--into", f"{BEN}/mail/INBOX")
    assert (answer["broken"], answer["notes"], answer["stopped"]) == ([], [], "")
    assert state(ben) == before
    for account in (ANN, BEN):
        again = call_json(
            "import", "maildir", str(tmp_path / "export"), "--into", f"{account}/mail/INBOX"
        )
        assert sum(held["imported"] for held in again["collections"].values()) == 0
    assert state(ann) == state(ben) == before
    assert faults() == []


@database
def test_a_second_export_brings_the_first_up_to_date(ann: Account, tmp_path: Path) -> None:
    inbox = mailbox(ann).collection_id
    for flags in (0, DELETED, SEEN):
        append(ann, flags=flags)
    create_mailbox(ann.pk, "Old")
    append(ann, "Old")
    call("export", ANN, "--to", str(tmp_path))
    expunge_messages(ann.pk, inbox)
    store_flags(ann.pk, inbox, [(1, 1)], StoreOp.ADD, FLAGGED, ("work",))
    append(ann)
    delete_mailbox(ann.pk, "Old")
    create_mailbox(ann.pk, "New")
    answer = call_json("export", ANN, "--to", str(tmp_path))
    assert answer["collections"][f"{ANN}/mail/INBOX"] == {"written": 1, "kept": 2, "removed": 1}
    before = state(ann)
    ben = create(BEN)
    call("import", "maildir", str(tmp_path), "--into", f"{BEN}/mail/INBOX")
    assert state(ben) == before
    text = call("export", ANN, "--to", str(tmp_path))
    assert text.endswith("Altogether: 0 written, 3 there already, 0 removed.")


@database
def test_a_maildir_is_as_dovecot_keeps_it(ann: Account, tmp_path: Path) -> None:
    append(ann, flags=SEEN, keywords=["$Junk"], internal_date=1_700_000_000, internal_zone=-210)
    create_mailbox(ann.pk, "Archive/2026")
    call("export", ANN, "--to", str(tmp_path))
    root = tmp_path / "mail"
    info = mailbox(ann)
    [file] = (root / "cur").iterdir()
    unique = f"1700000000.U1V{info.uid_validity}.groupware,S={info.bytes},Z=-0330"
    assert file.name == f"{unique}:2,Sa"
    assert file.stat().st_mtime == 1_700_000_000
    assert (root / "dovecot-keywords").read_text() == "0 $Junk\n"
    assert (root / "dovecot-uidlist").read_text() == f"3 V{info.uid_validity} N2\n1 :{unique}\n"
    assert (root / "subscriptions").read_text() == "Archive\nDrafts\nINBOX\nJunk\nSent\nTrash\n"
    assert (root / ".Archive.2026" / "maildirfolder").exists()
    assert {path.name for path in (root / ".Archive.2026").iterdir()} >= {"cur", "new", "tmp"}


@database
def test_files_that_others_changed_are_put_right(ann: Account, tmp_path: Path) -> None:
    for _ in range(3):
        append(ann)
    call("export", ANN, "--to", str(tmp_path))
    cur = tmp_path / "mail" / "cur"
    first, second, third = sorted(cur.iterdir())
    first.rename(first.with_name(first.name + "F"))
    second.rename(tmp_path / "mail" / "new" / second.name)
    third.rename(third.with_name(third.name + "S"))
    third.with_name(third.name + "S").write_bytes(b"cut")
    answer = call_json("export", ANN, "--to", str(tmp_path))
    assert answer["collections"][f"{ANN}/mail/INBOX"] == {"written": 2, "kept": 1, "removed": 0}
    assert sorted(cur.iterdir()) == [first, second, third]
    assert [file.stat().st_size for file in (first, second, third)] == [
        row[0] for row in rows_of(ann, "INBOX", "size")
    ]


@database
@pytest.mark.parametrize(
    ("foreign", "part"),
    [
        ("notes.txt", "is not empty and no export"),
        ("mail/cur/1700000000.a.host:2,", "1700000000.a.host:2, is not of an export"),
        ("mail/.Archive/notes.txt", "notes.txt is not of an export"),
        ("mail/dovecot.index", "dovecot.index is not of an export"),
        ("mail/folder/x", "folder is not of an export"),
    ],
)
def test_nothing_foreign_is_mixed_with_an_export(
    ann: Account, tmp_path: Path, foreign: str, part: str
) -> None:
    append(ann)
    if foreign.startswith("mail/"):
        call("export", ANN, "--to", str(tmp_path))
    append(ann)
    path = tmp_path / foreign
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    with pytest.raises(CommandError) as raised:
        call("export", ANN, "--to", str(tmp_path))
    assert part in str(raised.value)
    assert path.read_text() == "mine"


@database
def test_an_export_of_another_account_is_left_alone(ann: Account, tmp_path: Path) -> None:
    create(BEN)
    call("export", BEN, "--to", str(tmp_path))
    with pytest.raises(CommandError, match=rf"is an export of {BEN}: choose an empty directory"):
        call("export", ANN, "--to", str(tmp_path))
    (tmp_path / "groupware-export.json").write_text("{}")
    with pytest.raises(CommandError, match=r"groupware-export\.json is damaged"):
        call("export", ANN, "--to", str(tmp_path))
    (tmp_path / "groupware-export.json").unlink()
    with pytest.raises(CommandError, match="is not empty and no export"):
        call("export", ANN, "--to", str(tmp_path))


@database
def test_a_message_whose_bytes_are_lost_is_named_and_the_rest_is_written(
    ann: Account, tmp_path: Path
) -> None:
    for _ in range(2):
        append(ann)
    blobs.carry_over()
    store().remove(Message.objects.get(uid=1).blob.location)
    with pytest.raises(CommandError, match="1 item left out, as said above"):
        call("export", ANN, "--to", str(tmp_path))
    [file] = (tmp_path / "mail" / "cur").iterdir()
    assert ".U2V" in file.name


@pytest.mark.crash
@pytest.mark.parametrize("files", [1, 30])
def test_an_export_that_was_cut_off_is_finished_by_the_next(
    manage: Manage, tmp_path: Path, files: int
) -> None:
    manage.text("domain", "create", "example.org")
    for account in (ANN, BEN):
        manage.text("account", "create", account, "--password-stdin", stdin="correct horse 1\n")
    letters = tmp_path / "letters"
    letters.mkdir()
    for number in range(60):
        (letters / f"{number}.eml").write_bytes(b"Subject: %d\r\n\r\nx\r\n" % number)
    manage.text("import", "eml", str(letters), "--into", f"{ANN}/mail/INBOX")
    target = tmp_path / "export"
    with manage.start(
        "export", ANN, "--to", str(target), GROUPWARE_CRASH_AT=f"export-written:{files}"
    ) as process:
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    words = ("import", "maildir", str(target), "--into", f"{BEN}/mail/INBOX")
    assert "the export was cut off, run it again" in manage.refusal(*words)
    answer = manage.json("export", ANN, "--to", str(target))["collections"][f"{ANN}/mail/INBOX"]
    assert answer == {"written": 61 - files, "kept": files - 1, "removed": 0}
    assert manage.json(*words)["collections"]["INBOX"] == {"imported": 60, "skipped": 0}
    assert len(list((target / "mail" / "cur").iterdir())) == 60
