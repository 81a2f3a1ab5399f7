"""The reader of traces finds what is out of order: otherwise its silence says nothing."""

import pytest

from tests.crash.trace import Telling, parse_trace

ASK = '7 read(9<TCP:[127.0.0.1:24->127.0.0.1:9]>, "Message-ID: <one>\\r\\nFrom"..., 99) = 28'
MAKE_FOLDER = '8 mkdir("/s/blobs/files/77", 0700) = 0'
SYNC_FILES = "8 fsync(4</s/blobs/files>) = 0"
MAKE_FILE = (
    '8 openat(AT_FDCWD</w>, "/s/blobs/files/77/a", O_WRONLY|O_CREAT|O_EXCL, 0600)'
    " = 4</s/blobs/files/77/a>"
)
WRITE_FILE = '8 write(4</s/blobs/files/77/a>, "\\1\\3"..., 299) = 299'
SYNC_FILE = "8 fdatasync(4</s/blobs/files/77/a>)  = 0"
SYNC_FOLDER = "8 fsync(4</s/blobs/files/77>) = 0"
WRITE_ROW = '9 pwrite64(5</s/db-wal>, "\\r"..., 4096, 32) = 4096'
SYNC_ROW = "9 fdatasync(5</s/db-wal>) = 0"
TELL = '7 write(9<TCP:[127.0.0.1:24->127.0.0.1:9]>, "250 2.0.0 Delivered\\r\\n", 21) = 21'

IN_ORDER = [
    *(ASK, MAKE_FOLDER, SYNC_FILES, MAKE_FILE, WRITE_FILE, SYNC_FILE, SYNC_FOLDER),
    *(WRITE_ROW, SYNC_ROW, TELL),
]


def telling(lines: list[str]) -> Telling:
    return Telling(parse_trace("\n".join(lines)), message="<one>", reply="250 2.0.0")


def faults(lines: list[str]) -> list[str]:
    told = telling(lines)
    return told.find_faults("/s") + told.find_early_rows("/s/db-wal", "/s/blobs")


def moved(line: str, *, behind: str) -> list[str]:
    lines = [kept for kept in IN_ORDER if kept != line]
    lines.insert(lines.index(behind) + 1, line)
    return lines


def test_the_right_order_has_no_fault() -> None:
    assert faults(IN_ORDER) == []
    names = ["/s/blobs/files", "/s/blobs/files/77/a", "/s/blobs/files/77", "/s/db-wal"]
    assert telling(IN_ORDER).synced() == names


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (SYNC_FILES, "the folder of /s/blobs/files/77 was synced"),
        (SYNC_FILE, "before /s/blobs/files/77/a was synced"),
        (SYNC_FOLDER, "the folder of /s/blobs/files/77/a was synced"),
        (SYNC_ROW, "before /s/db-wal was synced"),
    ],
)
def test_a_sync_after_the_reply_is_found(line: str, fault: str) -> None:
    assert any(fault in found for found in faults(moved(line, behind=TELL)))
    assert any(fault in found for found in faults([kept for kept in IN_ORDER if kept != line]))


def test_a_write_after_its_sync_is_found() -> None:
    found = faults(moved(WRITE_ROW, behind=SYNC_ROW))
    assert found == ["the reply was sent before /s/db-wal was synced"]


def test_a_row_before_its_bytes_is_found() -> None:
    found = faults(moved(SYNC_FILE, behind=SYNC_ROW))
    assert found == ["the row was written before its bytes were synced"]


def test_a_reply_that_begins_while_the_sync_is_under_way_is_found() -> None:
    begun, ended = "9 fdatasync(5</s/db-wal> <unfinished ...>", "9 <... fdatasync resumed>) = 0"
    under_way = [*IN_ORDER[:-2], begun, TELL, ended]
    assert faults(under_way) == ["the reply was sent before /s/db-wal was synced"]
    assert faults([*IN_ORDER[:-2], begun, ended, TELL]) == []


def test_a_sync_that_failed_is_none() -> None:
    failed = SYNC_ROW.replace("= 0", "= -1 EIO (Input/output error)")
    assert faults([*IN_ORDER[:-2], failed, TELL]) == [
        "the reply was sent before /s/db-wal was synced"
    ]
