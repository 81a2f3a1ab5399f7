import base64
import json
import sqlite3
from functools import partial
from io import StringIO
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from groupware.core import blobs, doctor, retention
from groupware.core.blobs import collector
from groupware.core.blobs.service import store
from groupware.core.clock import epoch
from groupware.core.doctor import Examination, Fault, Note, examine
from groupware.core.models import Account, Blob
from mail.models import ExpungedMessage, Message, MessageContent
from mail.services.content import prepare_message
from mail.services.copying import copy_messages, move_messages
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import create_mailbox, delete_mailbox
from mail.services.messages import expunge_messages
from tests.services.damage import DAMAGES, INBOX, Damage, damage, fill_inbox, find, location_of, run
from tests.services.store import append, create, mailbox, message, prepared
from tests.services.threads import SECONDS, threads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]

DELETED = 8


@pytest.fixture
def inbox(ann: Account) -> int:
    return fill_inbox(ann)


def test_a_store_in_use_has_no_fault(ann: Account, ben: Account, inbox: int) -> None:
    append(ben, data=prepared(references="1@outside.test"))
    copy_messages(ann.pk, inbox, [(1, 4)], ann.pk, mailbox(ann, "Archive").collection_id)
    move_messages(ann.pk, inbox, [(3, 3)], ann.pk, mailbox(ann, "Trash").collection_id)
    copy_messages(ann.pk, inbox, [(1, 4)], ben.pk, mailbox(ben).collection_id)
    store_flags(ann.pk, inbox, [(1, 4)], StoreOp.REMOVE, 1, ())
    create_mailbox(ann.pk, "Work/2026")
    append(ann, "Work", flags=DELETED)
    delete_mailbox(ann.pk, "Work")
    delete_mailbox(ann.pk, "Work/2026")
    create_mailbox(ann.pk, "Work")
    assert find(deep=True) == []
    assert find(account_id=ben.pk, deep=True) == []


def test_an_empty_store_has_no_fault() -> None:
    assert find(deep=True) == []


@pytest.mark.parametrize("done", DAMAGES, ids=lambda done: f"{done.check}: {done.what}")
def test_damage_is_found_and_named(ann: Account, ben: Account, inbox: int, done: Damage) -> None:
    damage(done.sql.format(inbox=inbox, ann=ann.pk, ben=ben.pk))
    found = [f for f in find() if f.check == done.check and f.where == done.where]
    assert [fault for fault in found if done.what in fault.what], find()
    assert all(fault.advice for fault in found)


def test_an_account_without_collections_is_found(ann: Account, ben: Account) -> None:
    for table in ("mail_mailbox", "calendar_app_calendar", "core_resourcecollection"):
        damage(f"DELETE FROM {table}")
    damage("DELETE FROM core_collection WHERE account_id = %s", ann.pk)
    where = {fault.where for fault in find() if fault.check == "account-collections"}
    assert where == {"ann@example.test"}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_at_fault_while_others_write(ann: Account, ben: Account) -> None:
    """What is compared is compared in one state of the store, and what is collected is no fault."""
    enough = Event()

    def write(account: Account, other: Account) -> None:
        inbox, trash = (mailbox(account, name).collection_id for name in ("INBOX", "Trash"))
        while not enough.is_set():
            uid = append(account, prefix=b"X-Trace: 1\r\n").uid
            store_flags(account.pk, inbox, [(uid, uid)], StoreOp.ADD, 1, ("$Seen",))
            copy_messages(account.pk, inbox, [(uid, uid)], other.pk, mailbox(other).collection_id)
            move_messages(account.pk, inbox, [(1, uid - 1)], account.pk, trash)
            store_flags(account.pk, trash, [(1, uid)], StoreOp.ADD, DELETED, ())
            expunge_messages(account.pk, trash)
            create_mailbox(account.pk, f"Work/{uid}")
            delete_mailbox(account.pk, f"Work/{uid}")

    def clear_up() -> None:
        while not enough.is_set():
            collector.collect_unreferenced(min_age=0)
            retention.expire_tombstones(older_than=epoch() + 1)

    with threads(3) as start:
        writing = [start(partial(write, *pair)) for pair in ((ann, ben), (ben, ann))]
        writing.append(start(clear_up))
        try:
            found: list[Fault] = []
            while not (have_written(30, ann, ben) or any(future.done() for future in writing)):
                found += find(deep=True)
        finally:
            enough.set()
        for future in writing:
            future.result(SECONDS)
    assert found == []
    assert find(deep=True) == []


def have_written(number: int, *accounts: Account) -> bool:
    return all(mailbox(account).uid_next > number for account in accounts)


def test_only_the_named_account_is_examined(ann: Account, ben: Account, inbox: int) -> None:
    append(ben)
    damage("UPDATE core_collection SET items = 9 WHERE id = %s", inbox)
    damage("DELETE FROM mail_messagecontent")
    assert {fault.where for fault in find(account_id=ben.pk)} == {
        "ben@example.test/mail/INBOX UID 1"
    }
    examination = Examination(account_id=ben.pk)
    list(examine(examination))
    assert examination.counted == {
        "accounts": 1,
        "mailboxes": 6,
        "messages": 1,
        "calendars": 3,
        "addressbooks": 1,
        "resources": 0,
        "blobs": 1,
    }


def test_more_faults_than_a_page_are_all_found(
    ann: Account, inbox: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.findings.read_pages, "__kwdefaults__", {"page": 2})
    damage("UPDATE mail_message SET modseq = 900")
    places = [fault.where for fault in find() if fault.check == "modseq-order"]
    assert places == [f"{INBOX} UID {uid}" for uid in (1, 3, 4)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("sql", "where", "what"),
    [
        ("DELETE FROM core_account WHERE id = {ann}", "row ", "core_account, which is not there"),
        (
            "DELETE FROM core_collection WHERE id = {inbox}",
            "ann@example.test: row ", "its collection is row {inbox} of core_collection",
        ),
        ("DELETE FROM core_blob", "ann@example.test: row ", "core_blob, which is not there"),
        (
            "DELETE FROM mail_message WHERE prefix_size > 0",
            "of mail_messageprefix", "its message is row",
        ),
        ("DELETE FROM core_domain", "of core_account", "its domain is row"),
    ],
)  # fmt: skip
def test_a_row_that_points_nowhere_is_found(
    ann: Account, inbox: int, sql: str, where: str, what: str
) -> None:
    without_foreign_keys(sql.format(inbox=inbox, ann=ann.pk))
    found = [fault for fault in find() if fault.check == "orphan"]
    what = what.format(inbox=inbox)
    assert [fault for fault in found if where in fault.where and what in fault.what], found


@pytest.mark.django_db(transaction=True)
def test_search_rows_and_readers_that_point_nowhere_are_found(
    ann: Account, ben: Account, inbox: int
) -> None:
    without_foreign_keys(
        "INSERT INTO mail_searchtext (blob_id, version, slot, text) VALUES (999, 1, 0, '')"
    )
    without_foreign_keys(
        "INSERT INTO mail_messagereader (account_id, collection_id, uid, reader_id, seen, modseq)"
        f" VALUES ({ann.pk}, {inbox}, 3, 999, (1 = 1), 1)"
    )
    assert {(fault.check, fault.where.split("row ")[0], fault.what) for fault in find()} == {
        ("orphan", "", "its blob is row 999 of core_blob, which is not there"),
        (
            "orphan",
            "ann@example.test: ",
            "its reader is row 999 of core_account, which is not there",
        ),
    }


def without_foreign_keys(sql: str) -> None:
    off, on = "PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"
    if connection.vendor == "postgresql":
        off, on = "SET session_replication_role = replica", "SET session_replication_role = origin"
    with connection.cursor() as cursor:
        cursor.execute(off)
        try:
            cursor.execute(sql)
        finally:
            cursor.execute(on)


def test_lost_bytes_are_found_and_the_messages_that_had_them_named(
    ann: Account, inbox: int
) -> None:
    copy_messages(ann.pk, inbox, [(3, 3)], ann.pk, mailbox(ann, "Archive").collection_id)
    store().remove(location_of(inbox, 3))
    (fault,) = find()
    assert (fault.check, fault.where) == ("blob", f"{INBOX} UID 3 and 1 more that hold its blob")
    assert fault.what == f"no bytes lie at {location_of(inbox, 3)}"


def test_damaged_bytes_are_found(ann: Account, inbox: int, own_data: Path) -> None:
    place, other = location_of(inbox, 3), location_of(inbox, 1)
    rewrite(own_data, place, "x'00'")
    assert [fault.what for fault in find()] == [
        f"the bytes at {place} cannot be read: too short for its table"
    ]
    rewrite(own_data, place, f"(SELECT data FROM blob WHERE id = {other[3:]})")
    (fault,) = find()
    assert "are others than were stored" in fault.what
    damage("UPDATE core_blob SET size = size + 1 WHERE location = %s", other)
    assert any("and should be" in fault.what for fault in find() if fault.check == "blob")


def test_a_large_blob_that_is_cut_is_found(ann: Account, own_data: Path) -> None:
    incompressible = Random(1).randbytes(300_000)
    uid = append(ann, data=prepared(body=base64.encodebytes(incompressible))).uid
    location = location_of(mailbox(ann).collection_id, uid)
    assert location.startswith("file:")
    (path,) = (own_data / "blobs" / "files").glob("??/*")
    path.write_bytes(path.read_bytes()[:-10])
    assert [fault.where for fault in find()] == [f"{INBOX} UID 1"]
    path.unlink()
    assert [fault.what for fault in find()] == [f"no bytes lie at {location}"]


def rewrite(data: Path, location: str, value: str) -> None:
    with sqlite3.connect(data / "blobs" / "blobs.sqlite3") as file:
        file.execute(f"UPDATE blob SET data = {value} WHERE id = {location[3:]}")
    file.close()


def test_a_blob_that_is_collected_meanwhile_is_no_fault(
    ann: Account, inbox: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.stage(b"held by nothing")
    staged = blobs.stage(b"collected while the doctor reads")
    damage(
        "INSERT INTO core_blob (digest, size, stored_size, location, created_at)"
        " VALUES (%s, %s, %s, %s, 0)",
        staged.digest, staged.size, staged.stored_size, staged.location,
    )  # fmt: skip
    read = blobs.read_location

    def collect_before_reading(location: str) -> bytes:
        if location == staged.location:
            collector.collect_unreferenced(min_age=0)
        return read(location)

    monkeypatch.setattr(blobs, "read_location", collect_before_reading)
    assert find() == []
    assert not Blob.objects.filter(location=staged.location).exists()


def test_bytes_without_a_row_are_a_fault_when_the_sweep_must_have_seen_them(
    own_data: Path,
) -> None:
    location = store().put("under way", b"delivery under way")
    assert find() == []
    age(own_data, location, hours=25)
    assert find() == []
    age(own_data, location, hours=27)
    (fault,) = find()
    assert (fault.check, fault.where) == ("unnamed-bytes", location)


def age(data: Path, location: str, *, hours: int) -> None:
    with sqlite3.connect(data / "blobs" / "blobs.sqlite3") as file:
        file.execute(
            "UPDATE blob SET created_at = ? WHERE id = ?",
            (epoch() - hours * 3600, int(location[3:])),
        )
    file.close()


def test_blobs_that_wait_for_the_collector_are_noted(ann: Account) -> None:
    append(ann, flags=DELETED)
    expunge_messages(ann.pk, mailbox(ann).collection_id)
    assert list(examine(Examination())) == []
    ExpungedMessage.objects.all().delete()
    found = list(examine(Examination()))
    assert found == [Note("blob", "1 blobs are held by nothing; the worker collects them.")]


@pytest.mark.parametrize(
    "column", ["envelope", "bodystructure", "parts", "header_fields", "summary"]
)
def test_a_deep_examination_compares_the_index_with_the_bytes(
    ann: Account, inbox: int, column: str
) -> None:
    blob_id = Message.objects.get(collection_id=inbox, uid=3).blob_id
    MessageContent.objects.filter(blob_id=blob_id).update(**{column: b"other"})
    assert find() == []
    (fault,) = find(deep=True)
    assert fault.where == f"{INBOX} UID 3"
    assert fault.what == f"its index is not what its bytes say: {column}"


def test_a_deep_examination_leaves_lost_bytes_to_the_blobs(ann: Account, inbox: int) -> None:
    store().remove(location_of(inbox, 3))
    assert [fault.check for fault in find(deep=True)] == ["blob"]


def test_the_command_says_what_it_examined(ann: Account, ben: Account, inbox: int) -> None:
    text = run().splitlines()
    assert text[-1] == (
        "No fault found in 2 accounts, 12 mailboxes, 3 messages, 6 calendars, 2 address books,"
        " 0 events, tasks and cards, 4 blobs."
    )
    assert run("--account", "ben@example.test") == (
        "No fault found in 1 accounts, 6 mailboxes, 0 messages, 3 calendars, 1 address books,"
        " 0 events, tasks and cards, 0 blobs.\n"
    )


def test_the_command_says_what_is_wrong_and_what_to_do(ann: Account, inbox: int) -> None:
    damage("UPDATE core_collection SET items = 7 WHERE id = %s", inbox)
    output = StringIO()
    with pytest.raises(CommandError, match=r"1 fault found in 1 accounts, 6 mailboxes, 3 messages"):
        call_command("doctor", stdout=output)
    line = output.getvalue().splitlines()[0]
    assert line.startswith(f"{INBOX}: it counts 7 items of ")
    assert line.endswith(" Count anew: `doctor --repair`.")


def test_the_command_answers_in_json(ann: Account, inbox: int) -> None:
    output = StringIO()
    damage("UPDATE core_accountstate SET items_used = 9")
    with pytest.raises(CommandError):
        call_command("doctor", "--json", stdout=output)
    answer = json.loads(output.getvalue())
    assert answer["clean"] is False
    assert answer["examined"] == {
        "accounts": 1,
        "mailboxes": 6,
        "messages": 3,
        "calendars": 3,
        "addressbooks": 1,
        "resources": 0,
        "blobs": 4,
    }
    (fault,) = answer["faults"]
    assert (fault["check"], fault["where"]) == ("quota", "ann@example.test")
    assert json.loads(run("--json", "--repair"))["clean"] is True
    assert json.loads(run("--json"))["faults"] == []


def test_an_account_that_is_not_there_is_refused(ann: Account) -> None:
    with pytest.raises(CommandError, match=r"There is no account nobody@example\.test"):
        run("--account", "nobody@example.test")


def test_progress_is_told_on_a_terminal_only(ann: Account, inbox: int) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    call_command("doctor", stdout=StringIO(), stderr=terminal)
    assert " of " in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    output = StringIO()
    call_command("doctor", stdout=StringIO(), stderr=output)
    assert output.getvalue() == ""


def test_deep_and_plain_agree_on_broken_mail(ann: Account) -> None:
    for data in (b"", b"\0", b"no header", b"Subject: \xff\xfe\r\n\r\nx", message(b"a\nb\rc")):
        append(ann, data=prepare_message(data))
    assert find(deep=True) == []


def test_a_shared_account_is_examined_like_any(domain: Any) -> None:
    team = create("team@example.test", kind="shared")
    append(team)
    assert find(deep=True) == []
