"""swaks tells each step of SMTP, and how it was answered."""

import ssl
import subprocess
from collections.abc import Callable

import pytest

from tests.clients.inbox import wait_for_mail
from tests.clients.people import Person
from tests.clients.tools import find_tool
from tests.serve.running import Running

Swaks = Callable[..., subprocess.CompletedProcess[str]]

AUTH_FAILED = 28
RECIPIENT_REFUSED = 24
SENDER_REFUSED = 23


@pytest.fixture
def swaks(server: Running) -> Swaks:
    """Return what runs swaks on a port."""

    def run(port: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [find_tool("swaks"), "--server", "localhost", "--helo", "client.example"]
        command += ["--port", str(server.ports[port]), "--timeout", "60s", *options]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)

    return run


def signed_in(server: Running, person: Person, mechanism: str = "PLAIN") -> list[str]:
    """Return the options with which swaks checks the certificate and signs in."""
    return [
        *("--auth", mechanism, "--auth-user", person.address, "--auth-password", person.password),
        *("--tls-verify", "--tls-ca-path", str(server.trusted)),
    ]


@pytest.mark.parametrize(("port", "mechanism"), [("SUBMISSION", "PLAIN"), ("SUBMISSIONS", "LOGIN")])
def test_people_send_over_tls(
    swaks: Swaks,
    server: Running,
    tls: ssl.SSLContext,
    person: Person,
    port: str,
    mechanism: str,
) -> None:
    way = "--tls" if port == "SUBMISSION" else "--tlsc"
    ended = swaks(
        *(port, way, *signed_in(server, person, mechanism)),
        *("--from", person.address, "--to", person.address, "--header", "Subject: By swaks"),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [message] = wait_for_mail(server, tls, person)
    assert message["Subject"] == "By swaks"


def test_nobody_signs_in_without_tls(swaks: Swaks, server: Running, person: Person) -> None:
    ended = swaks("SUBMISSION", *signed_in(server, person), "--to", person.address)
    assert ended.returncode == AUTH_FAILED
    assert "AUTH" not in [line[7:11] for line in ended.stdout.splitlines()]


def test_nobody_submits_without_signing_in(swaks: Swaks, person: Person) -> None:
    ended = swaks("SUBMISSION", "--tls", "--from", person.address, "--to", person.address)
    assert ended.returncode == SENDER_REFUSED
    assert "530 5.7.0" in ended.stdout


def test_other_servers_deliver_to_people_here_alone(
    swaks: Swaks, server: Running, tls: ssl.SSLContext, person: Person
) -> None:
    ended = swaks("SMTP", "--tls", "--from", "someone@outside.test", "--to", person.address)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [message] = wait_for_mail(server, tls, person)
    assert "with ESMTPS" in " ".join(message["Received"].split())
    relayed = swaks("SMTP", "--from", "someone@outside.test", "--to", "someone@elsewhere.test")
    assert relayed.returncode == RECIPIENT_REFUSED
    assert "550 5.7.1" in relayed.stdout


def test_commands_in_one_piece_are_answered_in_turn(
    swaks: Swaks, server: Running, tls: ssl.SSLContext, person: Person, second_person: Person
) -> None:
    ended = swaks(
        *("SMTP", "--pipeline", "--from", "someone@outside.test"),
        *("--to", f"{person.address},nobody@example.test,{second_person.address}"),
    )
    assert "550 5.1.1" in ended.stdout
    for somebody in (person, second_person):
        wait_for_mail(server, tls, somebody)
