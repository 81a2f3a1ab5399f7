r"""TOP of what the process keeps: the octets that reading the message gives, and no message read."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from groupware.core import aio, blobs, db, limits
from groupware.core.blobs import frames
from groupware.core.changes import next_uid_validity
from groupware.core.models import Collection
from mail.maildrops import Snapshot, find_present
from mail.pop3 import responses, topreading
from mail.pop3.limits import Limits, configured_limits
from mail.pop3.session import Shared
from mail.services.pop3 import remove_deleted, set_policy
from tests.conftest import SetLimit
from tests.transcripts.pop3_playing import MemoryClient, deliver, new_shared

pytestmark = pytest.mark.usefixtures("anna")

COUNT = 70


async def fill(anna: int) -> None:
    """Deliver messages, behind the three that are there; one has a header that is not kept."""
    for number in range(4, COUNT + 1):
        field = b"X-Long: " + b"a" * 900 + b"\r\n"
        head = b"Subject: %d\r\n%b\r\n" % (number, field * (20 if number == 9 else 1))
        await aio.call(deliver, anna, head + b".\r\n.line\r\nno end")


async def log_in(shared: Shared) -> MemoryClient:
    client = MemoryClient(shared)
    await client.log_in()
    return client


async def answers_to(client: MemoryClient, commands: Sequence[str], *, together: bool) -> bytes:
    client.buffer.clear()
    lines = [f"{command}\r\n".encode() for command in commands]
    for piece in [b"".join(lines)] if together else lines:
        await client.send(piece)
    return bytes(client.buffer)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each statement for octets was for."""
    counts: list[int] = []
    for name in ("read_whole", "read_heads"):
        monkeypatch.setattr(blobs, name, partial(_noted, counts, getattr(blobs, name)))
    return counts


def _noted(
    counts: list[int], read: Callable[[Sequence[str]], list[bytes]], locations: Sequence[str]
) -> list[bytes]:
    counts.append(len(locations))
    return read(locations)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each statement looked for."""
    counts: list[int] = []

    def noted(snapshot: Snapshot, uids: Sequence[int]) -> set[int]:
        counts.append(len(uids))
        return find_present(snapshot, uids)

    monkeypatch.setattr(topreading, "find_present", noted)
    return counts


@pytest.mark.parametrize("order", ["up", "down", "twice", "odd"])
@pytest.mark.parametrize("together", [True, False])
async def test_top_is_the_same_whether_kept_or_not(
    anna: int, read: list[int], order: str, *, together: bool
) -> None:
    await fill(anna)
    numbers = {
        "up": range(1, COUNT + 2),
        "down": range(COUNT, 0, -1),
        "twice": [number // 2 for number in range(2, 2 * COUNT)],
        "odd": range(1, COUNT, 2),
    }[order]
    commands = [f"TOP {number} {number % 3}" for number in numbers]
    async with new_shared(Limits(tops=0)) as shared:
        plain = await answers_to(await log_in(shared), commands, together=False)
    async with new_shared() as shared:
        client = await log_in(shared)
        for one in (client, client, await log_in(shared)):
            del read[:]
            assert await answers_to(one, commands, together=together) == plain
        assert sum(read) <= 4, "but for the long header nothing is read anew"


async def test_kept_tops_are_looked_for_together(
    anna: int, read: list[int], looked: list[int]
) -> None:
    await fill(anna)
    commands = [f"TOP {number} 0" for number in range(10, COUNT)]
    async with new_shared() as shared:
        await answers_to(await log_in(shared), commands, together=True)
        assert not looked
        del read[:]
        for together in (True, False):
            del looked[:]
            await answers_to(await log_in(shared), commands, together=together)
            assert sum(looked) <= len(commands) + topreading.AHEAD_MESSAGES
            assert len(looked) <= 4
        assert not read


async def test_kept_top_of_what_is_gone_for_good_is_not_told(
    anna: int, set_limit: SetLimit
) -> None:
    set_limit(limits.UNDELETE_DAYS, 0)
    await aio.call(set_policy, anna, action="delete", hide_days=0, marks_seen=True)
    async with new_shared() as shared:
        first = await log_in(shared)
        whole = await answers_to(first, ["TOP 1 0", "TOP 2 0", "TOP 3 0"], together=True)
        second = await log_in(shared)
        await aio.call(remove_deleted, second.session.opened.snapshot, [2], 0)
        for together in (True, False):
            told = await answers_to(await log_in(shared), ["TOP 1 0", "TOP 2 0"], together=together)
            assert told.count(b"+OK The top") == 2  # of the two that are left
            assert b"Subject: two" not in told
        told = await answers_to(second, ["TOP 1 0", "TOP 2 0", "TOP 3 0"], together=True)
        head, _, tail = told.partition(b"-ERR The message is gone")
        assert whole.startswith(head)
        assert whole.endswith(tail.partition(b"\r\n")[2])


async def test_kept_top_of_what_was_moved_is_read_where_it_is(anna: int) -> None:
    async with new_shared() as shared:
        first = await log_in(shared)
        whole = await answers_to(first, ["TOP 1 1", "TOP 2 1"], together=True)
        await aio.call(remove_deleted, first.session.opened.snapshot, [1], 0)
        assert await answers_to(first, ["TOP 1 1", "TOP 2 1"], together=True) == whole


async def test_mailbox_that_was_restored_is_read_anew(anna: int, read: list[int]) -> None:
    def renew() -> None:
        with db.write_transaction():
            fresh = next_uid_validity(anna)
            Collection.objects.filter(account_id=anna, name="INBOX").update(uid_validity=fresh)

    async with new_shared() as shared:
        told = await answers_to(await log_in(shared), ["TOP 1 0"], together=False)
        await aio.call(renew)
        del read[:]
        assert await answers_to(await log_in(shared), ["TOP 1 0"], together=False) == told
        assert read


async def test_session_that_deleted_a_message_has_no_top_of_it() -> None:
    async with new_shared() as shared:
        client = await log_in(shared)
        await client.ask("TOP 1 0")
        await client.ask("DELE 1")
        told = await answers_to(client, ["TOP 1 0", "TOP 2 0"], together=True)
        assert told.startswith(b"-ERR The message is marked as deleted")
        assert b"+OK The top" in told


async def test_room_for_tops_is_what_is_configured(set_limit: SetLimit, read: list[int]) -> None:
    set_limit(limits.POP3_TOPS, 0)
    async with new_shared(configured_limits()) as shared:
        client = await log_in(shared)
        told = await client.ask("TOP 1 0")
        del read[:]
        assert await client.ask("TOP 1 0") == told
        assert read


LINES = [b"line %d of the body\r\n" % number for number in range(1000)]
LONG = b"".join(b"X-Field-%d: %b\r\n" % (number, b"a" * 60) for number in range(100))


async def test_of_a_large_message_the_head_is_as_good(anna: int) -> None:
    heads = [head + b"\r\n" for head in (b"Subject: usual\r\n", LONG, 9 * LONG, b"")]
    for head in heads:
        await aio.call(deliver, anna, head + b"".join(LINES))
    async with new_shared(Limits(tops=0)) as shared:
        client = await log_in(shared)
        for count in (0, 1, 20, 400, 1000, 2000):
            told = await answers_to(
                client, [f"TOP {n} {count}" for n in range(4, 8)], together=True
            )
            tops = [b"".join([head, *LINES[:count], b".\r\n"]) for head in heads]
            assert told == b"".join(responses.TOP_FOLLOWS + top for top in tops), count


async def test_no_more_than_the_head_of_a_large_message_is_decompressed(
    anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in (b"one", b"two"):
        await aio.call(deliver, anna, b"Subject: %b\r\n\r\n%b" % (subject, b"".join(LINES)))
    monkeypatch.setattr(frames, "decompress", refuse)
    async with new_shared() as shared:
        client = await log_in(shared)
        told = await answers_to(client, ["TOP 4 3", "TOP 5 3"], together=True)
        assert told.count(b"line 2 of the body\r\n.\r\n") == 2
        assert b"line 3" not in told


def refuse(stored: bytes) -> bytes:
    raise AssertionError(f"{len(stored)} octets are decompressed")
