"""What a client wants to hear of a search, and what it is told (RFC 4731, RFC 5182). Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from mail.imap.sequences import serialize_numbers
from mail.mime.strings import quote


class ReturnOption(Enum):
    """What stands in RETURN's parentheses."""

    ALL = "ALL"
    COUNT = "COUNT"
    MAX = "MAX"
    MIN = "MIN"
    SAVE = "SAVE"


Returns = frozenset[ReturnOption]
_ENDS = {ReturnOption.MIN, ReturnOption.MAX}

T = TypeVar("T")


def choose(returns: Collection[ReturnOption], found: Sequence[T]) -> Sequence[T]:
    """Return what of a result is saved for `$`, and what its mod-sequence is about.

    With MIN or MAX and nothing that speaks of all messages it is these alone (RFC 5182 §2.4,
    RFC 4731 §3.2).
    """
    ends = _ENDS.intersection(returns)
    if not ends or {ReturnOption.ALL, ReturnOption.COUNT}.intersection(returns):
        return found
    if len(found) < 2:  # MIN and MAX of one message are that message once.
        return found
    return [found[0 if end is ReturnOption.MIN else -1] for end in sorted(ends, key=_by_place)]


def _by_place(option: ReturnOption) -> bool:
    return option is ReturnOption.MAX


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found: numbers as the client wants them, in the order that it asked for.

    `modseqs` are those of the messages where the search asks for them, else empty.
    """

    numbers: Sequence[int]
    modseqs: Sequence[int]
    by_uid: bool


def serialize_search(command: str, result: SearchResult) -> bytes:
    """Return `* SEARCH` or `* SORT`, with the greatest mod-sequence found (RFC 7162 §3.1.5)."""
    numbers = b" %d" * len(result.numbers) % tuple(result.numbers)
    modseq = b" (MODSEQ %d)" % max(result.modseqs) if result.modseqs else b""
    return b"* %b%b%b\r\n" % (command.encode("ascii"), numbers, modseq)


def serialize_esearch(tag: bytes, returns: Collection[ReturnOption], result: SearchResult) -> bytes:
    """Return `* ESEARCH` (RFC 4731 §3.1); of no message only the count is told."""
    words = [b"* ESEARCH (TAG " + quote(tag) + b")"]
    if result.by_uid:
        words.append(b"UID")
    words += _data(returns, result.numbers)
    if result.modseqs:
        words.append(b"MODSEQ %d" % max(choose(returns, result.modseqs)))
    return b" ".join(words) + b"\r\n"


def _data(returns: Collection[ReturnOption], numbers: Sequence[int]) -> Iterable[bytes]:
    if ReturnOption.MIN in returns and numbers:
        yield b"MIN %d" % numbers[0]
    if ReturnOption.MAX in returns and numbers:
        yield b"MAX %d" % numbers[-1]
    if ReturnOption.COUNT in returns:
        yield b"COUNT %d" % len(numbers)
    if ReturnOption.ALL in returns and numbers:
        yield b"ALL " + serialize_numbers(numbers)
