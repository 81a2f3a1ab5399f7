import re
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.imap import append_exactly, done, sign_in
from tests.clients.people import Person
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.clients.tools import find_tool, private
from tests.serve.running import Running

CONFIGURATION = """\
[retriever]
type = SimpleIMAPSSLRetriever
server = localhost
port = {port}
username = {address}
password = {password}
ca_certs = {trusted}
mailboxes = ("INBOX",)

[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", 'exec cat > "$0/$$"', "{fetched}")
allow_root_commands = true

[options]
read_all = false
delete = {delete}
delivered_to = false
received = false
verbose = 1
"""

ADDED = re.compile(rb"(?m)^(?:Return-Path|X-getmail-[a-z-]+): .*\n")

GetMail = Callable[..., list[bytes]]


@pytest.fixture
def get_mail(server: Running, person: Person, tmp_path: Path) -> GetMail:
    """Return what runs getmail, and returns the messages that it has fetched so far.

    A file for each, by a shell: its own Maildirs are not for root, whom tests may run as.
    """
    fetched = tmp_path / "fetched"
    fetched.mkdir()

    def run(*, delete: bool = False) -> list[bytes]:
        text = CONFIGURATION.format(
            port=server.ports["IMAPS"],
            address=person.address,
            password=person.password,
            trusted=server.trusted,
            fetched=fetched,
            delete=delete,
        )
        file = private(tmp_path / "getmailrc", text)
        command = [find_tool("getmail"), "--getmaildir", str(tmp_path), "--rcfile", file.name]
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=50)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return [path.read_bytes().replace(b"\n", b"\r\n") for path in fetched.iterdir()]

    return run


def test_each_message_is_fetched_once(
    get_mail: GetMail, server: Running, tls: ssl.SSLContext, person: Person
) -> None:
    with sign_in(server, tls, person) as client:
        for message in (PLAIN, MIXED):
            append_exactly(client, message)
        assert sorted(without_trace(get_mail())) == sorted([PLAIN, MIXED])
        assert len(get_mail()) == 2
        append_exactly(client, numbered(3))
        assert sorted(without_trace(get_mail())) == sorted([PLAIN, MIXED, numbered(3)])
        assert done(client.select()) == [b"3"]


def test_what_was_fetched_is_deleted_where_that_is_wanted(
    get_mail: GetMail, server: Running, tls: ssl.SSLContext, person: Person
) -> None:
    with sign_in(server, tls, person) as client:
        for number in range(1, 4):
            append_exactly(client, numbered(number))
        assert len(get_mail(delete=True)) == 3
        assert done(client.select()) == [b"0"]


def without_trace(messages: list[bytes]) -> list[bytes]:
    """Take away the fields that getmail adds."""
    return [ADDED.sub(b"", message) for message in messages]
