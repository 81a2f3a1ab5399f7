"""What people send with smtplib, and what they and others then read with imaplib."""

import imaplib
import smtplib
import ssl
from email import message_from_bytes
from email.message import Message

import pytest

from tests.clients.imap import done, literals, set_literal, sign_in
from tests.clients.people import Person
from tests.clients.pop3 import manage
from tests.clients.smtp import submitting
from tests.serve.running import Running, wait_for


def text(author: Person, message_id: str = "", fields: str = "") -> bytes:
    known = f"Message-ID: <{message_id}>\r\n" if message_id else ""
    return (
        f"From: {author.address}\r\nTo: somebody@example.test\r\nSubject: Hello\r\n"
        f"{known}{fields}\r\nHello.\r\n"
    ).encode()


def read(client: imaplib.IMAP4, mailbox: str) -> list[Message]:
    """Return the messages of a mailbox, as they are now."""
    done(client.select(mailbox, readonly=True))
    found = literals(client.fetch("1:*", "(BODY.PEEK[])")) if count(client, mailbox) else []
    return [message_from_bytes(data) for data in found]


def count(client: imaplib.IMAP4, mailbox: str) -> int:
    [line] = done(client.status(mailbox, "(MESSAGES)"))
    return int(line.rpartition(b"MESSAGES ")[2].strip(b")"))


def arrived(client: imaplib.IMAP4, number: int = 1) -> list[Message]:
    """Wait for messages in INBOX, and return them."""
    wait_for(lambda: count(client, "INBOX") >= number, "what was sent")
    return read(client, "INBOX")


def append_to_sent(client: imaplib.IMAP4, message: bytes) -> None:
    set_literal(client, message)
    done(client._simple_command("APPEND", "Sent", r"(\Seen)"))


def test_message_reaches_a_colleague_and_lies_in_sent(
    server: Running, tls: ssl.SSLContext, person: Person, second_person: Person
) -> None:
    data = text(person, fields=f"Bcc: {second_person.address}\r\n")
    with submitting(server, tls, person) as client:
        assert client.sendmail(person.address, [second_person.address], data) == {}
    with sign_in(server, tls, second_person) as reader:
        [message] = arrived(reader)
    with sign_in(server, tls, person) as reader:
        [copy] = read(reader, "Sent")
        [flags] = done(reader.fetch("1", "(FLAGS)"))
    assert b"\\Seen" in flags
    assert (message["Bcc"], copy["Bcc"]) == (None, second_person.address)
    assert message["Message-ID"] == copy["Message-ID"]
    assert message["Date"]
    assert "127.0.0.1" not in message.as_string()
    assert message["Return-Path"] == f"<{person.address}>"


@pytest.mark.parametrize("order", ["before", "after", "never"])
def test_program_that_files_its_own_copy_has_one(
    server: Running, tls: ssl.SSLContext, person: Person, second_person: Person, order: str
) -> None:
    data = text(person, f"{order}@example.test")
    own = text(person, f"{order}@example.test", "X-Mine: yes\r\n")
    with sign_in(server, tls, person) as reader:
        if order == "before":
            append_to_sent(reader, own)
        with submitting(server, tls, person) as client:
            client.sendmail(person.address, [second_person.address], data)
        if order == "after":
            append_to_sent(reader, own)
        [copy] = read(reader, "Sent")
    assert copy["X-Mine"] == (None if order == "never" else "yes")


def test_nobody_sends_as_another(
    server: Running, tls: ssl.SSLContext, person: Person, second_person: Person
) -> None:
    other = second_person.address
    with submitting(server, tls, person) as client:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail(other, [other], text(person))
        assert refused.value.smtp_code == 550
        assert b"5.7.1" in refused.value.smtp_error
        with pytest.raises(smtplib.SMTPDataError) as forged:
            client.sendmail(person.address, [other], text(second_person))
        assert forged.value.smtp_code == 550
        assert b"send-on-behalf" in forged.value.smtp_error
    with sign_in(server, tls, person) as reader:
        assert count(reader, "Sent") == 0


def test_on_behalf_of_another_who_sends_is_named(
    server: Running,
    session_database_url: str,
    tls: ssl.SSLContext,
    person: Person,
    second_person: Person,
) -> None:
    words = ("grant", second_person.address, person.address, "send-on-behalf")
    manage(server, session_database_url, *words)
    with submitting(server, tls, person) as client:
        client.sendmail(person.address, [second_person.address], text(second_person))
    with sign_in(server, tls, second_person) as reader:
        [message] = arrived(reader)
    assert message["Sender"] == person.address
    assert message["From"] == second_person.address


def test_list_takes_what_its_members_write_and_nothing_else(
    server: Running,
    session_database_url: str,
    tls: ssl.SSLContext,
    person: Person,
    second_person: Person,
) -> None:
    team = f"list-of-{person.address}"
    for words in (
        ("group", "create", team),
        ("group", "add", team, person.address),
        ("group", "policy", team, "--post", "members", "--owner", second_person.address),
    ):
        manage(server, session_database_url, *words)
    with submitting(server, tls, person) as client:
        client.sendmail(person.address, [team], text(person))
    with sign_in(server, tls, person) as reader:
        [message] = arrived(reader)
    assert team.replace("@", ".") in message["List-Id"]
    assert message["Return-Path"] == f"<{team.replace('@', '+bounces@')}>"
    with smtplib.SMTP("localhost", server.ports["SMTP"], timeout=60) as stranger:
        stranger.ehlo("client.example")
        assert stranger.mail("someone@outside.test")[0] == 250
        code, reason = stranger.rcpt(team)
        assert (code, reason[:5]) == (550, b"5.7.1")
        bounces = team.replace("@", "+bounces@")
        assert stranger.rcpt(bounces)[0] == 250
    name = team.partition("@")[0]
    with submitting(server, tls, second_person) as client:
        client.sendmail(second_person.address, [f"{name}+owner@example.test"], text(second_person))
    with sign_in(server, tls, second_person) as reader:
        [asked] = arrived(reader)
        assert asked["List-Id"] is None
