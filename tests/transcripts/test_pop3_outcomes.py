r"""What POP3 leaves behind and how it answers for what is in the way: `\Seen`, damage, bugs."""

from typing import Any

import pytest

from groupware.core import aio, blobs, db
from groupware.core.blobs.service import store
from groupware.core.changes import next_uid_validity
from groupware.core.models import Blob, BlobSpool, Collection
from mail import queries
from mail.pop3.handlers import HANDLERS
from mail.pop3.session import Shared
from mail.retention import Rule
from mail.services.pop3 import set_policy
from mail.services.retention import set_rule
from tests.transcripts.pop3_playing import MemoryClient, deliver, new_shared

pytestmark = pytest.mark.usefixtures("anna")


async def unseen_after(shared: Shared, anna: int) -> int:
    for marks in list(shared.marking):
        await marks.settle()
    info = await aio.read(queries.get_mailbox, anna, "INBOX")
    return info.unseen


@pytest.mark.parametrize(("marks_seen", "left"), [(True, 1), (False, 3)])
async def test_what_is_retrieved_is_seen_by_policy_and_what_is_looked_at_never(
    anna: int, marks_seen: bool, left: int
) -> None:
    await aio.call(set_policy, anna, action="trash", hide_days=0, marks_seen=marks_seen)
    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        await client.ask("TOP 3 9")
        assert await unseen_after(shared, anna) == 3
        await client.ask("RETR 1")
        await client.ask("RETR 2")
        await client.close()
        assert await unseen_after(shared, anna) == left
        assert not shared.marking


async def test_quit_says_where_nothing_could_be_done(anna: int) -> None:
    def renew() -> None:
        with db.write_transaction():
            fresh = next_uid_validity(anna)
            Collection.objects.filter(account_id=anna, name="INBOX").update(uid_validity=fresh)

    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        await client.ask("RETR 1")
        await client.ask("DELE 1")
        await aio.call(renew)
        told = await client.ask("QUIT")
        assert told.startswith("-ERR [SYS/TEMP] The mailbox was restored meanwhile")
        assert client.session.closing
        assert await unseen_after(shared, anna) == 3
        assert (await MemoryClient(shared).log_in()).startswith("+OK 3")


def lose(uid: int) -> None:
    """Let the octets of a message be lost."""
    blob = Blob.objects.get(message__uid=uid)
    BlobSpool.objects.filter(blob=blob).delete()
    store().remove(blob.location)


async def test_lost_octets_of_one_message_are_in_the_way_of_no_other(anna: int) -> None:
    await aio.call(lose, 2)
    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        assert (await client.ask("RETR 1")).startswith("+OK 38 octets")
        told = await client.ask("RETR 2")
        assert told == "-ERR [SYS/PERM] The message cannot be read; the server's log says why.\r\n"
        assert (await client.ask("RETR 3")).startswith("+OK 34 octets")
        assert await unseen_after(shared, anna) == 1


async def test_large_message_that_breaks_off_ends_the_connection(
    anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await aio.call(deliver, anna, b"Subject: large\r\n\r\n" + b"line\r\n" * 100_000)
    read = blobs.read_location

    def read_the_first_piece(location: str, start: int = 0, end: int | None = None) -> bytes:
        if start:
            raise blobs.DamagedBlob("cut off")
        return read(location, start, end)

    monkeypatch.setattr(blobs, "read_location", read_the_first_piece)
    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        told = await client.ask("RETR 4")
        assert told.startswith("+OK ")
        assert not told.endswith("\r\n.\r\n")
        assert client.session.closing
        assert await unseen_after(shared, anna) == 4


async def test_bug_ends_the_session_and_tells_nothing_of_itself() -> None:
    async def fail(_session: Any, _request: Any) -> None:
        raise RuntimeError("a secret")

    async with new_shared() as shared:
        shared.handlers = {**HANDLERS, "LANG": fail}
        client = MemoryClient(shared)
        told = await client.ask("LANG")
        assert told == "-ERR [SYS/TEMP] The server failed; the failure is in its log.\r\n"
        assert client.session.closing


def rule_for_inbox(account_id: int | None, days: int) -> Rule:
    reach = {"domain_id": None, "account_id": account_id, "collection_id": None, "use": "INBOX"}
    how = {"days": days, "action": "trash", "age": "received", "spares_flagged": True}
    return Rule(key=0, **reach, **how)  # type: ignore[arg-type]


async def expire_of(client: MemoryClient) -> str:
    [line] = [line for line in (await client.ask("CAPA")).splitlines() if "EXPIRE" in line]
    return line


async def test_expire_says_what_retention_does(anna: int) -> None:
    async with new_shared() as shared:
        client = MemoryClient(shared)
        assert await expire_of(client) == "EXPIRE NEVER"
        await aio.call(set_rule, rule_for_inbox(None, 90))
        assert await expire_of(client) == "EXPIRE 90"
        await aio.call(set_rule, rule_for_inbox(anna, 30))
        assert await expire_of(client) == "EXPIRE 30 USER"
        await client.log_in()
        assert await expire_of(client) == "EXPIRE 30"
