"""SMTP transcripts of both roles, driven in memory (whole, then octet by octet) and over TCP."""

from pathlib import Path

import pytest

from groupware.core import aio, auth
from mail.models import Inbound, InboundRecipient
from mail.smtp.limits import ServerLimits, reception_limits, submission_limits
from mail.smtp.reception import ReceptionSession
from mail.smtp.session import Session
from mail.smtp.submission import SubmissionSession
from tests.transcripts.lines import play, read_transcript
from tests.transcripts.smtp_people import EHLO, RecordedFanOut, connect, greeted, log_in
from tests.transcripts.smtp_playing import MemoryClient, new_shared, tcp_server

FOLDER = Path(__file__).parent
TRANSCRIPTS = [
    path for role in ("smtp", "submission") for path in sorted((FOLDER / role).glob("*.txt"))
]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("smtp_team")]

BOTH = ("RCPT TO:<anna@team.example>", "RCPT TO:<bo@team.example>")
"""What is for several is a row before anybody has it."""


def role_of(path: Path) -> tuple[type[Session], ServerLimits]:
    if path.parent.name == "smtp":
        return ReceptionSession, reception_limits()
    return SubmissionSession, submission_limits()


@pytest.mark.parametrize("size", [1 << 20, 1], ids=["whole", "octets"])
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_transcript_in_memory(path: Path, size: int) -> None:
    secure, turns = read_transcript(path)
    role, limits = role_of(path)
    client = MemoryClient(role, new_shared(limits), secure=secure, size=size)
    await play(client, turns)
    assert client.output.closed


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_transcript_over_tcp(path: Path) -> None:
    secure, turns = read_transcript(path)
    role, limits = role_of(path)
    async with tcp_server(role, new_shared(limits), secure=secure) as opened:
        client = await opened()
        await play(client, turns)
        assert not await client.receive(), "the connection is not closed"
        await client.close()


async def rows() -> list[Inbound]:
    return await aio.call(lambda: list(Inbound.objects.order_by("pk")))


async def test_what_was_answered_with_250_is_a_row_with_all_that_was_said(
    fan_out: RecordedFanOut,
) -> None:
    client = await greeted()
    told = await client.ask(
        "MAIL FROM:<ann@out.example> RET=HDRS ENVID=x+2By BODY=8BITMIME SMTPUTF8",
        "RCPT TO:<anna@team.example> NOTIFY=SUCCESS ORCPT=rfc822;a+40b",
        "RCPT TO:<bo@team.example>",
    )
    assert "354" not in told
    await client.ask("DATA", "Subject: hello", "", "text", ".")
    [row] = await rows()
    assert (row.mail_from, row.ret, row.envid) == ("ann@out.example", "HDRS", "x+2By")
    assert row.is_8bit
    assert row.is_utf8
    assert row.account_id is None
    held = await aio.call(
        lambda: list(InboundRecipient.objects.values_list("address", "notify", "orcpt"))
    )
    assert sorted(held) == [
        ("anna@team.example", "SUCCESS", "rfc822;a+40b"),
        ("bo@team.example", "", ""),
    ]
    assert fan_out.begun == [row.pk]
    assert fan_out.told_before == [True]


@pytest.mark.parametrize(
    ("secure", "hello", "parameter", "word"),
    [
        (False, "HELO a", "", b"SMTP"),
        (False, "EHLO a", "", b"ESMTP"),
        (True, "EHLO a", "", b"ESMTPS"),
        (False, "EHLO a", " SMTPUTF8", b"UTF8SMTP"),
        (True, "EHLO a", " SMTPUTF8", b"UTF8SMTPS"),
    ],
)
async def test_the_word_of_received_says_how_a_message_came(
    secure: bool, hello: str, parameter: str, word: bytes
) -> None:
    client = await greeted(secure=secure)
    await client.ask(hello, f"MAIL FROM:<>{parameter}", *BOTH, "DATA")
    await client.ask("x", ".")
    [row] = await rows()
    assert b"with %b id s1" % word in bytes(row.prefix)


@pytest.mark.parametrize(
    ("secure", "parameter", "word"),
    [
        (False, "", b"ESMTPA"),
        (True, "", b"ESMTPSA"),
        (True, " SMTPUTF8", b"UTF8SMTPSA"),
        (False, " SMTPUTF8", b"UTF8SMTPA"),
    ],
)
async def test_the_word_of_received_says_that_somebody_had_logged_in(
    secure: bool, parameter: str, word: bytes
) -> None:
    client = await log_in(secure=secure, allow_plaintext=True)
    sender = f"MAIL FROM:<anna@team.example>{parameter}"
    await client.ask(sender, "RCPT TO:<bo@team.example>", "DATA")
    await client.ask("From: anna@team.example", "", "x", ".")
    [row] = await rows()
    assert b"with %b id s1" % word in bytes(row.prefix)


async def test_recipients_that_were_refused_get_nothing() -> None:
    client = await greeted()
    await client.ask("MAIL FROM:<>", "RCPT TO:<nobody@team.example>")
    assert await client.codes("DATA") == ["503 5.5.1"]
    assert await rows() == []


async def test_message_that_is_not_whole_leaves_nothing() -> None:
    client = await greeted()
    await client.ask("MAIL FROM:<>", "RCPT TO:<anna@team.example>", "DATA", "half")
    client.session.close()
    assert await rows() == []


async def test_postmaster_without_a_domain_is_that_of_the_server() -> None:
    client = await greeted()
    told = await client.codes("MAIL FROM:<>", *BOTH, "RCPT TO:<PostMaster>")
    assert told[-1] == "250 2.1.5"
    await client.ask("DATA", "text", ".")
    held = await aio.call(lambda: list(InboundRecipient.objects.order_by("pk")))
    assert held[-1].address == "postmaster@example.test"


SMUGGLED = (
    *("\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\n.\r", "\r.\n"),
    *("\r\r\n.\r\r\n", "\n\n.\n\n", "\r\n\0.\r\n", "\r\n.\0\r\n", "\r\n. \r\n", "\r\n .\r\n"),
)


@pytest.mark.parametrize("size", [1 << 20, 1], ids=["whole", "octets"])
@pytest.mark.parametrize("end", SMUGGLED, ids=repr)
async def test_nobody_smuggles_a_second_message_in(end: str, size: int) -> None:
    client = await greeted(size=size)
    await client.ask("MAIL FROM:<>", *BOTH, "DATA")
    second = "MAIL FROM:<evil@b.example>\r\nRCPT TO:<anna@team.example>\r\nDATA\r\ntwo"
    told = await client.codes(f"one{end}{second}", ".", "NOOP")
    is_bare = end.replace("\r\n", "").strip("\0 .") != ""
    assert told == ["550 5.6.0" if is_bare else "250 2.0.0", "250 2.0.0"]
    assert len(await rows()) == (0 if is_bare else 1)


async def test_submission_has_every_line_end_repaired_before_it_is_signed() -> None:
    client = await log_in()
    await client.ask("MAIL FROM:<anna@team.example>", "RCPT TO:<bo@team.example>", "DATA")
    lines = ["From: anna@team.example", "Subject: a\nX-Other: b", "", "one\n.\ntwo\rthree", "."]
    assert await client.codes(*lines) == ["250 2.0.0"]
    [row] = await rows()
    data = await aio.call(lambda: _read(row))
    assert data.endswith(b"Subject: a\r\nX-Other: b\r\n\r\none\r\n.\r\ntwo\r\nthree\r\n")


def _read(row: Inbound) -> bytes:
    from groupware.core import blobs

    return blobs.read(row.blob_id)


async def test_revoked_session_ends_at_its_next_message() -> None:
    client = await log_in()
    account_id = client.session.principal.account_id
    await aio.call(auth.end_sessions, account_id)
    assert await client.codes("MAIL FROM:<anna@team.example>") == ["421 4.7.0"]
    assert client.output.closed


async def test_app_password_needs_the_scope() -> None:
    account_id = (await log_in()).session.principal.account_id
    for scope, told in (("smtp", "235 2.7.0"), ("imap", "535 5.7.8")):
        password = await aio.call(auth.create_app_password, account_id, scope, frozenset({scope}))
        assert (await log_in(password=password)).told == [told]


async def test_password_is_taken_without_tls_where_the_admin_says_so() -> None:
    client = connect(SubmissionSession, secure=False, allow_plaintext=True)
    assert "AUTH PLAIN LOGIN OAUTHBEARER XOAUTH2" in await client.ask(EHLO)
    client = await log_in(secure=False, allow_plaintext=True)
    assert client.told == ["235 2.7.0"]


async def test_nothing_is_carried_over_into_tls() -> None:
    for role in (ReceptionSession, SubmissionSession):
        client = connect(role, secure=False)
        await client.ask(EHLO)
        client.buffer.clear()
        await client.send(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<>\r\nRSET")
        assert client.buffer == b"220 2.0.0 Begin TLS now\r\n"
        assert client.session.secure
        assert client.session.helo == ""
        assert await client.codes("\r\nMAIL FROM:<>") == ["500 5.5.1", "503 5.5.1"]


async def test_nothing_is_carried_over_into_tls_on_sockets() -> None:
    shared = new_shared(reception_limits())
    async with tcp_server(ReceptionSession, shared, secure=False) as opened:
        client = await opened()
        await client.receive()
        await client.send(f"{EHLO}\r\n".encode())
        while b"STARTTLS" not in client.buffer:
            await client.receive()
        client.buffer.clear()
        await client.send(b"STARTTLS\r\nMAIL FROM:<>\r\nNOOP\r\n")
        await client.receive()
        assert client.buffer == b"220 2.0.0 Begin TLS now\r\n"
        client.buffer.clear()
        await client.start_tls()
        await client.send(b"MAIL FROM:<>\r\n")
        await client.receive()
        assert client.buffer.startswith(b"503 5.5.1 ")
        await client.close()
