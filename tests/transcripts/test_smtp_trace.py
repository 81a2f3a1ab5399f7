"""What sessions refuse is in the trace, with who asked and what was answered."""

from collections.abc import Iterator

import pytest

from groupware.core import aio, directory, limits
from groupware.core.models import Account
from mail.models import TraceEntry
from mail.services import trace
from mail.services.trace import TraceFilter
from mail.smtp.limits import lmtp_limits
from mail.smtp.lmtp import LmtpSession
from mail.smtp.reception import ReceptionSession
from mail.smtp.submission import SubmissionSession
from tests.conftest import SetLimit
from tests.transcripts.smtp_people import greeted, log_in
from tests.transcripts.smtp_playing import STRANGER, MemoryClient, new_shared

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("smtp_team")]
ANNA, NOBODY = "anna@team.example", "nobody@team.example"
MAIL = "MAIL FROM:<x@outside.example>"


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    with trace.kept():
        yield


async def entries() -> list[TraceEntry]:
    """Return what was traced, in order."""

    def read() -> list[TraceEntry]:
        assert trace.flush()
        return trace.search(TraceFilter())[::-1]

    return await aio.call(read)


async def test_an_unknown_recipient_is_traced_for_the_domain_that_was_meant() -> None:
    client = await greeted()
    await client.codes(MAIL, f"RCPT TO:<{NOBODY}>", "RCPT TO:<x@elsewhere.test>", "RSET")
    unknown, relayed = await entries()
    assert (unknown.step, unknown.sender, unknown.recipient) == (
        "refused",
        "x@outside.example",
        NOBODY,
    )
    assert (unknown.peer, unknown.reference) == (STRANGER, "s1")
    assert unknown.detail.startswith("550 5.1.1 There is no such recipient")
    domain = await aio.call(directory.get_domain, "team.example")
    assert (unknown.domain_id, unknown.account_id) == (domain.pk, None)
    assert (relayed.recipient, relayed.domain_id) == ("x@elsewhere.test", None)


async def test_a_sender_to_whom_nothing_could_go_is_traced() -> None:
    client = await greeted()
    assert await client.codes("MAIL FROM:<a@b..c>") == ["553 5.1.7"]
    [found] = await entries()
    assert (found.step, found.sender, found.recipient) == ("refused", "a@b..c", "")


async def test_a_message_that_is_refused_is_traced_for_each_recipient(set_limit: SetLimit) -> None:
    client = await greeted()
    await client.codes(MAIL, f"RCPT TO:<{ANNA}>", "RCPT TO:<bo@team.example>", "DATA")
    loop = ["Received: from a by b"] * 200
    assert (await client.codes(*loop, "", "text", "."))[0].startswith("554")
    found = await entries()
    assert [(one.step, one.recipient) for one in found] == [
        ("refused", ANNA),
        ("refused", "bo@team.example"),
    ]
    assert all(one.detail.startswith("554") and one.size > 2_000 for one in found)


async def test_what_is_delivered_with_the_reply_is_traced_with_the_session() -> None:
    client = await greeted()
    await client.codes(MAIL, f"RCPT TO:<{ANNA}>", "DATA")
    assert await client.codes("Message-ID: <1@x>", "", "text", ".") == ["250 2.0.0"]
    [found] = await entries()
    assert (found.step, found.recipient, found.message_id) == ("delivered", ANNA, "1@x")
    assert (found.peer, found.reference) == (STRANGER, "s1")


async def test_what_people_may_not_send_is_traced_for_their_domain() -> None:
    client = await log_in()
    await client.codes("MAIL FROM:<bo@team.example>", f"MAIL FROM:<{ANNA}>", f"RCPT TO:<{NOBODY}>")
    found = await entries()
    anna = await aio.call(lambda: Account.objects.get(login=ANNA))
    assert [(one.step, one.account_id, one.domain_id) for one in found] == [
        ("refused", anna.pk, anna.domain_id)
    ] * 2


async def test_who_has_not_logged_in_leaves_no_trace() -> None:
    client = await greeted(SubmissionSession)
    await client.codes(MAIL)
    assert await entries() == []


async def test_lmtp_traces_each_recipient_by_its_own_reply(set_limit: SetLimit) -> None:
    def fill() -> None:
        directory.set_quota("bo@team.example", 20)

    client = MemoryClient(LmtpSession, new_shared(lmtp_limits()), secure=False)
    await client.ask("LHLO c", MAIL, f"RCPT TO:<{ANNA}>", "RCPT TO:<bo@team.example>")
    await aio.call(fill)
    assert await client.codes("DATA", "Subject: x", "", "text", ".") == [
        "354 Send",
        "250 2.0.0",
        "452 4.2.2",
    ]
    found = await entries()
    assert [(one.step, one.recipient) for one in found] == [
        ("delivered", ANNA),
        ("refused", "bo@team.example"),
    ]
    assert found[1].detail.startswith("452 4.2.2")


async def test_thousands_who_guess_fill_no_table(set_limit: SetLimit) -> None:
    set_limit(limits.TRACE_REFUSALS, 3)
    client = await greeted(ReceptionSession)
    for number in range(6):
        await client.codes("RSET", MAIL, f"RCPT TO:<{number}@team.example>")
    assert len(await entries()) == 3
