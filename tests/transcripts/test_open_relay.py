"""Reception takes mail for those who are here and for nobody else, however an address is written."""

import pytest

from groupware.core import aio
from mail.models import InboundRecipient
from mail.smtp.submission import SubmissionSession
from tests.transcripts.smtp_people import SmtpClient, greeted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("smtp_team")]

ELSEWHERE = (
    "<x@elsewhere.example>",
    "<X@ELSEWHERE.EXAMPLE>",
    "<x@elsewhere.example.>",
    "<postmaster@elsewhere.example>",
    "<anna@elsewhere.example>",
    # Names that look like ours.
    "<x@sub.team.example>",
    "<x@team.example.elsewhere.example>",
    "<x@eteam.example>",
    "<x@example>",
    "<x@localhost>",
    "<x@xn--tem-fma.example>",
    # Source routes (RFC 5321 §3.3, appendix C): the way is not gone, the end counts.
    "<@team.example:x@elsewhere.example>",
    "<@team.example,@other.example:x@elsewhere.example>",
    "<@elsewhere.example:x@elsewhere.example>",
    # What Sendmail once took: percent hack, bang path, an address within the local part.
    "<x%elsewhere.example@team.example>",
    "<x%elsewhere.example%team.example@team.example>",
    "<elsewhere.example!x@team.example>",
    "<team.example!elsewhere.example!x@team.example>",
    "<@team.example:x%elsewhere.example@team.example>",
    '<"x@elsewhere.example"@team.example>',
    '<"x%elsewhere.example"@team.example>',
    '<"elsewhere.example!x"@team.example>',
    '<"@elsewhere.example:x"@team.example>',
    '<"x\\@elsewhere.example"@team.example>',
    '<"anna@team.example"@elsewhere.example>',
    '<""@elsewhere.example>',
    # Literals of addresses, our own as well.
    "<x@[127.0.0.1]>",
    "<x@[192.0.2.9]>",
    "<x@[IPv6:::1]>",
    "<x@[IPv6:2001:db8::1]>",
    "<x@[elsewhere.example]>",
    "<x@127.0.0.1>",
    # Nobody of ours.
    "<nobody@team.example>",
    "<anna%team.example@team.example>",
    "<anna@team.example> ORCPT=rfc822;x@elsewhere.example NOTIFY=ALWAYS",
)
MALFORMED = (
    "<>",
    "<x>",
    "<x@>",
    "<@elsewhere.example>",
    "x@elsewhere.example",
    "anna@team.example",
    "<elsewhere.example!x>",
    '<"x@elsewhere.example">',
    "<x@elsewhere.example@team.example>",
    "<anna@team.example@elsewhere.example>",
    "<anna@team.example%elsewhere.example>",
    "<anna@team.example,x@elsewhere.example>",
    "<anna@team.example>,<x@elsewhere.example>",
    "<anna@team.example><x@elsewhere.example>",
    "<anna@team.example <x@elsewhere.example>>",
    "<anna@team.example;x@elsewhere.example>",
    "<anna@team.example\0@elsewhere.example>",
    "<anna@team.example\t>",
    "<anna@team.example",
    "<|/bin/sh@team.example>x",
    "</etc/passwd>",
    "<:include:/etc/passwd@team.example>",
)
HERE = {
    "<anna@team.example>": "anna@team.example",
    "<ANNA@Team.Example>": "ANNA@Team.Example",
    '<"anna"@team.example>': "anna@team.example",
    "<anna+detail@team.example>": "anna+detail@team.example",
    "<@elsewhere.example:anna@team.example>": "anna@team.example",
    "<@a.example,@b.example:anna@team.example>": "anna@team.example",
    "<postmaster>": "postmaster@example.test",
    "<PostMaster>": "postmaster@example.test",
}


async def recipients() -> list[str]:
    held = InboundRecipient.objects.order_by("pk").values_list("address", flat=True)
    return await aio.call(lambda: list(held))


async def ask(client: SmtpClient, sender: str, to: str) -> str:
    [_, told] = await client.codes(f"MAIL FROM:<{sender}>", f"RCPT TO:{to}")
    return told


@pytest.mark.parametrize("trusted", [False, True], ids=["stranger", "trusted"])
@pytest.mark.parametrize("sender", ["x@out.example", "anna@team.example", ""])
async def test_nothing_is_relayed(sender: str, trusted: bool) -> None:
    for table, codes in ((ELSEWHERE, "550 501"), (MALFORMED, "501")):
        for to in table:
            client = await greeted()
            client.session.is_trusted = trusted
            told = await ask(client, sender, to)
            assert told[:3] in codes, (to, told)
            assert await client.codes("DATA") == ["503 5.5.1"]
    assert await recipients() == []


@pytest.mark.parametrize("to", HERE)
async def test_who_is_here_is_taken(to: str) -> None:
    client = await greeted()
    assert await ask(client, "x@out.example", to) == "250 2.1.5"
    # What is for one account alone has no row: it is filed with its 250.
    await client.ask("RCPT TO:<bo@team.example>", "DATA")
    assert await client.codes("x", ".") == ["250 2.0.0"]
    assert await recipients() == [HERE[to], "bo@team.example"]


async def test_nobody_submits_without_a_login() -> None:
    client = await greeted(SubmissionSession)
    assert await client.codes("MAIL FROM:<anna@team.example>", "RCPT TO:<bo@team.example>") == [
        "530 5.7.0",
        "503 5.5.1",
    ]
