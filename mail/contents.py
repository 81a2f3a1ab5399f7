"""The octets of one message, read a frame at a time: prefix and blob, or a part decoded."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mail.mime.charsets import decode_octets
from mail.mime.decoding import new_decoder
from mail.mime.parts import PartEntry, load_parts
from mail.reading.structure import Leaf
from mail.spans import Span, pieces_of, read_chunk

NEEDED: Final = ("parts", "prefix_size", "prefix", "blob_location", "blob_size")
"""Fields of a row that this reads by."""
MAX_TEXT: Final = 4 << 20
"""Encoded octets of a text part that are read to be shown."""


def read_whole(row: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a message as it was delivered."""
    if row["prefix_size"]:
        yield bytes(row["prefix"])
    for piece in pieces_of(Span(row["blob_location"], 0, row["blob_size"])):
        yield read_chunk(piece)


def size_of_whole(row: Mapping[str, Any]) -> int:
    """Return how many octets that is."""
    return int(row["prefix_size"] + row["blob_size"])


def find_entry(row: Mapping[str, Any], path: tuple[int, ...]) -> PartEntry | None:
    """Return where a part lies that holds no others, None where the message has none such."""
    entry = load_parts(bytes(row["parts"])).get(path) if path else None
    if entry is None or entry.media_type.startswith("multipart/"):
        return None
    return entry


def read_part(row: Mapping[str, Any], entry: PartEntry) -> Iterator[bytes]:
    """Yield a part with its encoding undone; an unknown encoding is none."""
    decoder = new_decoder(entry.encoding) or new_decoder("binary")
    assert decoder is not None
    for piece in pieces_of(Span(row["blob_location"], entry.header_end, entry.body_end)):
        yield decoder.feed(read_chunk(piece))
    yield decoder.finish()


def read_text(row: Mapping[str, Any], leaf: Leaf) -> tuple[str, bool]:
    """Return the text of a part, and whether it is longer than what is read of it."""
    entry = find_entry(row, leaf.path)
    if entry is None:
        return "", False
    end = min(entry.body_end, entry.header_end + MAX_TEXT)
    is_cut = end < entry.body_end
    octets = b"".join(read_part(row, entry._replace(body_end=end)))
    return decode_octets(octets, leaf.charset.encode(), cut=is_cut), is_cut
