"""mbox files as mail programs write them."""

import os
import tracemalloc
from pathlib import Path

import pytest

from mail.archives import mbox
from mail.archives.mbox import open_mbox
from mail.archives.messages import BrokenMessage, Found, FoundMessage, NotAnArchive
from mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN

LARGEST = 1 << 20
MTIME = 1_600_000_000
FROM = b"From ann@example.test Wed Nov 25 09:06:58 2026\n"
AT = 1_795_597_618


def read(tmp_path: Path, data: bytes, *, largest: int = LARGEST) -> list[Found]:
    path = tmp_path / "box"
    path.write_bytes(data)
    os.utime(path, (MTIME, MTIME))
    archive = open_mbox(str(path), largest=largest)
    [mailbox] = archive.mailboxes
    assert mailbox.path == ""
    found = list(mailbox.messages)
    assert archive.reading.share == 1.0
    return found


def messages(tmp_path: Path, data: bytes) -> list[FoundMessage]:
    found = read(tmp_path, data)
    assert all(isinstance(message, FoundMessage) for message in found), found
    return [message for message in found if isinstance(message, FoundMessage)]


def test_messages_are_cut_at_their_lines_and_get_crlf(tmp_path: Path) -> None:
    data = FROM + b"Subject: 1\n\none\n\n" + FROM + b"Subject: 2\n\ntwo\n"
    assert [message.data for message in messages(tmp_path, data)] == [
        b"Subject: 1\r\n\r\none\r\n",
        b"Subject: 2\r\n\r\ntwo\r\n",
    ]


def test_lines_that_end_in_crlf_are_cut_alike(tmp_path: Path) -> None:
    data = (FROM + b"Subject: 1\n\none\n\n" + FROM + b"\ntwo\n").replace(b"\n", b"\r\n")
    assert [message.data for message in messages(tmp_path, data)] == [
        b"Subject: 1\r\n\r\none\r\n",
        b"\r\ntwo\r\n",
    ]


@pytest.mark.parametrize(
    ("line", "read_as"),
    [
        (b">From me", b"From me"),
        (b">>From me", b">From me"),
        (b"> From me", b"> From me"),
        (b">from me", b">from me"),
        (b"a >From me", b"a >From me"),
    ],
)
def test_one_quotation_mark_is_taken_off(tmp_path: Path, line: bytes, read_as: bytes) -> None:
    [message] = messages(tmp_path, FROM + b"Subject: 1\n\n" + line + b"\n")
    assert message.data == b"Subject: 1\r\n\r\n" + read_as + b"\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"From here on it is easy.\n",
        b"From 9:00 on it is easy\n",
        b"x\n" + FROM,
    ],
)
def test_a_sentence_that_begins_with_from_is_no_message(tmp_path: Path, line: bytes) -> None:
    [message] = messages(tmp_path, FROM + b"Subject: 1\n\none\n\n" + line)
    assert message.data.endswith(line.replace(b"\n", b"\r\n"))


def test_where_the_first_line_has_no_date_none_needs_one(tmp_path: Path) -> None:
    data = b"From ann\nSubject: 1\n\none\n\nFrom ben\nSubject: 2\n\ntwo\n"
    assert len(messages(tmp_path, data)) == 2


@pytest.mark.parametrize(
    ("line", "date", "zone"),
    [
        (b"ann@example.test Wed Nov 25 09:06:58 2026", AT, 0),
        (b"- Wed Nov 25 09:06:58 2026", AT, 0),
        (b"ann Wed Nov 25 09:06:58 +0100 2026", AT - 3600, 60),
        (b"1234@xxx Wed Nov 25 09:06:58 -0330 2026", AT + 12600, -210),
        (b"Wed Nov 25 09:06:58 2026", AT, 0),
        (b"ann@example.test Wed, 25 Nov 2026 09:06:58 +0100", AT - 3600, 60),
    ],
)
def test_the_date_is_that_of_its_line(tmp_path: Path, line: bytes, date: int, zone: int) -> None:
    [message] = messages(tmp_path, b"From " + line + b"\nSubject: 1\n\none\n")
    assert (message.internal_date, message.internal_zone) == (date, zone)


def test_without_a_date_there_that_of_the_header_counts_and_then_the_file(tmp_path: Path) -> None:
    data = b"From ann\nDate: Wed, 25 Nov 2026\n 09:06:58 +0200\n\none\n\nFrom ben\nX: y\n\ntwo\n"
    assert [(found.internal_date, found.internal_zone) for found in messages(tmp_path, data)] == [
        (AT - 7200, 120),
        (MTIME, 0),
    ]


@pytest.mark.parametrize(
    ("fields", "flags", "keywords"),
    [
        (b"Status: RO\n", SEEN, ()),
        (b"Status: O\nX-Status: AF\n", ANSWERED | FLAGGED, ()),
        (b"X-Status: DT\n", DELETED | DRAFT, ()),
        (b"X-Keywords: $Junk work             \n", 0, ("$Junk", "work")),
        (b"X-Keywords: a(b \xc3\xa4\n", 0, ("a_b", "__")),
        (b"X-Mozilla-Status: 0007\nX-Mozilla-Status2: 00800000\n", SEEN | ANSWERED | FLAGGED, ()),
        (
            b"X-Mozilla-Status: 0008\nX-Mozilla-Keys: $label1  NonJunk\n",
            DELETED,
            ("$label1", "NonJunk"),
        ),
        (b"X-Mozilla-Status: zz\n", 0, ()),
        (b"X-UID: 5\nContent-Length: 7\n", 0, ()),
        (b"status: R\nX-Keywords: a\n b\n", SEEN, ("a", "b")),
    ],
)
def test_flags_are_read_from_the_header_and_taken_out(
    tmp_path: Path, fields: bytes, flags: int, keywords: tuple[str, ...]
) -> None:
    [message] = messages(tmp_path, FROM + b"Subject: 1\n" + fields + b"To: ben\n\nStatus: RO\n")
    assert (message.flags, message.keywords) == (flags, keywords)
    assert message.data == b"Subject: 1\r\nTo: ben\r\n\r\nStatus: RO\r\n"


def test_what_a_server_keeps_for_itself_is_no_message(tmp_path: Path) -> None:
    internal = b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nx\n\n"
    [message] = messages(tmp_path, FROM + internal + FROM + b"Subject: 1\n\none\n")
    assert message.data == b"Subject: 1\r\n\r\none\r\n"


def test_what_is_too_large_or_empty_is_named_and_left_out(tmp_path: Path) -> None:
    data = FROM + b"Subject: 1\n\n" + b"x" * 100 + b"\n\n" + FROM + b"\n" + FROM + b"S: 2\n\ny\n"
    large, empty, good = read(tmp_path, data, largest=60)
    assert isinstance(large, BrokenMessage)
    assert large.origin.endswith("box message 1")
    assert large.reason == "it is larger than 60 octets (GROUPWARE_MAX_MESSAGE_SIZE)"
    assert isinstance(empty, BrokenMessage)
    assert empty.reason == "it is empty"
    assert isinstance(good, FoundMessage)
    assert good.data == b"S: 2\r\n\r\ny\r\n"


def test_a_line_of_any_length_is_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mbox, "LINE", len(FROM))
    body = b"x" * len(FROM) + b"\n" + FROM + b"y\n"
    [message] = messages(tmp_path, FROM + b"Subject: 1\n\n" + body)
    assert message.data == b"Subject: 1\r\n\r\n" + body.replace(b"\n", b"\r\n")


def test_a_file_that_is_no_mbox_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"Dear diary")
    with pytest.raises(NotAnArchive, match="it does not begin with a line `From `"):
        open_mbox(str(path), largest=LARGEST)
    with pytest.raises(NotAnArchive, match="holds no mbox file"):
        open_mbox(str(tmp_path), largest=LARGEST)


def test_an_empty_mbox_has_no_message(tmp_path: Path) -> None:
    assert read(tmp_path, b"") == []


def test_a_directory_is_a_tree_of_mailboxes(tmp_path: Path) -> None:
    one = FROM + b"Subject: 1\n\none\n"
    (tmp_path / "Work.sbd" / "2026.sbd").mkdir(parents=True)
    (tmp_path / "Old.mbox").mkdir()
    for name in ("Inbox", "Work", "Work.sbd/2026", "Work.sbd/2026.sbd/May", "Old.mbox/mbox"):
        (tmp_path / name).write_bytes(one)
    for name in ("Inbox.msf", ".hidden", "Empty", "Work.sbd/notes"):
        (tmp_path / name).write_bytes(b"" if name == "Empty" else b"index")
    archive = open_mbox(str(tmp_path), largest=LARGEST)
    counted = {mailbox.path: len(list(mailbox.messages)) for mailbox in archive.mailboxes}
    assert counted == dict.fromkeys(("Inbox", "Work", "Work/2026", "Work/2026/May", "Old/mbox"), 1)
    assert archive.reading.share == 1.0


def test_memory_is_that_of_one_message_however_large_the_file_is(tmp_path: Path) -> None:
    line = b"x" * 9_999 + b"\n"
    path = tmp_path / "box"
    with path.open("wb") as file:
        for _ in range(200):
            file.write(FROM + b"Subject: 1\n\n" + 10 * line + b"\n")
        file.write(FROM + b"Subject: too large\n\n" + 1000 * line)
    archive = open_mbox(str(path), largest=200_000)
    tracemalloc.start()
    try:
        found = [type(message) for mailbox in archive.mailboxes for message in mailbox.messages]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == [FoundMessage] * 200 + [BrokenMessage]
    assert peak < 2_000_000 < archive.reading.total
