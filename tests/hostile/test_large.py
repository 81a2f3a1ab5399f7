"""A message with an attachment of 100 MB: stored, and read in parts, in bounded memory."""

import hashlib
import random
from base64 import encodebytes
from collections.abc import Iterator

import pytest

from tests.hostile.peers import ANNA, Peer, create_people, log_in, resident_octets
from tests.serve.running import Running, free_ports, serving

MEGABYTE = 1 << 20
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Yield a server with its own limits and one person."""
    data = tmp_path_factory.mktemp("large") / "data"
    create_people(data, free_ports(), ANNA)
    with serving(
        data,
        *("imap", "lmtp"),
        GROUPWARE_PROCESSES="1",
        GROUPWARE_ALLOW_PLAINTEXT="1",
        GROUPWARE_DOMAIN="team.example",
    ) as running:
        yield running
        assert "Traceback" not in running.output.read_text()


def large_message() -> bytes:
    """Return 100 MB that no compression makes smaller, between two short parts."""
    block = encodebytes(random.Random(1).randbytes(57 * 1024)).replace(b"\n", b"\r\n")
    attachment = block * (100 * MEGABYTE // len(block))
    return b"".join(
        [
            b"Subject: large\r\nMIME-Version: 1.0\r\n",
            b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n',
            b"--b\r\nContent-Type: text/plain\r\n\r\nbefore\r\n",
            b"--b\r\nContent-Type: application/octet-stream\r\n",
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            *(attachment, b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nafter\r\n--b--\r\n"),
        ]
    )


def test_message_with_an_attachment_of_100_megabytes(server: Running) -> None:
    message = large_message()
    with Peer(server.ports["LMTP"]) as peer:
        peer.line()
        peer.send(f"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<{ANNA}>\r\nDATA\r\n".encode())
        peer.lines_until(b"354 ")
        peer.send(message + b".\r\n")
        assert peer.line().startswith(b"250 ")
    assert resident_octets(server, "lmtp", peak=True) < 5 * len(message)
    with log_in(server.ports["IMAP"]) as reader:
        before = resident_octets(server, "imap")
        reader.send(b"a SELECT INBOX\r\n")
        reader.lines_until(b"a OK ")
        reader.send(b"b FETCH 1 (BODY.PEEK[1] BODY.PEEK[3] BODY.PEEK[2]<60000000.76>)\r\n")
        answer = b"\n".join(reader.lines_until(b"b OK "))
        assert b"BODY[1] {6}\nbefore" in answer
        assert b"BODY[3] {5}\nafter" in answer
        offset = message.index(b"base64\r\n\r\n") + 10 + 60_000_000
        assert message[offset : offset + 76].replace(b"\r\n", b"\n") in answer
        reader.send(b"c FETCH 1 BODY.PEEK[]\r\n")
        head = reader.line()
        size = int(head.rpartition(b"{")[2].removesuffix(b"}"))
        digest = hashlib.sha256(reader.take(size)[size - len(message) :])
        assert digest.digest() == hashlib.sha256(message).digest()
        assert resident_octets(server, "imap") - before < 24 * MEGABYTE
