"""Directories of .eml files."""

import os
from pathlib import Path

import pytest

from mail.archives.eml import open_eml
from mail.archives.messages import BrokenMessage, FoundMessage, NotAnArchive

TIME = 1_700_000_000


def put(path: Path, data: bytes = b"S: 1\n\nx\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (TIME, TIME))


def test_a_directory_is_a_mailbox_with_those_below(tmp_path: Path) -> None:
    for name in ("a.eml", "b.EML", "notes.txt", "Work/c.eml", "Work/2026/d.eml", "Empty/e.doc"):
        put(tmp_path / name)
    archive = open_eml(str(tmp_path), largest=100)
    found = {mailbox.path: list(mailbox.messages) for mailbox in archive.mailboxes}
    assert {name: len(messages) for name, messages in found.items()} == {
        "": 2,
        "Work": 1,
        "Work/2026": 1,
    }
    assert found[""][0] == FoundMessage(
        str(tmp_path / "a.eml"), b"S: 1\r\n\r\nx\r\n", internal_date=TIME
    )
    assert archive.reading.share == 1.0


def test_one_file_is_one_message(tmp_path: Path) -> None:
    put(tmp_path / "letter")
    [mailbox] = open_eml(str(tmp_path / "letter"), largest=100).mailboxes
    assert [type(message) for message in mailbox.messages] == [FoundMessage]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    put(tmp_path / "1.eml", b"x" * 101)
    put(tmp_path / "2.eml", b"")
    put(tmp_path / "3.eml")
    archive = open_eml(str(tmp_path), largest=100)
    [mailbox] = archive.mailboxes
    (tmp_path / "3.eml").unlink()
    assert list(mailbox.messages) == [
        BrokenMessage(
            str(tmp_path / "1.eml"), "it is larger than 100 octets (GROUPWARE_MAX_MESSAGE_SIZE)"
        ),
        BrokenMessage(str(tmp_path / "2.eml"), "it is empty"),
        BrokenMessage(str(tmp_path / "3.eml"), "No such file or directory"),
    ]


def test_a_directory_without_one_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "notes.txt")
    with pytest.raises(NotAnArchive, match=r"holds no \.eml file"):
        open_eml(str(tmp_path), largest=100)
