"""Maildirs as Courier, Dovecot, mutt and our own export leave them."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from mail.archives.maildir import DAY, open_maildir
from mail.archives.manifest import (
    MANIFEST,
    MORE_KEYWORDS,
    ExportedMailbox,
    Manifest,
    serialize_manifest,
)
from mail.archives.messages import Archive, BrokenMessage, FoundMessage, NotAnArchive
from mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN

LARGEST = 1 << 20
TIME = 1_700_000_000


def make(path: Path, *parts: str) -> Path:
    for part in parts or ("cur", "new", "tmp"):
        (path / part).mkdir(parents=True)
    return path


def put(path: Path, name: str, data: bytes = b"S: 1\n\nx\n", mtime: int = TIME) -> None:
    (path / name).write_bytes(data)
    os.utime(path / name, (mtime, mtime))


def opened(path: Path, **options: Any) -> Archive:
    return open_maildir(str(path), **({"largest": LARGEST} | options))


def read(path: Path) -> dict[str, list[Any]]:
    return {mailbox.path: list(mailbox.messages) for mailbox in opened(path).mailboxes}


def test_flags_are_those_of_the_name(tmp_path: Path) -> None:
    root = make(tmp_path)
    put(root, "new/1700000000.a.host")
    put(root, "cur/1700000001.b.host:2,")
    put(root, "cur/1700000002.c.host:2,DFRST")
    put(root, "cur/1700000003.d.host:2,PSab")
    put(root, "cur/1700000004.e.host:1,experimental")
    (root / "dovecot-keywords").write_text("0 $Junk\n1 wörk\n30 far\n")
    [found] = read(root).values()
    assert [(message.flags, message.keywords) for message in found] == [
        (0, ()),
        (0, ()),
        (DRAFT | FLAGGED | ANSWERED | SEEN | DELETED, ()),
        (SEEN, ("$Junk", "w_rk", "$Forwarded")),
        (0, ()),
    ]
    assert {message.data for message in found} == {b"S: 1\r\n\r\nx\r\n"}


@pytest.mark.parametrize(
    ("name", "mtime", "date"),
    [
        ("1700000000.a", TIME, TIME),
        ("1700000000.a", TIME - 10 * DAY, TIME - 10 * DAY),  # appended with its own date
        ("1700000000.a", TIME + 60, TIME + 60),
        ("1700000000.a", TIME + DAY, TIME),  # copied without its time
        ("strange", TIME + 7, TIME + 7),
    ],
)
def test_the_date_is_the_files_unless_it_was_copied(
    tmp_path: Path, name: str, mtime: int, date: int
) -> None:
    root = make(tmp_path)
    put(root, f"cur/{name}:2,", mtime=mtime)
    [[message]] = read(root).values()
    assert (message.internal_date, message.internal_zone) == (date, 0)


def test_messages_come_by_uid_and_then_by_time(tmp_path: Path) -> None:
    root = make(tmp_path)
    for name in ("10.z", "9.y", "8.x", "7.w"):
        put(root, f"cur/{name}:2,", data=name.encode())
    (root / "dovecot-uidlist").write_text("3 V17 N9 Gx\n4 W12 S11 :10.z\n5 :7.w:2,S\n")
    [found] = read(root).values()
    assert [message.data for message in found] == [b"10.z", b"7.w", b"8.x", b"9.y"]


def test_folders_of_maildirpp_are_mailboxes(tmp_path: Path) -> None:
    root = make(tmp_path)
    for name in (".Archive.2026", ".Entw&APw-rfe", ".v1&AC4-2", ".Gelöscht", ".a..b", ".broken&"):
        put(make(root / name), "cur/1.a:2,")
    (root / ".nothing").mkdir()
    assert {name: len(found) for name, found in read(root).items()} == {
        "": 0,
        "Archive/2026": 1,
        "Entwürfe": 1,
        "v1.2": 1,
        "Gelöscht": 1,
        "a/_/b": 1,
        "broken&": 1,
    }


def test_nested_directories_are_mailboxes(tmp_path: Path) -> None:
    for name in ("INBOX", "Archive", "Archive/2026", "lists/python"):
        put(make(tmp_path / name), "cur/1.a:2,")
    (tmp_path / "subscriptions").write_text("Archive/2026\nlists/python\n")
    assert set(read(tmp_path)) == {"", "Archive", "Archive/2026", "lists/python"}
    assert opened(tmp_path).subscriptions == ["Archive/2026", "lists/python"]


@pytest.mark.parametrize(
    "text", ["INBOX\nArchive.2026\nv1&AC4-2\n", "V\t2\n\nINBOX\nArchive\t2026\nv1.2\n"]
)
def test_subscriptions_are_those_of_dovecot(tmp_path: Path, text: str) -> None:
    root = make(tmp_path)
    make(root / ".Archive.2026")
    assert opened(root).subscriptions is None
    (root / "subscriptions").write_text(text)
    assert opened(root).subscriptions == ["INBOX", "Archive/2026", "v1.2"]


def test_what_cannot_be_read_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    root = make(tmp_path)
    put(root, "cur/1.large:2,", data=b"x" * 200)
    put(root, "cur/2.empty:2,", data=b"")
    put(root, "cur/3.packed:2,", data=gzip.compress(b"S: 1\n\nx\n"))
    put(root, "cur/4.gone:2,")
    put(root, "cur/6.good:2,")
    archive = opened(root, largest=100)
    [mailbox] = archive.mailboxes
    found = []
    for message in mailbox.messages:
        found.append(message)
        (root / "cur" / "4.gone:2,").unlink(missing_ok=True)
    reasons = [message.reason for message in found if isinstance(message, BrokenMessage)]
    assert reasons == [
        "it is larger than 100 octets (GROUPWARE_MAX_MESSAGE_SIZE)",
        "it is empty",
        "it is compressed: let `gunzip` make it a message first",
        "it was renamed or removed meanwhile: import again",
    ]
    assert isinstance(found[-1], FoundMessage)


def test_what_is_no_maildir_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    with pytest.raises(NotAnArchive, match="it has no directory cur or new, nor any below"):
        opened(tmp_path)


def export(root: Path, *, is_whole: bool = True, **fields: Any) -> Path:
    make(root)
    make(root / ".cut~1")
    kept: dict[str, Any] = {"special_use": "", "selectable": True, "uid_validity": 7}
    mailboxes = [
        ExportedMailbox(name="A", directory="", **(kept | {"selectable": False})),
        ExportedMailbox(name="A/long", directory=".cut~1", **(kept | {"special_use": "Sent"})),
        ExportedMailbox(name="INBOX", directory="", **(kept | fields)),
    ]
    manifest = Manifest(1, is_whole, "a@b.test", ["A/long", "Gone"], mailboxes)
    (root / MANIFEST).write_text(serialize_manifest(manifest))
    return root


def test_an_export_says_what_a_maildir_cannot(tmp_path: Path) -> None:
    root = export(tmp_path / "mail")
    unique = "5.U1V7.groupware,S=3,Z=-0330"
    put(root, f"cur/{unique}:2,Sa", data=b"a\nb", mtime=9)
    put(root, "cur/6.U2V7.groupware,S=0,Z=+0000:2,", data=b"")
    (root / "dovecot-keywords").write_text("0 one\n")
    (root / MORE_KEYWORDS).write_text(json.dumps({unique: ["more"]}))
    archive = opened(tmp_path)
    assert archive.subscriptions == ["A/long", "Gone"]
    mailboxes = list(archive.mailboxes)
    assert [(box.path, box.special_use, box.selectable) for box in mailboxes] == [
        ("A", "", False),
        ("A/long", "Sent", True),
        ("", "", True),
    ]
    first, empty = mailboxes[2].messages
    assert first == FoundMessage(
        str(root / "cur" / f"{unique}:2,Sa"), b"a\nb", SEEN, ("one", "more"), 5, -210
    )
    assert isinstance(empty, FoundMessage)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda _: "", "it cannot be read"),
        (lambda _: "[]", "it cannot be read"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "of version 2"),
        (lambda text: text.replace('"whole": true', '"whole": false'), "was cut off, run it again"),
        (lambda text: text.replace(".cut~1", ".."), "has a directory elsewhere"),
        (lambda text: text.replace(".cut~1", "../x"), "has a directory elsewhere"),
        (lambda text: text.replace('"uid_validity": 7', '"uid_validity": "7"'), "elsewhere"),
        (lambda text: text.replace('"directory"', '"path"'), "it cannot be read"),
        (lambda text: text.replace('"subscriptions"', '"subscribed"'), "it cannot be read"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(tmp_path: Path, change: Any, part: str) -> None:
    manifest = export(tmp_path) / MANIFEST
    manifest.write_text(change(manifest.read_text()))
    with pytest.raises(NotAnArchive, match=part):
        opened(tmp_path)


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": 5}'])
def test_more_keywords_that_cannot_be_read_end_the_reading(tmp_path: Path, text: str) -> None:
    root = export(tmp_path)
    (root / MORE_KEYWORDS).write_text(text)
    *_, inbox = opened(root).mailboxes
    with pytest.raises(NotAnArchive, match=r"groupware-keywords\.json is damaged"):
        list(inbox.messages)
