"""Logs: a session's id through every layer, and neither secrets nor content at any level."""

import json
import re
import smtplib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from groupware.core import aio
from groupware.core.logging import bind_session, unbind_session
from tests.hostile.peers import ANNA, PASSWORD, Peer, create_people, log_in
from tests.serve.running import Running, free_ports, serving, wait_for

SECRETS = ("hunter2-wrong", PASSWORD, "Subject-9d1f", "body-9d1f", "keyword9d1f", "Mailbox-9d1f")


def speak_imap(server: Running) -> None:
    message = b"Subject: Subject-9d1f\r\n\r\nbody-9d1f\r\n"
    with log_in(server.ports["IMAP"]) as peer:
        for command in (
            b"CREATE Mailbox-9d1f",
            b"CREATE Mailbox-9d1f",
            b"APPEND Mailbox-9d1f (keyword9d1f) {%d+}\r\n%s" % (len(message), message),
            b"SELECT Mailbox-9d1f",
            b'SEARCH TEXT "body-9d1f"',
            b"NONSENSE hunter2-wrong",
            b"LOGIN (hunter2-wrong",
            b"LOGOUT",
        ):
            peer.send(b"a " + command + b"\r\n")
            peer.lines_until(b"a ")
    with Peer(server.ports["IMAP"]) as stranger:
        stranger.line()
        stranger.send(f"a LOGIN {ANNA} hunter2-wrong\r\n".encode())
        assert stranger.line().startswith(b"a NO ")


def speak_lmtp(server: Running) -> None:
    with Peer(server.ports["LMTP"]) as peer:
        peer.send(f"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<{ANNA}>\r\nDATA\r\n".encode())
        peer.lines_until(b"354 ")
        peer.send(b"Subject: Subject-9d1f\r\n\r\nbody-9d1f\r\n.\r\nNONSENSE hunter2-wrong\r\n")
        peer.lines_until(b"500 ")


def test_every_line_of_a_session_has_its_id_and_none_tells_secrets(tmp_path: Path) -> None:
    create_people(tmp_path / "data", free_ports(), ANNA)
    with serving(
        tmp_path / "data",
        *("imap", "lmtp"),
        GROUPWARE_ALLOW_PLAINTEXT="1",
        GROUPWARE_DOMAIN="team.example",
        GROUPWARE_LOG_FORMAT="json",
        GROUPWARE_LOG_LEVEL="DEBUG",
    ) as server:
        speak_imap(server)
        speak_lmtp(server)
        wait_for(lambda: '"message"' in server.output.read_text(), "the line of the delivery")
    output = server.output.read_text()
    assert [secret for secret in SECRETS if secret in output] == []
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    spoken = [line for line in lines if line["logger"] in ("groupware.imap", "groupware.lmtp")]
    assert {line["event"] for line in spoken} >= {"logged in", "login refused", "message"}
    assert [line for line in spoken if not line.get("session") or not line.get("protocol")] == []
    assert len({line["session"] for line in spoken}) >= 3


def session_seen() -> Any:
    """Return the session that a log line would carry here."""
    return structlog.contextvars.get_contextvars().get("session")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cross", [aio.read, aio.call, aio.write])
async def test_the_session_goes_along_into_the_store(cross: Callable[..., Any]) -> None:
    session = bind_session("test")
    try:
        assert await cross(session_seen) == session
    finally:
        unbind_session()
        aio.close_crossing()


def test_what_a_reply_names_leads_through_the_log_to_what_became_of_it(tmp_path: Path) -> None:
    create_people(tmp_path / "data", free_ports(), ANNA)
    with serving(
        tmp_path / "data",
        "smtp",
        GROUPWARE_DOMAIN="team.example",
        GROUPWARE_LOG_FORMAT="json",
    ) as server:
        with smtplib.SMTP("127.0.0.1", server.ports["SMTP"], "mx.outside.example", 30) as client:
            client.ehlo()
            client.mail("boss@outside.example")
            for address in (ANNA, ANNA.replace("@", "+x@")):
                client.rcpt(address)
            code, said = client.data(b"From: boss@outside.example\r\nSubject: x\r\n\r\nHello.\r\n")
        found = re.fullmatch(rb"2\.0\.0 Ok: queued as (\d+), session (\S+)", said)
        assert code == 250
        assert found is not None
        wait_for(lambda: '"fanned out"' in server.output.read_text(), "the end of it")
    lines = [json.loads(line) for line in server.output.read_text().splitlines() if line[:1] == "{"]
    of_it = [line for line in lines if line.get("inbound") == int(found[1])]
    assert [line["event"] for line in of_it] == ["message", "fanned out"]
    assert of_it[0]["session"] == found[2].decode()
    assert (of_it[0]["sender"], of_it[0]["to"][0]) == ("boss@outside.example", ANNA)
    assert of_it[1]["settled"] == 2
