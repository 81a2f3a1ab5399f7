"""What clients are told after the power took changes that they had been told of (ADR 19).

The database really goes back: it is put on top of what came after it. SQLite only.
"""

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from groupware.core import aio, db, lost
from tests.transcripts.drivers import MemoryClient
from tests.transcripts.playing import deliver, new_shared
from tests.transcripts.runner import PASSWORD

pytestmark = [pytest.mark.usefixtures("imap_team"), pytest.mark.sqlite]

MESSAGE = b"Subject: m\r\n\r\nm\r\n"


def copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as held, closing(sqlite3.connect(target)) as other:
        held.backup(other)


class Line:
    """A client that asks and is answered."""

    def __init__(self, client: MemoryClient) -> None:
        self._client = client

    async def ask(self, command: str) -> str:
        self._client.buffer.clear()
        await self._client.send(f"a {command}\r\n".encode())
        while b"a OK" not in self._client.buffer and await self._client.receive():
            pass
        answer = self._client.buffer.decode()
        assert "\r\na OK" in f"\r\n{answer}", answer
        return answer


@asynccontextmanager
async def session() -> AsyncIterator[Line]:
    async with new_shared() as shared:
        client = MemoryClient(shared, secure=True, size=1 << 20)
        line = Line(client)
        await line.ask(f'LOGIN anna@team.example "{PASSWORD}"')
        await line.ask("ENABLE QRESYNC")
        yield line
        await client.close()


def number(name: str, answer: str) -> int:
    found = re.search(rf"\b{name} \(?(\d+)", answer)
    assert found, answer
    return int(found[1])


class Known:
    """What a client knows: a flag that was lost, and with which mod-sequences."""

    before: int
    lost: int
    uid_validity: int


@pytest.fixture
async def known(tmp_path: Path) -> Known:
    """Flag the first of three messages, tell the client so, and lose it with the power."""
    known = Known()
    for _ in range(3):
        await deliver("anna", "INBOX", MESSAGE, [])
    async with session() as line:
        told = await line.ask("SELECT INBOX")
        known.before, known.uid_validity = (
            number(name, told) for name in ("HIGHESTMODSEQ", "UIDVALIDITY")
        )
        file = db.database_file()
        assert file is not None
        copy_database(file, tmp_path / "synced")
        known.lost = number("MODSEQ", await line.ask(r"STORE 1 +FLAGS (\Flagged)"))
        assert known.lost > known.before
    aio.close_crossing()
    copy_database(tmp_path / "synced", file)
    assert await aio.call(lost.note_boot, tmp_path, "tuesday")
    return known


def fetched(answer: str) -> list[int]:
    return [int(seq) for seq in re.findall(r"^\* (\d+) FETCH", answer, re.MULTILINE)]


async def test_mailbox_has_a_highest_modseq_that_no_client_knows(known: Known) -> None:
    async with session() as line:
        assert number("HIGHESTMODSEQ", await line.ask("SELECT INBOX")) > known.lost


async def test_client_that_comes_back_with_what_was_lost_is_told_everything(known: Known) -> None:
    async with session() as line:
        told = await line.ask(f"SELECT INBOX (QRESYNC ({known.uid_validity} {known.lost}))")
        assert fetched(told) == [1, 2, 3]
        assert r"\Flagged)" not in told.partition("FETCH")[2]


async def test_client_that_comes_back_with_what_was_kept_is_told_nothing(known: Known) -> None:
    async with session() as line:
        told = await line.ask(f"SELECT INBOX (QRESYNC ({known.uid_validity} {known.before}))")
        assert fetched(told) == []


@pytest.mark.parametrize(
    ("command", "of_lost", "of_kept"),
    [
        ("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {})", [1, 2, 3], []),
        ("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {} VANISHED)", [1, 2, 3], []),
    ],
)
async def test_changes_since_what_was_lost_are_all(
    known: Known, command: str, of_lost: list[int], of_kept: list[int]
) -> None:
    async with session() as line:
        await line.ask("SELECT INBOX")
        assert fetched(await line.ask(command.format(known.lost))) == of_lost
        assert fetched(await line.ask(command.format(known.before))) == of_kept


async def test_nothing_is_unchanged_since_what_was_lost(known: Known) -> None:
    async with session() as line:
        await line.ask("SELECT INBOX")
        store = r"STORE 1 (UNCHANGEDSINCE {}) +FLAGS (\Seen)"
        assert "[MODIFIED 1]" in await line.ask(store.format(known.lost))
        assert "[MODIFIED" not in await line.ask(store.format(known.before))


@pytest.mark.parametrize("key", ["MODSEQ {}", "(OR MODSEQ {} SUBJECT none)", "MODSEQ {} TEXT m"])
async def test_search_from_what_was_lost_on_finds_all(known: Known, key: str) -> None:
    async with session() as line:
        await line.ask("SELECT INBOX")
        assert "SEARCH 1 2 3 (MODSEQ" in await line.ask(f"SEARCH {key.format(known.lost)}")


async def test_new_change_has_a_mod_sequence_that_no_client_knows(known: Known) -> None:
    async with session() as line:
        await line.ask("SELECT INBOX")
        told = await line.ask(r"STORE 2 +FLAGS (\Seen)")
        assert number("MODSEQ", told) > known.lost
