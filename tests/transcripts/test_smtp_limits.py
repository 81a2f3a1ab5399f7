"""Each limit of SMTP: what is beyond it is refused, and costs nobody else anything."""

import asyncio
import ipaddress

import pytest
from pytest_django.fixtures import Settings

from groupware.core import aio, limits
from groupware.core.clock import monotonic
from mail.models import Message
from mail.smtp.limits import submission_limits
from mail.smtp.lmtp import LmtpSession
from mail.smtp.reception import ReceptionSession
from mail.smtp.session import Session
from mail.smtp.submission import SubmissionSession
from tests.conftest import SetLimit
from tests.transcripts.lines import PASSWORD
from tests.transcripts.smtp_people import greeted, log_in
from tests.transcripts.smtp_strangers import Stranger, new_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("smtp_team")]

BOTH = pytest.mark.parametrize("role", [ReceptionSession, SubmissionSession])
ANNA = "RCPT TO:<anna@team.example>"


# The greeting, and who comes.


async def test_who_speaks_before_the_greeting_is_refused(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_GREETING_DELAY, 60)
    stranger = Stranger(new_server())
    assert stranger.told == b""
    stranger.send(b"EHLO client.example\r\n")
    assert stranger.told.startswith(b"554 5.5.1 ")
    assert stranger.told.count(b"\n") == 1
    assert stranger.wire.is_closing()
    stranger.send(b"MAIL FROM:<>\r\n")
    assert stranger.told.count(b"\n") == 1
    stranger.leave()


async def test_who_waits_is_greeted(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_GREETING_DELAY, 0.01)
    stranger = Stranger(new_server())
    assert stranger.told == b""
    async with asyncio.timeout(10):
        await stranger.wire.is_heard.wait()
    assert stranger.told.startswith(b"220 ")
    stranger.wire.told = b""
    stranger.send(b"NOOP\r\n")
    assert stranger.told.startswith(b"250 ")
    stranger.leave()


async def test_who_leaves_before_the_greeting_is_not_greeted(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_GREETING_DELAY, 0.01)
    stranger = Stranger(new_server())
    stranger.leave()
    other = Stranger(new_server())
    async with asyncio.timeout(10):
        await other.wire.is_heard.wait()
    assert stranger.told == b""
    other.leave()


async def test_who_is_trusted_waits_for_nothing(settings: Settings) -> None:
    settings.GROUPWARE_TRUSTED_NETWORKS = (ipaddress.ip_network("192.0.2.0/24"),)
    for address in ("127.0.0.1", "192.0.2.1", "::1"):
        assert Stranger(new_server(), address).told.startswith(b"220 ")


async def test_nobody_waits_where_the_delay_is_none(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    assert Stranger(new_server()).told.startswith(b"220 ")


@pytest.mark.parametrize("role", [SubmissionSession, LmtpSession])
async def test_people_and_the_server_in_front_wait_for_nothing(role: type[Session]) -> None:
    limits = submission_limits()
    assert Stranger(new_server(role, limits)).told.startswith(b"220 ")


@pytest.mark.parametrize("hello", [b"EHLO a.example\r\n", b"HELO a.example\r\n"])
async def test_commands_that_come_with_the_first_hello_are_those_of_one_who_cannot_wait(
    set_limit: SetLimit, hello: bytes
) -> None:
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    stranger = Stranger(new_server())
    stranger.send(hello + b"MAIL FROM:<a@b.example>\r\n")
    assert stranger.told.splitlines()[-1].startswith(b"554 5.5.1 ")
    assert stranger.wire.is_closing()
    waits = Stranger(new_server())
    waits.send(hello)
    waits.send(hello + b"NOOP\r\n")
    assert waits.told.splitlines()[-1].startswith(b"250 2.0.0 ")
    trusted = Stranger(new_server(), "127.0.0.1")
    trusted.send(hello + b"NOOP\r\n")
    assert trusted.told.splitlines()[-1].startswith(b"250 2.0.0 ")


async def test_connections_have_a_limit(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_CONNECTIONS, 1)
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    server = new_server()
    first, second = Stranger(server, "192.0.2.1"), Stranger(server, "192.0.2.2")
    assert first.told.startswith(b"220 ")
    assert second.told.startswith(b"421 4.7.0 ")
    first.leave()
    assert Stranger(server, "192.0.2.3").told.startswith(b"220 ")


async def test_connections_of_one_network_have_a_limit(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_NETWORK_CONNECTIONS, 2)
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    server = new_server()
    held = [Stranger(server) for _ in range(3)]
    assert [one.told[:3] for one in held] == [b"220", b"220", b"421"]
    assert Stranger(server, "198.51.100.1").told.startswith(b"220 ")
    assert all(Stranger(server, "127.0.0.1").told.startswith(b"220 ") for _ in range(5))
    held[2].leave()
    assert Stranger(server).told.startswith(b"421 4.7.0 ")
    held[0].leave()
    assert Stranger(server).told.startswith(b"220 ")


async def test_new_connections_of_one_network_have_a_limit_by_the_minute(
    set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.SMTP_CONNECTION_RATE, 2)
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    now = [60.0]
    monkeypatch.setattr("mail.smtp.server.monotonic", lambda: now[0])
    server = new_server()
    for told in (b"220 ", b"220 ", b"421 "):
        stranger = Stranger(server)
        assert stranger.told.startswith(told)
        stranger.leave()
    now[0] = 120
    assert Stranger(server).told.startswith(b"220 ")


async def test_messages_of_one_network_have_a_limit_by_the_minute(
    set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.SMTP_MESSAGE_RATE, 2)
    now = [60.0]
    monkeypatch.setattr("mail.smtp.reception.monotonic", lambda: now[0])
    client = await greeted()
    for told in ("250 2.1.0", "250 2.1.0", "450 4.7.1"):
        assert (await client.codes("MAIL FROM:<>", "RSET"))[0] == told
    now[0] = 120
    assert (await client.codes("MAIL FROM:<>"))[0] == "250 2.1.0"
    client.session.is_trusted = True
    now[0] = 180
    assert {(await client.codes("RSET", "MAIL FROM:<>"))[1] for _ in range(5)} == {"250 2.1.0"}


# What a session may do.


async def test_recipients_have_a_limit(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_RECIPIENTS, 100)
    for client in (await greeted(), await log_in()):
        await client.ask("MAIL FROM:<anna@team.example>")
        told = await client.codes(*[ANNA] * 102)
        assert told == ["250 2.1.5"] * 100 + ["452 4.5.3"] * 2
        assert (await client.codes("DATA"))[0].startswith("354")


async def test_who_asks_for_many_who_are_not_here_is_sent_away(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_BAD_RECIPIENTS, 3)
    client = await greeted()
    await client.ask("MAIL FROM:<>")
    guesses = [f"RCPT TO:<guess{number}@team.example>" for number in range(3)]
    assert await client.codes(*guesses) == ["550 5.1.1"] * 3
    assert await client.codes(ANNA) == ["250 2.1.5"]
    assert await client.codes("RCPT TO:<x@elsewhere.example>", "NOOP") == ["421 4.7.0"]
    assert client.output.closed


@BOTH
async def test_refused_commands_have_a_limit(set_limit: SetLimit, role: type[Session]) -> None:
    set_limit(limits.SMTP_ERRORS, 3)
    client = await greeted(role)
    assert await client.codes(*["FOO"] * 6) == ["500 5.5.1"] * 3 + ["421 4.7.0"]
    assert client.output.closed


@BOTH
async def test_commands_without_a_message_have_a_limit(
    set_limit: SetLimit, role: type[Session]
) -> None:
    set_limit(limits.SMTP_IDLE_COMMANDS, 6)
    client = await greeted(role)
    said = ["NOOP", "RSET", "HELP", "VRFY anna", "EHLO again"]
    told = await client.codes(*said)
    assert [code[:3] for code in told] == ["250", "250", "214", "252", "250"]
    assert await client.codes("NOOP", "NOOP") == ["421 4.7.0"]


async def test_a_message_begins_the_count_of_commands_anew(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_IDLE_COMMANDS, 2)
    client = await greeted()
    for _ in range(3):
        assert await client.codes("NOOP") == ["250 2.0.0"]
        await client.ask("MAIL FROM:<>", ANNA, "DATA")
        assert await client.codes("x", ".") == ["250 2.0.0"]


async def test_a_line_of_a_message_has_a_limit_beyond_that_of_the_standard(
    set_limit: SetLimit,
) -> None:
    set_limit(limits.SMTP_LINE, 5_000)
    client = await greeted()
    for size, told in ((5_000, "250 2.0.0"), (5_001, "554 5.6.0")):
        await client.ask("MAIL FROM:<>", ANNA, "DATA")
        assert await client.codes("x" * size, ".") == [told]


async def test_a_message_has_a_limit_at_mail_and_while_it_is_read(set_limit: SetLimit) -> None:
    set_limit(limits.MESSAGE_SIZE, 65_536)
    client = await greeted()
    assert await client.codes("MAIL FROM:<> SIZE=65537") == ["552 5.3.4"]
    for lines, told in ((["x" * 65_534, "."], "250 2.0.0"), (["x" * 65_535, "."], "552 5.3.4")):
        assert (await client.codes("MAIL FROM:<> SIZE=9", ANNA, "DATA"))[0] == "250 2.1.0"
        assert await client.codes(*lines) == [told]
    assert await aio.call(Message.objects.count) == 1


@BOTH
async def test_mail_that_goes_in_circles_is_refused(
    set_limit: SetLimit, role: type[Session]
) -> None:
    set_limit(limits.RECEIVED_FIELDS, 10)
    client = await greeted() if role is ReceptionSession else await log_in()
    for count, told in ((10, "250 2.0.0"), (11, "554 5.4.6")):
        await client.ask("MAIL FROM:<anna@team.example>", ANNA, "DATA")
        lines = ["Received: from a by b"] * count
        assert await client.codes(*lines, "From: anna@team.example", "", "x", ".") == [told]


# Time.


async def test_silence_ends_the_session(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_READ_TIMEOUT, 300)
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    stranger = Stranger(new_server())
    held = stranger.connection
    held.check_timeouts(held._active + 299)
    assert not stranger.wire.is_closing()
    held.check_timeouts(held._active + 301)
    assert stranger.told.splitlines()[-1].startswith(b"421 4.4.2 ")
    assert stranger.wire.is_closing()


async def test_who_sends_an_octet_now_and_then_does_not_stay_for_ever(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_SESSION_TIMEOUT, 600)
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    stranger = Stranger(new_server())
    held = stranger.connection
    begun = held.session.taken_at
    for after, ends in ((590, False), (610, True)):
        stranger.send(b"x")
        held._active = begun + after
        held.check_timeouts(begun + after)
        assert stranger.wire.is_closing() is ends
    assert stranger.told.splitlines()[-1].startswith(b"421 4.4.2 ")


async def test_who_sends_messages_stays(set_limit: SetLimit) -> None:
    client = await greeted()
    before = client.session.taken_at = monotonic() - 5_000
    await client.ask("MAIL FROM:<>", ANNA, "DATA")
    await client.ask("x", ".")
    assert client.session.taken_at > before + 4_000


async def test_login_has_its_time(set_limit: SetLimit) -> None:
    set_limit(limits.SUBMISSION_LOGIN_TIMEOUT, 60)
    server = new_server(SubmissionSession, submission_limits())
    for seconds, ends in ((59, False), (61, True)):
        stranger = Stranger(server, secure=True)
        held = stranger.connection
        held.check_timeouts(held._opened + seconds)
        assert stranger.wire.is_closing() is ends
    logged_in = Stranger(server, secure=True)
    logged_in.connection.session = (await log_in()).session
    logged_in.connection.check_timeouts(logged_in.connection._opened + 61)
    assert not logged_in.wire.is_closing()


async def test_client_that_takes_nothing_is_left(set_limit: SetLimit) -> None:
    set_limit(limits.SMTP_WRITE_TIMEOUT, 5)
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    stranger = Stranger(new_server())
    held = stranger.connection
    held.pause_writing()
    held.check_timeouts(held._write_blocked_since + 4)
    assert not stranger.wire.is_closing()
    held.check_timeouts(held._write_blocked_since + 6)
    assert stranger.wire.is_closing()


# Memory.


async def test_messages_wait_for_each_other_where_they_are_too_large_together(
    set_limit: SetLimit,
) -> None:
    set_limit(limits.SMTP_UPLOADING, 400_000)
    set_limit(limits.SMTP_GREETING_DELAY, 0)
    server = new_server()
    begun = [Stranger(server) for _ in range(2)]
    for one in begun:
        one.connection.session.connection.begin_data()
    first, second = begun
    first.send(b"x" * 300_000)
    assert not first.wire.is_paused
    second.send(b"x" * 200_000)
    assert (first.wire.is_paused, second.wire.is_paused) == (False, True)
    second.connection.check_timeouts(second.connection._active + 10_000)
    assert not second.wire.is_closing()
    first.leave()
    second.connection.check_timeouts(second.connection._active)
    assert not second.wire.is_paused
    second.leave()
    assert not server.budget._total


async def test_small_messages_are_not_counted() -> None:
    server = new_server()
    one = Stranger(server, "127.0.0.1")
    one.connection.session.connection.begin_data()
    one.send(b"x" * 60_000)
    assert not server.budget._total


# Submission.


async def test_connections_of_people_have_a_limit(set_limit: SetLimit) -> None:
    set_limit(limits.SUBMISSION_CONNECTIONS, 1)
    server = new_server(SubmissionSession, submission_limits())
    assert [Stranger(server).told[:3] for _ in range(2)] == [b"220", b"421"]


async def test_connections_of_people_before_login_have_a_limit(set_limit: SetLimit) -> None:
    set_limit(limits.SUBMISSION_CONNECTIONS_BEFORE_LOGIN, 2)
    server = new_server(SubmissionSession, submission_limits())
    assert [Stranger(server).told[:3] for _ in range(3)] == [b"220", b"220", b"421"]


async def test_failed_logins_have_a_limit(set_limit: SetLimit) -> None:
    set_limit(limits.SUBMISSION_FAILED_LOGINS, 3)
    client = await log_in(password="wrong")
    wrong = "AUTH PLAIN AGFubmFAdGVhbS5leGFtcGxlAHdyb25n"
    assert client.told == ["535 5.7.8"]
    assert await client.codes(wrong, wrong, wrong) == ["535 5.7.8", "421 4.7.0"]
    assert client.output.closed


async def test_too_many_failed_logins_of_a_network_have_to_wait(set_limit: SetLimit) -> None:
    set_limit(limits.FREE_FAILURES, 1)
    assert (await log_in(password="wrong")).told == ["535 5.7.8"]
    assert (await log_in(password="other")).told == ["454 4.7.0"]
    assert (await log_in(password=PASSWORD)).told == ["454 4.7.0"]
    assert (await log_in(password=PASSWORD, network="198.51.100.7")).told == ["235 2.7.0"]


async def test_an_endless_login_is_not_kept() -> None:
    client = await greeted(SubmissionSession)
    await client.send(b"AUTH PLAIN " + b"QUFB" * 100_000 + b"\r\n")
    assert client.buffer.splitlines()[-1].startswith(b"500 5.5.6 ")
    await client.ask("AUTH LOGIN")
    await client.send(b"QUFB" * 100_000)
    assert client.session.connection.held <= 4_096
    assert (await client.codes("", "NOOP")) == ["500 5.5.6", "250 2.0.0"]
