"""imaplib as the tests use it: checked answers, and messages sent octet for octet."""

import imaplib
import re
import socket
import ssl
from typing import Any

from tests.clients.people import Person
from tests.serve.running import Running


def sign_in(server: Running, tls: ssl.SSLContext, person: Person) -> imaplib.IMAP4:
    """Open a session over implicit TLS; leaving its block logs out."""
    client = imaplib.IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=tls, timeout=60)
    # imaplib sends a literal and the line's end apart, and would wait for an ACK between them.
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    done(client.login(person.address, person.password))
    return client


def done(answer: tuple[str, Any]) -> Any:
    """Return the data of an answer that is OK."""
    status, data = answer
    assert status == "OK", data
    return data


def literals(answer: tuple[str, Any]) -> list[bytes]:
    """Return the literals of an answer, one for each."""
    return [item[1] for item in done(answer) if isinstance(item, tuple)]


def lines(answer: tuple[str, Any]) -> list[bytes]:
    """Return the lines of an answer that hold no literal."""
    return [item for item in done(answer) if isinstance(item, bytes)]


def count(answer: tuple[str, Any], opening: bytes) -> int:
    """Return how many FETCH responses begin with `opening`, literals in them or not."""
    heads = (item[0] if isinstance(item, tuple) else item for item in done(answer))
    return sum(1 for head in heads if re.match(rb"[0-9]+ \(" + re.escape(opening), head))


def sizes(client: imaplib.IMAP4) -> list[int]:
    """Return RFC822.SIZE of every message of the open mailbox."""
    found = (
        re.search(rb"RFC822\.SIZE ([0-9]+)", line)
        for line in lines(client.fetch("1:*", "(RFC822.SIZE)"))
    )
    return [int(match[1]) for match in found if match]


def set_literal(client: imaplib.IMAP4, octets: bytes) -> None:
    """Let octets follow the next command as a literal."""
    client.literal = octets  # type: ignore[assignment] # typeshed takes it for text


def append_exactly(client: imaplib.IMAP4, message: bytes) -> None:
    """Append to INBOX; imaplib's own method would turn bare LF into CRLF."""
    set_literal(client, message)
    done(client.xatom("APPEND", "INBOX"))
