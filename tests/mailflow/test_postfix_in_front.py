"""Debian's Postfix in front, as most installations have one: it takes mail and hands it over by LMTP."""

import email
import imaplib
import json
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR
from tests.clients.people import PASSWORD, create_people
from tests.mailflow.postfix import Postfix, reason_missing, running_postfix
from tests.serve.running import Running, environment, serving, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(bool(reason_missing()), reason=reason_missing()),
]

ANN, BEN, FULL = "ann@example.test", "ben@example.test", "full@example.test"
NOBODY = "nobody@example.test"
SENDER = "eve@outside.test"
LETTER = (
    "From: {sender}\r\nTo: all\r\nSubject: {subject}\r\nMessage-ID: <{subject}@outside.test>\r\n\r\n"
    "A letter.\r\n..two dots\r\n.\r\nand what stands behind one.\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data: Path = tmp_path_factory.mktemp("behind") / "data"
    variables = {"GROUPWARE_PROCESSES": "1", "GROUPWARE_DOMAIN": "example.test"}
    with serving(data, "lmtp", "imap", "worker", "beat", **variables) as running:
        create_people(running, [ANN, BEN, FULL])
        yield running


@pytest.fixture(scope="module")
def postfix(tmp_path_factory: pytest.TempPathFactory, server: Running) -> Iterator[Postfix]:
    """Return a Postfix that takes everything for the domain, whoever is there."""
    with running_postfix(
        tmp_path_factory.mktemp("postfix"),
        "relay.test",
        virtual_mailbox_domains="example.test",
        virtual_mailbox_maps="static:all",
        virtual_transport=f"lmtp:inet:127.0.0.1:{server.ports['LMTP']}",
    ) as running:
        yield running


def send(
    postfix: Postfix, subject: str, *recipients: str, sender: str = SENDER, notify: str = ""
) -> None:
    """Bring a message to Postfix, which takes it."""
    message = LETTER.format(sender=sender, subject=subject)
    options = [f"NOTIFY={notify}"] if notify else []
    with smtplib.SMTP(postfix.host, postfix.port, "mx.outside.test", 30) as client:
        assert client.sendmail(sender, recipients, message, rcpt_options=options) == {}


def found(server: Running, person: str, *criteria: str) -> list[Message]:
    """Return the messages in a person's INBOX that are meant."""
    context = ssl.create_default_context(cafile=str(server.trusted))
    port = server.ports["IMAPS"]
    with imaplib.IMAP4_SSL("localhost", port, ssl_context=context) as client:
        client.login(person, PASSWORD)
        client.select("INBOX")
        _, [numbers] = client.search(None, *criteria)
        messages = []
        for number in numbers.split():
            _, [part, *_] = client.fetch(number.decode(), "(BODY.PEEK[])")
            assert isinstance(part, tuple)
            messages.append(email.message_from_bytes(part[1]))
        return messages


def wait_until_sent(postfix: Postfix) -> None:
    wait_for(lambda: not waiting(postfix), f"an empty queue: {postfix.log.read_text()}")


def waiting(postfix: Postfix) -> dict[str, str]:
    """Return for whom Postfix keeps messages, and why."""
    lines = postfix.run("postqueue", "-j").splitlines()
    recipients = [held for line in lines for held in json.loads(line)["recipients"]]
    return {held["address"]: held.get("delay_reason", "") for held in recipients}


def set_quota(server: Running, address: str, size: str) -> None:
    subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), "account", "set-quota", address, size],
        check=True,
        env=environment(server.data, server.ports, GROUPWARE_DOMAIN="example.test"),
    )


def report_to(server: Running, person: str, subject: str) -> Message:
    """Return Postfix's own report of a message, the part for programs."""
    criteria = ("FROM", "MAILER-DAEMON", "BODY", f"<{subject}@outside.test>")
    wait_for(lambda: found(server, person, *criteria), f"a report of {subject}")
    [message] = found(server, person, *criteria)
    assert message.get_content_type() == "multipart/report"
    [status] = [
        part for part in message.walk() if part.get_content_type() == "message/delivery-status"
    ]
    about = status.get_payload()
    assert isinstance(about, list)
    recipient = about[-1]
    assert isinstance(recipient, Message)
    return recipient


def test_each_recipient_has_what_postfix_was_brought_once(
    server: Running, postfix: Postfix
) -> None:
    send(postfix, "both", ANN, BEN)
    wait_until_sent(postfix)
    for person in (ANN, BEN):
        [message] = found(server, person, "SUBJECT", "both")
        assert message["Return-Path"] == f"<{SENDER}>"
        assert message["Delivered-To"] == person
        ours, theirs = message.get_all("Received", [])
        assert "by example.test with LMTP" in ours
        assert "by relay.test (Postfix) with ESMTP" in theirs
        expected = LETTER.format(sender=SENDER, subject="both").partition("\r\n\r\n")[2]
        assert message.get_payload() == expected


def test_an_address_that_nobody_has_comes_back_from_postfix(
    server: Running, postfix: Postfix
) -> None:
    send(postfix, "unknown", BEN, NOBODY, sender=ANN)
    recipient = report_to(server, ANN, "unknown")
    assert recipient["Final-Recipient"] == f"rfc822; {NOBODY}"
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.1.1")
    assert recipient["Diagnostic-Code"].startswith("smtp; 550 5.1.1")
    wait_until_sent(postfix)
    assert len(found(server, BEN, "SUBJECT", "unknown")) == 1, "the other one has it"
    assert len(found(server, ANN, "FROM", "MAILER-DAEMON", "BODY", "unknown@")) == 1


def test_what_a_full_mailbox_has_no_room_for_waits_with_postfix_until_there_is_some(
    server: Running, postfix: Postfix
) -> None:
    set_quota(server, FULL, "10")
    send(postfix, "large", FULL, BEN)
    wait_for(lambda: waiting(postfix).get(FULL), f"the wait: {postfix.log.read_text()}")
    assert "452 4.2.2" in waiting(postfix)[FULL]
    wait_for(lambda: BEN not in waiting(postfix), "the other one's")
    assert found(server, FULL, "SUBJECT", "large") == []
    set_quota(server, FULL, "0")
    postfix.run("postqueue", "-f")
    wait_until_sent(postfix)
    for person in (FULL, BEN):
        assert len(found(server, person, "SUBJECT", "large")) == 1


def test_a_sender_who_wants_to_know_is_told_that_it_was_handed_over(
    server: Running, postfix: Postfix
) -> None:
    send(postfix, "told", BEN, sender=ANN, notify="SUCCESS,FAILURE")
    recipient = report_to(server, ANN, "told")
    assert recipient["Final-Recipient"] == f"rfc822; {BEN}"
    # LMTP here offers no DSN: Postfix answers for it (RFC 3461 §4.1, §5.2.2).
    assert (recipient["Action"], recipient["Status"]) == ("relayed", "2.0.0")
    assert len(found(server, BEN, "SUBJECT", "told")) == 1


def test_a_sender_who_wants_to_know_nothing_is_told_nothing(
    server: Running, postfix: Postfix
) -> None:
    send(postfix, "silent", NOBODY, sender=ANN, notify="NEVER")
    send(postfix, "louder", NOBODY, sender=ANN)
    report_to(server, ANN, "louder")
    wait_until_sent(postfix)
    assert found(server, ANN, "FROM", "MAILER-DAEMON", "BODY", "silent@") == []
