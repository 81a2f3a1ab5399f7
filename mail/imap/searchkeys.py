"""The keys of SEARCH (RFC 3501 §6.4.4, RFC 7162 §3.1.5) as a tree of values.

What a key finds is not decided here; nor is a key rewritten, but for those that the RFC
defines by others (NEW, OLD, UNSEEN and their like).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Union

from mail.imap.objectids import OBJECT_ID, parse_email_id, parse_thread_id
from mail.imap.sequences import SequenceSet
from mail.imap.wire import ProtocolError, Reader
from mail.mime.charsets import find_codec

MAX_DEPTH: Final = 40
MAX_KEYS: Final = 1_000


class DateField(Enum):
    """Which date of a message is compared."""

    INTERNAL = "internal"
    SENT = "sent"


class DateRelation(Enum):
    """How it is compared; times and zones are disregarded."""

    BEFORE = "before"
    ON = "on"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class AllKey:
    """Every message."""


@dataclass(frozen=True, slots=True)
class AndKey:
    """Messages that every key finds."""

    keys: tuple["SearchKey", ...]


@dataclass(frozen=True, slots=True)
class OrKey:
    """Messages that either key finds."""

    left: "SearchKey"
    right: "SearchKey"


@dataclass(frozen=True, slots=True)
class NotKey:
    """Messages that the key does not find."""

    key: "SearchKey"


@dataclass(frozen=True, slots=True)
class SeqKey:
    """Messages by sequence number."""

    messages: SequenceSet


@dataclass(frozen=True, slots=True)
class UidKey:
    """Messages by UID."""

    messages: SequenceSet


@dataclass(frozen=True, slots=True)
class FlagKey:
    """Messages with a flag or keyword."""

    flag: str


@dataclass(frozen=True, slots=True)
class HeaderKey:
    r"""Messages with text in a header field; empty text asks for the field alone."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BodyKey:
    """Messages with text in the body."""

    value: str


@dataclass(frozen=True, slots=True)
class TextKey:
    """Messages with text in header or body."""

    value: str


@dataclass(frozen=True, slots=True)
class LargerKey:
    """Messages of more octets."""

    size: int


@dataclass(frozen=True, slots=True)
class SmallerKey:
    """Messages of fewer octets."""

    size: int


@dataclass(frozen=True, slots=True)
class DateKey:
    """Messages by date."""

    field: DateField
    relation: DateRelation
    day: dt.date


@dataclass(frozen=True, slots=True)
class ModSeqKey:
    """Messages whose mod-sequence is at least this (RFC 7162 §3.1.5)."""

    modseq: int


@dataclass(frozen=True, slots=True)
class EmailIdKey:
    """Messages of one EMAILID (RFC 8474 §6); None stands for one that no message has."""

    email_id: int | None


@dataclass(frozen=True, slots=True)
class ThreadIdKey:
    """Messages of one THREADID; None likewise."""

    thread_id: int | None


SearchKey = Union[  # noqa: UP007 - a union with forward references to itself
    AllKey, AndKey, OrKey, NotKey, SeqKey, UidKey, FlagKey, HeaderKey, BodyKey, TextKey,
    LargerKey, SmallerKey, DateKey, ModSeqKey, EmailIdKey, ThreadIdKey,
]  # fmt: skip


def with_trusted(key: SearchKey, trust: Callable[[int], int]) -> SearchKey:
    """Return a key with what `trust` makes of each of its mod-sequences."""
    match key:
        case AndKey(keys=inner):
            return AndKey(tuple(with_trusted(part, trust) for part in inner))
        case OrKey(left=left, right=right):
            return OrKey(with_trusted(left, trust), with_trusted(right, trust))
        case NotKey(key=negated):
            return NotKey(with_trusted(negated, trust))
        case ModSeqKey(modseq=modseq):
            return ModSeqKey(trust(modseq))
    return key


class SearchParser:
    """Reads keys from one command, in one charset, and counts them."""

    __slots__ = ("_codec", "_count", "reader")

    def __init__(self, reader: Reader, codec: str) -> None:
        """Read strings in Python's encoding of that name."""
        self.reader = reader
        self._codec = codec
        self._count = 0

    def keys(self) -> SearchKey:
        """Take keys up to the end of the command or of a list; all of them must hold."""
        found = [self.key(depth=0)]
        while self.reader.at(b" "):
            self.reader.space()
            if self.reader.at_end():
                break
            found.append(self.key(depth=0))
        return found[0] if len(found) == 1 else AndKey(tuple(found))

    def key(self, *, depth: int) -> SearchKey:
        """Take one key, which may hold others."""
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_KEYS:
            raise ProtocolError(f"A search has at most {MAX_KEYS} keys, nested {MAX_DEPTH} deep.")
        if self.reader.at(b"("):
            inner = self.reader.parenthesized(lambda: self.key(depth=depth + 1), "search keys")
            if not inner:
                raise ProtocolError("Expected a search key.")
            return inner[0] if len(inner) == 1 else AndKey(inner)
        if self.reader.at_digit() or self.reader.at(b"*") or self.reader.at(b"$"):
            return SeqKey(self.reader.sequence_set())
        return self._named(self.reader.word("a search key"), depth)

    def text(self) -> str:
        """Take a space and a string in the search's charset."""
        self.reader.space()
        value = self.reader.astring("a string to search for")
        try:
            return value.decode(self._codec)
        except UnicodeError:
            raise ProtocolError("The string is not valid in its charset.") from None

    def _named(self, name: str, depth: int) -> SearchKey:
        if name == "NOT":
            self.reader.space()
            return NotKey(self.key(depth=depth + 1))
        if name == "OR":
            self.reader.space()
            left = self.key(depth=depth + 1)
            self.reader.space()
            return OrKey(left, self.key(depth=depth + 1))
        if name in _FIXED:
            return _FIXED[name]
        parse = _PARSERS.get(name)
        if parse is None:
            raise ProtocolError(f"Unknown search key {name[:40]}.")
        return parse(self)


def parse_search(reader: Reader) -> SearchKey | None:
    """Take `[CHARSET name SP] keys`; None where the charset is not known here."""
    if not reader.accept_word(b"CHARSET "):
        return SearchParser(reader, "utf-8").keys()
    if not reader.dialect.charsets:
        raise ProtocolError("With UTF8=ACCEPT enabled a search names no charset: it is UTF-8.")
    return parse_search_in_charset(reader)


def parse_search_in_charset(reader: Reader) -> SearchKey | None:
    """Take `name SP keys`; None likewise, and what cannot be read then is left out."""
    codec = find_codec(reader.astring("a charset"))
    reader.space()
    if codec is None:
        reader.skip()
        return None
    return SearchParser(reader, codec).keys()


def has_seqs(key: SearchKey) -> bool:
    """Tell whether a key speaks of messages by their sequence numbers."""
    match key:
        case SeqKey(messages=messages):
            return not messages.is_saved
        case AndKey(keys=inner):
            return any(map(has_seqs, inner))
        case OrKey(left=left, right=right):
            return has_seqs(left) or has_seqs(right)
        case NotKey(key=negated):
            return has_seqs(negated)
    return False


def _header(parser: SearchParser) -> SearchKey:
    parser.reader.space()
    name = parser.reader.astring("a header field").decode("ascii", "replace")
    return HeaderKey(name, parser.text())


def _header_named(name: str) -> Callable[[SearchParser], SearchKey]:
    return lambda parser: HeaderKey(name, parser.text())


def _keyword(parser: SearchParser) -> SearchKey:
    parser.reader.space()
    return FlagKey(parser.reader.atom("a keyword").decode("ascii"))


def _uid(parser: SearchParser) -> SearchKey:
    parser.reader.space()
    return UidKey(parser.reader.sequence_set())


def _size(key: type[LargerKey | SmallerKey]) -> Callable[[SearchParser], SearchKey]:
    def parse(parser: SearchParser) -> SearchKey:
        parser.reader.space()
        return key(parser.reader.number("a size"))

    return parse


def _date(field: DateField, relation: DateRelation) -> Callable[[SearchParser], SearchKey]:
    def parse(parser: SearchParser) -> SearchKey:
        parser.reader.space()
        return DateKey(field, relation, parser.reader.date())

    return parse


def _modseq(parser: SearchParser) -> SearchKey:
    reader = parser.reader
    reader.space()
    if reader.at(b'"'):
        # Entry names tell flags apart; mod-sequences here are the whole message's.
        reader.string("an entry name")
        reader.space()
        if reader.word("priv, shared or all") not in {"PRIV", "SHARED", "ALL"}:
            raise ProtocolError("Expected priv, shared or all.")
        reader.space()
    return ModSeqKey(reader.modseq())


def _object_id(parser: SearchParser) -> bytes:
    parser.reader.space()
    return parser.reader.match(OBJECT_ID, "an object identifier")[0]


_SYSTEM: Final = {
    name: FlagKey(f"\\{name.capitalize()}")
    for name in ("ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN")
}
_RECENT: Final = FlagKey("\\Recent")
_FIXED: Final[Mapping[str, SearchKey]] = {
    "ALL": AllKey(),
    **_SYSTEM,
    **{f"UN{name}": NotKey(key) for name, key in _SYSTEM.items()},
    "RECENT": _RECENT,
    "OLD": NotKey(_RECENT),
    "NEW": AndKey((_RECENT, NotKey(_SYSTEM["SEEN"]))),
}
_PARSERS: Final[Mapping[str, Callable[[SearchParser], SearchKey]]] = {
    **{name: _header_named(name) for name in ("BCC", "CC", "FROM", "SUBJECT", "TO")},
    **{relation.name: _date(DateField.INTERNAL, relation) for relation in DateRelation},
    **{f"SENT{relation.name}": _date(DateField.SENT, relation) for relation in DateRelation},
    "BODY": lambda parser: BodyKey(parser.text()),
    "TEXT": lambda parser: TextKey(parser.text()),
    "HEADER": _header,
    "KEYWORD": _keyword,
    "UNKEYWORD": lambda parser: NotKey(_keyword(parser)),
    "LARGER": _size(LargerKey),
    "SMALLER": _size(SmallerKey),
    "MODSEQ": _modseq,
    "EMAILID": lambda parser: EmailIdKey(parse_email_id(_object_id(parser))),
    "THREADID": lambda parser: ThreadIdKey(parse_thread_id(_object_id(parser))),
    "UID": _uid,
}
