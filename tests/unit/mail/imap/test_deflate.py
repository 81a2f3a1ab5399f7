"""COMPRESS=DEFLATE: both directions, in bounded memory."""

import zlib

import pytest

from mail.imap.deflate import PIECE, BadStream, Deflater, Inflater


def inflate_all(inflater: Inflater) -> bytes:
    pieces = []
    while inflater.has_more:
        pieces.append(inflater.take())
        assert len(pieces[-1]) <= PIECE
    return b"".join(pieces)


@pytest.mark.parametrize("flush", [zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_PARTIAL_FLUSH])
def test_what_a_client_compressed_is_read_however_it_is_cut(flush: int) -> None:
    client = zlib.compressobj(9, zlib.DEFLATED, -15)
    inflater = Inflater()
    for text in (b"a NOOP\r\n", b"b FETCH 1:* (FLAGS)\r\n" * 3_000, b"", b"c LOGOUT\r\n"):
        told = b""
        stream = client.compress(text) + client.flush(flush)
        for place in range(len(stream)):
            inflater.feed(stream[place : place + 1])
            told += inflate_all(inflater)
        assert told == text


def test_a_bomb_is_inflated_a_piece_at_a_time() -> None:
    client = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = client.compress(bytes(20 << 20)) + client.flush(zlib.Z_SYNC_FLUSH)
    assert len(stream) < 32 << 10
    inflater = Inflater()
    inflater.feed(stream)
    assert sum(len(inflater.take()) for _ in range(100)) == 100 * PIECE
    assert inflater.has_more
    assert len(inflate_all(inflater)) == (20 << 20) - 100 * PIECE


@pytest.mark.parametrize("stream", [b"a NOOP\r\n", b"\xff" * 10, b"\x07"])
def test_what_is_not_compressed_is_a_bad_stream(stream: bytes) -> None:
    inflater = Inflater()
    inflater.feed(stream)
    with pytest.raises(BadStream):
        inflate_all(inflater)


def test_nothing_follows_the_end_of_a_stream() -> None:
    client = zlib.compressobj(9, zlib.DEFLATED, -15)
    inflater = Inflater()
    inflater.feed(client.compress(b"a NOOP\r\n") + client.flush())
    assert inflate_all(inflater) == b"a NOOP\r\n"
    inflater.feed(b"more")
    with pytest.raises(BadStream):
        inflater.take()


@pytest.mark.parametrize("rests", [(False, False), (True, True), (True, False), (False, True)])
def test_one_stream_goes_on_through_rests(rests: tuple[bool, bool]) -> None:
    client = zlib.decompressobj(-15)
    deflater = Deflater()
    for number in range(200):
        line = b"* %d FETCH (FLAGS (\\Seen))\r\n" % number
        assert client.decompress(deflater.compress(line, rests=rests[number % 2])) == line
    assert not client.eof


def test_what_was_sent_before_is_remembered_unless_it_rests() -> None:
    line = b"* 1 FETCH (ENVELOPE (many words that nobody expected to read again))\r\n"
    deflater = Deflater()
    first = deflater.compress(line, rests=False)
    assert len(deflater.compress(line, rests=True)) < len(first) // 2
    assert len(deflater.compress(line, rests=True)) > len(first) // 2
