import ssl
import subprocess
from pathlib import Path

import pytest

from tests.clients.inbox import wait_for_mail
from tests.clients.people import Person
from tests.clients.samples import MIXED, PLAIN
from tests.clients.tools import find_tool, private
from tests.serve.running import Running

CONFIGURATION = """\
account default
host localhost
port {port}
from {address}
user {address}
passwordeval "cat {secret}"
auth {mechanism}
tls on
tls_starttls {starttls}
tls_trust_file {trusted}
dsn_notify failure,success
dsn_return headers
"""
DATA_ERROR = 65
NO_PERMISSION = 77


def send(
    server: Running,
    person: Person,
    directory: Path,
    message: bytes,
    *recipients: str,
    mechanism: str = "plain",
) -> subprocess.CompletedProcess[bytes]:
    """Run msmtp, with STARTTLS by one mechanism, from the first octet encrypted by the other."""
    starttls = mechanism == "plain"
    text = CONFIGURATION.format(
        port=server.ports["SUBMISSION" if starttls else "SUBMISSIONS"],
        address=person.address,
        secret=private(directory / "secret", person.password),
        mechanism=mechanism,
        starttls="on" if starttls else "off",
        trusted=server.trusted,
    )
    file = private(directory / "msmtprc", text)
    command = [find_tool("msmtp"), f"--file={file}", *recipients]
    return subprocess.run(command, input=message, check=False, capture_output=True, timeout=120)


def of(person: Person, message: bytes) -> bytes:
    """Return a sample that this person has written."""
    first, _, rest = message.partition(b"\r\n")
    assert first.startswith(b"From:")
    return f"From: {person.address}\r\n".encode() + rest


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_messages_arrive_and_their_delivery_is_reported(
    server: Running,
    tls: ssl.SSLContext,
    person: Person,
    second_person: Person,
    tmp_path: Path,
    mechanism: str,
) -> None:
    for message in (PLAIN, MIXED):
        data, to = of(person, message), second_person.address
        ended = send(server, person, tmp_path, data, to, mechanism=mechanism)
        assert ended.returncode == 0, ended.stderr
    found = wait_for_mail(server, tls, second_person, number=2)
    assert [held["Message-ID"] for held in found] == [
        "<one@sender.example>",
        "<two@sender.example>",
    ]
    assert [held.get_content_type() for held in wait_for_mail(server, tls, person, number=2)] == [
        "multipart/report",
        "multipart/report",
    ]


def test_what_is_refused_is_told_by_msmtp(
    server: Running, person: Person, second_person: Person, tmp_path: Path
) -> None:
    nobody = send(server, person, tmp_path, of(person, PLAIN), "nobody@example.test")
    assert nobody.returncode == DATA_ERROR
    assert b"550 5.1.1" in nobody.stderr
    forged = send(server, person, tmp_path, of(second_person, PLAIN), second_person.address)
    assert b"550 5.7.1" in forged.stderr
    wrong = Person(person.address, "wrong")
    assert send(server, wrong, tmp_path, PLAIN, person.address).returncode == NO_PERMISSION
