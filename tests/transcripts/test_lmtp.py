"""LMTP transcripts, driven in memory (whole, then octet by octet) and over TCP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from groupware.core import aio, blobs, directory, limits
from groupware.core.directory import NewAccount
from groupware.core.errors import DiskReserve
from mail import queries
from mail.models import Inbound, InboundRecipient, Message
from mail.services import listpolicies
from mail.services.fanout import fan_out as fan_out_now
from mail.services.listpolicies import PolicyChange
from mail.smtp.limits import lmtp_limits
from mail.smtp.lmtp import LmtpSession
from tests.conftest import SetLimit
from tests.transcripts.lines import play, read_transcript
from tests.transcripts.smtp_people import RecordedFanOut
from tests.transcripts.smtp_playing import MemoryClient, new_shared, tcp_server

FOLDER = Path(__file__).parent / "lmtp"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"), key=lambda path: path.name)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def team(relaxed: None, fan_out: RecordedFanOut) -> Iterator[None]:
    from groupware.core.models import AccountState

    directory.create_domain("team.example")
    directory.create_domain("catch.example")
    for name in ("anna", "bo"):
        directory.create_account(NewAccount(f"{name}@team.example", password="a password"))
    directory.create_account(NewAccount("full@team.example", quota_bytes=10))
    directory.create_address("alias@team.example", ["anna@team.example"])
    directory.create_address("jürgen@team.example", ["bo@team.example"])
    directory.create_address("@catch.example", ["bo@team.example"])
    directory.create_address("outside@team.example", ["someone@outside.example"])
    directory.create_group("everyone@team.example")
    directory.add_member("everyone@team.example", "anna@team.example")
    directory.add_member("everyone@team.example", "bo@team.example")
    AccountState.objects.filter(account__login="full@team.example").update(bytes_used=10)
    yield
    aio.close_crossing()


def connect(size: int = 1 << 20) -> MemoryClient:
    return MemoryClient(LmtpSession, new_shared(lmtp_limits()), secure=False, size=size)


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [1 << 20, 1], ids=["whole", "octets"])
async def test_transcript_in_memory(path: Path, size: int) -> None:
    await play(connect(size), read_transcript(path)[1])


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_transcript_over_tcp(path: Path) -> None:
    shared = new_shared(lmtp_limits())
    async with tcp_server(LmtpSession, shared, secure=False) as opened:
        client = await opened()
        await play(client, read_transcript(path)[1])
        await client.close()


def read_inbox(address: str) -> tuple[list[str], bytes]:
    """Return the lines of the prefix of the one message there is, and its octets."""
    account = directory.get_account(address)
    inbox = queries.get_mailbox(account.pk, "INBOX")
    [(prefix, location)] = queries.fetch_messages(
        inbox.collection_id, [(1, 1)], ["prefix", "blob_location"]
    )
    return bytes(prefix).decode().split("\r\n"), blobs.read_location(location)


async def test_delivery_is_filed_with_its_trace_and_as_it_was_sent() -> None:
    await play(connect(), read_transcript(FOLDER / "delivery.txt")[1])
    assert await aio.call(Message.objects.count) == 2
    lines, data = await aio.call(read_inbox, "anna@team.example")
    assert lines[0] == "Return-Path: <sender@outside.example>"
    assert lines[1] == "Delivered-To: anna@team.example"
    assert lines[2] == "Received: from client.example (192.0.2.1)"
    assert lines[3].startswith("\tby example.test with LMTP id s1;")
    assert data == b"Subject: hello\r\n\r\n.a dot\r\n"


async def test_message_in_chunks_is_filed_as_it_was_sent() -> None:
    await play(connect(), read_transcript(FOLDER / "chunks.txt")[1])
    lines, data = await aio.call(read_inbox, "bo@team.example")
    assert lines[3].startswith("\tby example.test with UTF8LMTP id s1;")
    assert data == b"Subject: a\r\n\r\n.\r\nb\nc"


async def test_account_that_two_recipients_lead_to_gets_the_message_once() -> None:
    await play(connect(), read_transcript(FOLDER / "pipelining.txt")[1])
    assert await aio.call(Message.objects.count) == 1


async def rows() -> list[tuple[str, str, bool]]:
    held = InboundRecipient.objects.order_by("pk").values_list(
        "address", "inbound__mail_from", "inbound__is_trusted"
    )
    return await aio.call(lambda: list(held))


async def test_what_is_for_lists_and_leads_outside_is_a_row_when_it_is_answered(
    fan_out: RecordedFanOut,
) -> None:
    client = connect()
    await client.ask("LHLO c", "MAIL FROM:<anna@team.example>", "RCPT TO:<outside@team.example>")
    await client.ask("RCPT TO:<bo@team.example>", "RCPT TO:<everyone@team.example>", "DATA")
    assert await client.codes("Subject: x", "", "text", ".") == ["250 2.0.0"] * 3
    assert await rows() == [
        ("outside@team.example", "anna@team.example", True),
        ("everyone@team.example", "anna@team.example", True),
    ]
    assert await aio.call(Message.objects.count) == 1
    [inbound_id] = await aio.call(lambda: list(Inbound.objects.values_list("pk", flat=True)))
    assert fan_out.begun == [inbound_id]
    await client.ask("MAIL FROM:<>", "RCPT TO:<outside@team.example>", "DATA")
    assert await client.codes("x", ".") == ["250 2.0.0"]
    assert (await rows())[-1] == ("outside@team.example", "", False)


async def test_who_has_it_gets_no_second_copy_for_the_sake_of_who_could_not_have_it(
    fan_out: RecordedFanOut,
) -> None:
    def prepare() -> None:
        both = ["anna@team.example", "full@team.example"]
        directory.create_address("both@team.example", both, kind="alias")

    def finish(inbound_id: int) -> list[str]:
        directory.set_quota("full@team.example", 0)
        fan_out_now(inbound_id)
        rows = Message.objects.values_list("collection__account__login", flat=True)
        return sorted(rows)

    await aio.call(prepare)
    client = connect()
    await client.ask("LHLO c", "MAIL FROM:<x@y.example>", "RCPT TO:<both@team.example>")
    await client.ask("RCPT TO:<bo@team.example>", "RCPT TO:<everyone@team.example>", "DATA")
    told = (await client.ask("Subject: x", "", "text", ".")).splitlines()
    assert ["queued as" in line for line in told] == [True, False, True]
    assert [address for address, *_ in await rows()] == [
        "both@team.example",
        "everyone@team.example",
    ]
    [inbound_id] = fan_out.begun
    expected = [f"{name}@team.example" for name in ("anna", "bo", "full")]
    assert await aio.call(finish, inbound_id) == expected


async def test_list_that_takes_nothing_from_a_sender_says_so_at_rcpt() -> None:
    change = PolicyChange(post="members")
    await aio.call(listpolicies.set_policy, "everyone@team.example", change)
    client = connect()
    await client.ask("LHLO c", "MAIL FROM:<stranger@outside.example>")
    assert await client.codes("RCPT TO:<everyone@team.example>") == ["550 5.7.1"]


async def test_full_disk_is_told_for_each_recipient(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DiskReserve("The disk is full.")

    client = connect()
    await begin(client)
    await client.ask("RCPT TO:<outside@team.example>")
    monkeypatch.setattr("mail.services.content.blobs.stage", refuse)
    assert await client.codes("DATA", "x", ".") == ["354 Send", *["452 4.3.1"] * 3]
    assert await rows() == []


async def test_too_many_refused_commands_end_the_session(set_limit: SetLimit) -> None:
    set_limit(limits.LMTP_ERRORS, 7)
    client = connect()
    assert await client.codes(*["FOO"] * 9) == ["500 5.5.1"] * 7 + ["421 4.7.0"]
    assert client.output.closed


async def test_recipient_over_the_limit_is_told_to_come_in_another_transaction(
    set_limit: SetLimit,
) -> None:
    set_limit(limits.LMTP_RECIPIENTS, 1)
    client = connect()
    await client.ask("LHLO c", "MAIL FROM:<>", "RCPT TO:<anna@team.example>")
    assert await client.codes("RCPT TO:<bo@team.example>") == ["452 4.5.3"]


async def begin(client: MemoryClient) -> None:
    told = await client.codes(
        *("LHLO c", "MAIL FROM:<>", "RCPT TO:<anna@team.example>", "RCPT TO:<bo@team.example>")
    )
    assert told[-1] == "250 2.1.5"


async def test_message_over_the_limit_is_refused_for_each_recipient(set_limit: SetLimit) -> None:
    set_limit(limits.MESSAGE_SIZE, 100)
    client = connect()
    await begin(client)
    assert await client.codes("DATA", "x" * 200, ".") == ["354 Send", "552 5.3.4", "552 5.3.4"]
    await begin(client)
    await client.send(b"BDAT 90\r\n" + b"x" * 90)
    client.buffer.clear()
    await client.send(b"BDAT 11 LAST\r\n" + b"x" * 11)
    assert client.buffer.count(b"552 5.3.4 ") == 2
    assert await aio.call(Message.objects.count) == 0


async def test_message_that_goes_in_circles_is_refused(set_limit: SetLimit) -> None:
    set_limit(limits.RECEIVED_FIELDS, 10)
    client = connect()
    for count, told in ((10, "250 2.0.0"), (11, "554 5.4.6")):
        await begin(client)
        lines = ["Received: from a by b"] * count
        assert await client.codes("DATA", *lines, "", "text", ".") == ["354 Send", told, told]


async def test_line_over_the_limit_is_refused(set_limit: SetLimit) -> None:
    set_limit(limits.LMTP_LINE, 1_000)
    client = connect()
    for size, told in ((1_000, "250 2.0.0"), (1_001, "554 5.6.0")):
        await begin(client)
        assert await client.codes("DATA", "x" * size, ".") == ["354 Send", told, told]


async def test_failure_of_ours_is_told_for_each_recipient_and_the_session_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    client = connect()
    await begin(client)
    with monkeypatch.context() as patch:
        patch.setattr("mail.smtp.lmtp._deliver", fail)
        assert await client.codes("DATA", "x", ".") == ["354 Send", "451 4.3.0", "451 4.3.0"]
        assert b"secret" not in client.buffer
    await begin(client)
    assert await client.codes("DATA", "x", ".") == ["354 Send", "250 2.0.0", "250 2.0.0"]
