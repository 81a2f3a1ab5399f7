r"""RETR and TOP of several messages that come together: answered as one by one, whatever is there."""

import pytest

from groupware.core import aio, auth, blobs
from groupware.core.blobs.service import store
from groupware.core.models import Blob, BlobSpool
from mail.maildrops import Snapshot
from mail.pop3 import maildrop, reading
from mail.pop3.commands import MOST_AT_ONCE
from mail.services.pop3 import remove_deleted
from tests.transcripts.pop3_playing import MemoryClient, deliver, new_shared

pytestmark = pytest.mark.usefixtures("anna")


async def answers_to(client: MemoryClient, commands: list[str]) -> bytes:
    """Send commands at once, and return all that is answered."""
    client.buffer.clear()
    await client.send("".join(f"{command}\r\n" for command in commands).encode())
    return bytes(client.buffer)


async def assert_same(client: MemoryClient, other: MemoryClient, commands: list[str]) -> bytes:
    """Let one session have commands together, and another one by one; both are answered alike."""
    together = await answers_to(client, commands)
    assert together == b"".join([await answers_to(other, [command]) for command in commands])
    return together


async def many_messages(anna: int) -> None:
    large = b"Subject: large\r\n\r\n" + b".line\r\n" * (maildrop.SMALL // 7 + 1)
    for number in range(2 * MOST_AT_ONCE):
        text = large if number == 5 else b"Subject: %d\r\n\r\n.\r\ntext" % number
        await aio.call(deliver, anna, text)


@pytest.mark.parametrize("tail", ["RETR", "TOP {} 0", "TOP {} 2"])
async def test_run_is_answered_as_its_lines_one_by_one(anna: int, tail: str) -> None:
    await many_messages(anna)
    async with new_shared() as shared:
        client, other = MemoryClient(shared), MemoryClient(shared)
        for one in (client, other):
            await one.log_in()
            await one.ask("DELE 4")
        count = 2 * MOST_AT_ONCE + 5  # two more than there are
        numbers = [*range(1, count + 1), 7, 7, 7, *range(20, 10, -1)]
        line = tail if "{}" in tail else tail + " {}"
        told = await assert_same(client, other, [line.format(number) for number in numbers])
        assert told.count(b"+OK ") == len(numbers) - 3
        assert told.count(b"-ERR ") == 3


def lose(uid: int) -> None:
    """Let the octets of a message be lost."""
    blob = Blob.objects.get(message__uid=uid)
    BlobSpool.objects.filter(blob=blob).delete()
    store().remove(blob.location)


async def test_lost_octets_and_what_others_removed_are_in_the_way_of_no_other(anna: int) -> None:
    await many_messages(anna)
    async with new_shared() as shared:
        client, other = MemoryClient(shared), MemoryClient(shared)
        await client.log_in()
        await other.log_in()
        snapshot: Snapshot = client.session.opened.snapshot
        await aio.call(lose, 12)
        await aio.call(remove_deleted, snapshot, [14], 0)
        told = await assert_same(client, other, [f"RETR {number}" for number in range(10, 18)])
        assert told.count(b"+OK ") == 7
        assert told.count(b"-ERR [SYS/PERM] The message cannot be read") == 1


async def test_run_is_not_read_beyond_the_octets_that_are_read_at_once(
    anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many_messages(anna)
    monkeypatch.setattr(reading, "AHEAD_OCTETS", 100)
    most: list[int] = []
    read = blobs.read_whole

    def noted(locations: list[str]) -> list[bytes]:
        contents = read(locations)
        most.append(sum(map(len, contents)))
        return contents

    monkeypatch.setattr(blobs, "read_whole", noted)
    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        told = await answers_to(client, [f"RETR {number}" for number in range(10, 80)])
        assert told.count(b"+OK ") == 70
        assert max(most) <= 100


async def test_run_of_a_session_that_was_revoked_is_not_answered(anna: int) -> None:
    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        await aio.call(auth.end_sessions, anna)
        client.session._is_doubtful = True
        told = await answers_to(client, ["RETR 1", "RETR 2", "RETR 3"])
        assert told == b"-ERR [AUTH] The session was revoked: log in again.\r\n"
        assert client.session.closing
