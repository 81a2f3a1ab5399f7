"""That messages are read ahead, and how many: what is told then is in imap/read-ahead.txt."""

import re

import pytest

from groupware.core import db
from mail.imap import ahead
from mail.imap.handlers import fetch
from tests.transcripts.drivers import MemoryClient
from tests.transcripts.playing import deliver, new_shared
from tests.transcripts.runner import PASSWORD

pytestmark = [pytest.mark.usefixtures("imap_team"), pytest.mark.sqlite]

COUNT = 14


class Reader:
    """A client that fetches message by message; `reads` are the places from which was read ahead."""

    def __init__(self, client: MemoryClient, reads: list[int]) -> None:
        self._client = client
        self.reads = reads

    async def ask(self, command: str) -> bytes:
        self._client.buffer.clear()
        await self._client.send(f"a {command}\r\n".encode())
        while b"a OK" not in self._client.buffer and await self._client.receive():
            pass
        return bytes(self._client.buffer)

    async def fetch(self, first: int, last: int, item: str = "BODY.PEEK[]") -> list[int]:
        """Return the UIDs that were told, one FETCH for each."""
        told = [await self.ask(f"FETCH {seq} (UID {item})") for seq in range(first, last + 1)]
        return [int(uid) for answer in told for uid in re.findall(rb"UID (\d+)", answer)]


async def open_inbox(reader: Reader) -> None:
    await reader.ask(f'LOGIN anna@team.example "{PASSWORD}"')
    await reader.ask("SELECT INBOX")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the places from which messages are read ahead, as it happens."""
    assert db.is_sqlite()
    noted: list[int] = []

    def noting(view: object, plan: object, place: int) -> ahead.Responses:
        noted.append(place)
        return ahead.read_ahead(view, plan, place)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch, "read_ahead", noting)
    return noted


async def test_from_the_third_on_messages_are_read_together(reads: list[int]) -> None:
    for number in range(COUNT):
        await deliver("anna", "INBOX", b"Subject: %d\r\n\r\n" % number, [])
    async with new_shared() as shared:
        reader = Reader(MemoryClient(shared, secure=True, size=1 << 20), reads)
        await open_inbox(reader)
        assert await reader.fetch(1, COUNT) == list(range(1, COUNT + 1))
        assert reads == [2, 2 + ahead.MESSAGES]


async def test_octets_bound_what_is_read_ahead(reads: list[int]) -> None:
    half = b"Subject: m\r\n\r\n" + b"x" * (ahead.OCTETS // 2 - 14)
    for _ in range(6):
        await deliver("anna", "INBOX", half, [])
    await deliver("anna", "INBOX", b"Subject: large\r\n\r\n" + b"x" * ahead.OCTETS, [])
    async with new_shared() as shared:
        reader = Reader(MemoryClient(shared, secure=True, size=1 << 20), reads)
        await open_inbox(reader)
        assert await reader.fetch(1, 7) == list(range(1, 8))
        assert reads == [2, 4, 6]


async def test_octets_of_what_is_told_of_messages_bound_it_as_well(reads: list[int]) -> None:
    part = (
        b"--b\r\nContent-Type: text/plain; name=the-part-of-a-message-with-a-long-name\r\n\r\n\r\n"
    )
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    for _ in range(5):
        await deliver("anna", "INBOX", head + part * 900 + b"--b--\r\n", [])
    async with new_shared() as shared:
        reader = Reader(MemoryClient(shared, secure=True, size=1 << 20), reads)
        await open_inbox(reader)
        structure = await reader.ask("FETCH 1 (BODYSTRUCTURE)")
        assert ahead.OCTETS / 2 < len(structure) < ahead.OCTETS
        assert await reader.fetch(1, 5, "BODYSTRUCTURE") == list(range(1, 6))
        assert reads == [2, 3, 4]


async def test_another_order_is_not_read_ahead(reads: list[int]) -> None:
    for _ in range(6):
        await deliver("anna", "INBOX", b"Subject: m\r\n\r\n", [])
    async with new_shared() as shared:
        reader = Reader(MemoryClient(shared, secure=True, size=1 << 20), reads)
        await open_inbox(reader)
        for seq in (6, 5, 4, 3, 1, 5, 6, 2):
            assert await reader.fetch(seq, seq) == [seq]
        assert reads == []


async def test_commit_of_anybody_ends_it(reads: list[int]) -> None:
    for _ in range(6):
        await deliver("anna", "INBOX", b"Subject: m\r\n\r\n", [])
    async with new_shared() as shared:
        reader = Reader(MemoryClient(shared, secure=True, size=1 << 20), reads)
        await open_inbox(reader)
        await reader.fetch(1, 4)
        await deliver("ben", "INBOX", b"Subject: m\r\n\r\n", [])
        assert await reader.fetch(5, 6) == [5, 6]
        assert reads == [2]
