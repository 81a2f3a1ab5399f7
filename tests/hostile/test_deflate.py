"""Compressed connections with nothing good in them."""

import zlib
from collections.abc import Iterator

import pytest

from groupware.core import limits
from tests.hostile.conftest import value_of
from tests.hostile.peers import BEN, Peer, log_in, resident_octets
from tests.serve.running import Running

MEGABYTE = 1 << 20


@pytest.fixture
def bomber(server: Running) -> Iterator[Peer]:
    with log_in(server.ports["IMAP"]) as peer:
        peer.send(b"c COMPRESS DEFLATE\r\n")
        assert peer.line().startswith(b"c OK ")
        yield peer


def deflated(*pieces: bytes, times: int = 1) -> bytes:
    client = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    stream = [client.compress(piece) for _ in range(times) for piece in pieces]
    return b"".join(stream) + client.flush(zlib.Z_SYNC_FLUSH)


def inflated(peer: Peer) -> list[bytes]:
    """Return the lines that came until the server closed."""
    client = zlib.decompressobj(-zlib.MAX_WBITS)
    stream = b"\r\n".join([*peer.rest(), peer.buffer])
    return client.decompress(stream).splitlines()


def test_a_deflate_bomb_costs_nobody_else_anything(server: Running, bomber: Peer) -> None:
    bomb = deflated(bytes(MEGABYTE), times=100)
    assert len(bomb) < 128 << 10
    with log_in(server.ports["IMAP"], BEN) as other:
        before = resident_octets(server, "imap")
        bomber.send(bomb)
        for number in range(100):
            other.send(b"n%d NOOP\r\n" % number)
            assert other.line().startswith(b"n%d OK " % number)
        assert resident_octets(server, "imap") - before < 8 * MEGABYTE


def test_a_bomb_of_commands_is_worked_off_in_turns(server: Running, bomber: Peer) -> None:
    with log_in(server.ports["IMAP"], BEN) as other:
        bomber.send(deflated(b"a NOOP\r\n" * 10_000, times=10))
        other.send(b"n NOOP\r\n")
        assert other.line().startswith(b"n OK ")
        bomber.send(b"\x07")  # no block of any kind
        lines = inflated(bomber)
    assert lines[-1].startswith(b"* BYE What came is not compressed.")
    assert sum(line.startswith(b"a OK ") for line in lines) == 100_000


def test_a_bomb_in_a_literal_meets_its_limit(server: Running, bomber: Peer) -> None:
    size = value_of(limits.MESSAGE_SIZE) + 1
    bomber.send(deflated(b"a APPEND INBOX {%d+}\r\n" % size, bytes(size), b"\r\nb LOGOUT\r\n"))
    lines = inflated(bomber)
    assert lines[0].startswith(b"a NO [TOOBIG] ")
    assert lines[-1].startswith(b"b OK ")
