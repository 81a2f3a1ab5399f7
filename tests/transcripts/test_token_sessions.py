"""Sessions that a token opened: each ends with the token, before its next command does anything."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest

from groupware.core import aio, tokens
from groupware.core.auth import TokenGrant
from groupware.core.directory import create_domain
from groupware.core.models import Account
from mail.smtp.submission import SubmissionSession
from tests.transcripts import pop3_playing
from tests.transcripts.bearers import TOKEN, known_tokens
from tests.transcripts.drivers import MemoryClient
from tests.transcripts.playing import new_shared
from tests.transcripts.smtp_people import SmtpClient, greeted

pytestmark = pytest.mark.django_db(transaction=True)

SAID = b64encode(f"n,,\x01auth=Bearer {TOKEN}\x01\x01".encode()).decode()
MAIL, RCPT = "MAIL FROM:<anna@team.example>", "RCPT TO:<bo@team.example>"

End = Callable[[], Awaitable[None]]


@pytest.fixture
def only_token(request: pytest.FixtureRequest) -> Iterator[dict[str, TokenGrant]]:
    """Return the token that anna has, in place of those that all transcripts know."""
    ends = list(tokens._verifiers)
    tokens._verifiers.clear()
    with known_tokens(Account.objects.get(login="anna@team.example").pk) as known:
        yield known
    tokens._verifiers[:] = ends


@pytest.fixture(params=["revoked", "expired"])
def end_token(
    request: pytest.FixtureRequest,
    only_token: dict[str, TokenGrant],
    monkeypatch: pytest.MonkeyPatch,
) -> End:
    """Return what ends the token: it is taken back, which writes something, or its time is over."""

    async def revoke() -> None:
        only_token.clear()
        await aio.call(create_domain, "written.example")

    async def expire() -> None:
        later = only_token[TOKEN].expires_at + timedelta(seconds=1)
        monkeypatch.setattr(tokens, "now", lambda: later)

    return revoke if request.param == "revoked" else expire


async def ask(client: MemoryClient, line: str) -> str:
    client.buffer.clear()
    await client.send(f"{line}\r\n".encode())
    return client.buffer.decode()


@pytest.mark.usefixtures("imap_team")
@pytest.mark.parametrize("command", ["UID FETCH 1:* FLAGS", "NOOP", "CREATE new", "IDLE"])
async def test_imap_session_ends_before_its_next_command(end_token: End, command: str) -> None:
    async with new_shared() as shared:
        client = MemoryClient(shared, secure=True, size=1 << 20)
        assert "a OK" in await ask(client, f"a AUTHENTICATE OAUTHBEARER {SAID}")
        assert "b OK" in await ask(client, "b SELECT INBOX")
        assert "c OK" in await ask(client, "c NOOP")
        await end_token()
        told = await ask(client, f"d {command}")
        assert told == "* BYE [EXPIRED] The session was revoked: log in again.\r\n"
        assert await ask(client, "e NOOP") == ""


@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize("command", ["RETR 1", "STAT", "QUIT"])
async def test_pop3_session_ends_before_its_next_command(end_token: End, command: str) -> None:
    async with pop3_playing.new_shared() as shared:
        client = pop3_playing.MemoryClient(shared)
        assert (await client.ask(f"AUTH OAUTHBEARER {SAID}")).startswith("+OK 3 messages")
        assert (await client.ask("STAT")).startswith("+OK 3")
        await end_token()
        assert await client.ask(command) == (
            "-ERR [AUTH] The session was revoked: log in again.\r\n"
        )
        assert client.output.closed


async def logged_in() -> SmtpClient:
    client = await greeted(SubmissionSession)
    assert await client.codes(f"AUTH OAUTHBEARER {SAID}") == ["235 2.7.0"]
    return client


@pytest.mark.usefixtures("smtp_team")
async def test_submission_with_a_good_token_takes_a_message(
    only_token: dict[str, TokenGrant],
) -> None:
    client = await logged_in()
    assert await client.codes(MAIL, RCPT, "DATA") == ["250 2.1.0", "250 2.1.5", "354 Send"]
    assert await client.codes("Subject: x", "", "x", ".") == ["250 2.0.0"]


@pytest.mark.usefixtures("smtp_team")
@pytest.mark.parametrize(
    ("before", "then"),
    [
        ([], [MAIL]),
        ([MAIL], [RCPT]),
        ([MAIL, RCPT, "DATA"], ["Subject: x", "", "x", "."]),
        ([MAIL, RCPT], ["BDAT 3 LAST", "x"]),
    ],
)
async def test_submission_session_ends_at_each_step(
    end_token: End, before: list[str], then: list[str]
) -> None:
    client = await logged_in()
    if before:
        assert all(code[0] in "23" for code in await client.codes(*before))
    await end_token()
    assert await client.codes(*then) == ["421 4.7.0"]
    assert client.output.closed


@pytest.mark.usefixtures("imap_team")
async def test_session_of_a_password_asks_for_no_token(only_token: dict[str, TokenGrant]) -> None:
    async with new_shared() as shared:
        client = MemoryClient(shared, secure=True, size=1 << 20)
        assert "a OK" in await ask(client, 'a LOGIN anna@team.example "a good password"')
        only_token.clear()
        await aio.call(create_domain, "written.example")
        assert "b OK" in await ask(client, "b NOOP")


@pytest.mark.usefixtures("anna")
async def test_tokens_that_are_refused_count_as_failed_logins() -> None:
    wrong = b64encode(b"n,,\x01auth=Bearer nobody-has-it\x01\x01").decode()
    async with pop3_playing.new_shared() as shared:
        client = pop3_playing.MemoryClient(shared)
        for answer in ("AQ==", "*") * shared.limits.failed_logins:
            if client.output.closed:
                break
            assert (await client.ask(f"AUTH OAUTHBEARER {wrong}")).startswith("+ ")
            told = await client.ask(answer)
        assert told == "-ERR [AUTH] Too many failed logins: closing the connection.\r\n"
        assert client.session.failed_logins == shared.limits.failed_logins
