"""Files of many cards, as programs export them: cut into cards, and made fit to be kept. Pure.

A file is read line by line and never held whole; a card that is too large, or not closed, is told
of and passed over.
"""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from contacts.vcard.cards import OLD_VERSION, Card, read_card
from contacts.vcard.contentlines import Line
from contacts.vcard.entries import make_uid
from contacts.vcard.limits import DEFAULT_LIMITS, CardLimits
from contacts.vcard.serialize import serialize_card, serialize_line
from contacts.vcard.versions import convert
from mail.mime.charsets import decode_octets

_LINE = 64 << 10
"""Characters that are read at once of a line."""
_BEGIN = re.compile(r"\s*BEGIN\s*:\s*VCARD\s*", re.IGNORECASE)
_END = re.compile(r"\s*END\s*:\s*VCARD\s*", re.IGNORECASE)
_VERSION = re.compile(rb"^VERSION:[^\r\n]*(?>\r\n|\r|\n)(?![ \t])", re.IGNORECASE | re.MULTILINE)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class FoundCard:
    """The bytes of a card, and the number of its first line in the file."""

    line: int
    data: bytes


@dataclass(frozen=True, slots=True)
class BrokenCard:
    """Why there is no card at a line."""

    line: int
    reason: str


def split_cards(file: BinaryIO, limits: CardLimits) -> Iterator[FoundCard | BrokenCard]:
    """Yield the cards of a file, and what is broken in it; what lies between cards is no card.

    The file must be able to seek. Text in UTF-16 becomes UTF-8.
    """
    is_wide = file.read(2) in _WIDE
    file.seek(0)
    encoding = "utf-16" if is_wide else "latin-1"
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        yield from _Splitter("utf-8" if is_wide else "latin-1", limits).split(text)
    finally:
        text.detach()


class _Splitter:
    """Collects the lines of the card that is open; `_size` counts those that are let go, too."""

    def __init__(self, encoding: str, limits: CardLimits) -> None:
        self._encoding = encoding
        self._limits = limits
        self._parts: list[str] = []
        self._depth = self._begun = self._size = 0

    def split(self, text: io.TextIOWrapper) -> Iterator[FoundCard | BrokenCard]:
        number, is_start = 1, True
        while part := text.readline(_LINE):
            if is_start and _BEGIN.fullmatch(part.removeprefix("\xef\xbb\xbf")):
                if self._depth and not self._is_agent():
                    yield BrokenCard(self._begun, "The card is not closed by END:VCARD.")
                    self._depth = 0
                self._open(number)
            if self._depth:
                self._take(part)
            if is_start and self._depth and _END.fullmatch(part):
                self._depth -= 1
                if not self._depth:
                    yield self._close()
            is_start = part.endswith(("\n", "\r"))
            number += is_start
        if self._depth:
            yield BrokenCard(self._begun, "The card is not closed by END:VCARD.")

    def _is_agent(self) -> bool:
        """Whether the line before says that a card within a card follows (vCard 2.1 §2.6.1)."""
        before = self._parts[-1].strip().upper() if self._parts else ""
        return before.startswith("AGENT") and before.endswith(":")

    def _open(self, number: int) -> None:
        if not self._depth:
            self._parts, self._size, self._begun = [], 0, number
        self._depth += 1

    def _take(self, part: str) -> None:
        self._size += len(part)
        if self._size <= self._limits.octets:
            self._parts.append(part)

    def _close(self) -> FoundCard | BrokenCard:
        if self._size > self._limits.octets:
            reason = f"The card has more than {self._limits.octets} octets."
            return BrokenCard(self._begun, reason)
        return FoundCard(self._begun, "".join(self._parts).encode(self._encoding))


def prepare_card(data: bytes, limits: CardLimits = DEFAULT_LIMITS) -> tuple[bytes, Card]:
    """Return a card as it is kept, and what it says; raises `InvalidCard`.

    A card of version 2.1 becomes 3.0. Octets that are not UTF-8 are read in the character set
    that they fit. A card without a UID gets one made of its bytes: the same whenever it comes.
    """
    try:
        data.decode()
    except UnicodeDecodeError:
        data = decode_octets(data).encode()
    card = read_card(data, limits)
    if card.version == OLD_VERSION:
        data = convert(card, "3.0")
        card = read_card(data, limits)
    if card.uid is None:
        data = _with_uid(data, card)
        card = read_card(data, limits)
    return data, card


def _with_uid(data: bytes, card: Card) -> bytes:
    """Return the card with a UID made of its bytes, which stay as they are but for it."""
    line = Line("UID", "", {}, f"urn:uuid:{make_uid(sha256(data).hexdigest())}")
    found = _VERSION.search(data)
    if found is None:  # folded within
        return serialize_card(card.version, [line, *card.lines])
    return data[: found.end()] + serialize_line(line) + data[found.end() :]
