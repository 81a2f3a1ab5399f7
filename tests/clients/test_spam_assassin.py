"""Six thousand real messages for two accounts: delivered, read back, stored once, and small."""

import re
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.disk import allocated, write_maildir
from groupware.environment import BASE_DIR
from tests.clients.imap import count, done, literals, sign_in, sizes
from tests.clients.lmtp import deliver_all, sender_of
from tests.clients.people import DOMAIN, Person, create_people
from tests.clients.spam_assassin import NotAvailable, load_messages
from tests.serve.running import Running, environment, serving

RECIPIENTS = (f"anna@{DOMAIN}", f"bert@{DOMAIN}")


@pytest.fixture(scope="session")
def messages() -> list[bytes]:
    try:
        return load_messages()
    except NotAvailable as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.timeout(600)
def test_real_mail_is_stored_once_and_read_back_byte_for_byte(
    messages: list[bytes], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with serving(data, "imap", "lmtp", GROUPWARE_LOG_LEVEL="WARNING") as server:
        create_people(server, list(RECIPIENTS))
        deliver_all(server.ports["LMTP"], messages, RECIPIENTS)
        for address in RECIPIENTS:
            check_mailbox(server, address, messages)
        assert "Traceback" not in server.output.read_text()
    check_blobs(data, messages)
    check_with_doctor(server)
    ours = allocated(data)
    write_maildir(tmp_path / "maildirs", RECIPIENTS, messages)
    assert ours < allocated(tmp_path / "maildirs")


def check_mailbox(server: Running, address: str, messages: list[bytes]) -> None:
    """Read a whole mailbox; each message is there once, as it was sent, behind our prefix."""
    tls = ssl.create_default_context(cafile=str(server.trusted))
    with sign_in(server, tls, Person(address)) as client:
        assert done(client.select("INBOX", readonly=True)) == [b"%d" % len(messages)]
        bodies = literals(client.fetch("1:*", "(BODY.PEEK[])"))
        metadata = client.fetch("1:*", "(ENVELOPE BODYSTRUCTURE FLAGS)")
        assert count(metadata, b"ENVELOPE (") == len(messages)
        assert sizes(client) == [len(body) for body in bodies]
    numbers = {sender_of(number): number for number in range(len(messages))}
    for body in bodies:
        prefix = trace_fields(body, address)
        number = numbers.pop(prefix[1].decode())
        assert body[prefix.end() :] == messages[number], number
    assert not numbers


def trace_fields(body: bytes, address: str) -> re.Match[bytes]:
    """Match exactly the header fields that a delivery adds (RFC 5321 §4.4)."""
    match = re.match(
        rb"Return-Path: <([^<>\r\n]+)>\r\n"
        rb"Delivered-To: %b\r\n"
        rb"Received: from relay\.example \(127\.0\.0\.1\)\r\n"
        rb"\tby example\.test with LMTP id [0-9a-f]{12};\r\n"
        rb"\t\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r\n" % re.escape(address.encode()),
        body,
    )
    assert match is not None, body[:400]
    return match


def check_blobs(data: Path, messages: list[bytes]) -> None:
    """Every content is one blob, however many mailboxes hold it."""
    with closing(sqlite3.connect(data / "groupware.sqlite3")) as connection:
        [blobs] = connection.execute("SELECT COUNT(*), SUM(size) FROM core_blob")
        [items] = connection.execute("SELECT COUNT(*), COUNT(DISTINCT blob_id) FROM mail_message")
    distinct = set(messages)
    assert blobs == (len(distinct), sum(map(len, distinct)))
    assert items == (len(RECIPIENTS) * len(messages), len(distinct))


def check_with_doctor(server: Running) -> None:
    command = [sys.executable, str(BASE_DIR / "manage.py"), "doctor"]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env=environment(server.data, server.ports),
    )
    assert done.returncode == 0, done.stdout + done.stderr
