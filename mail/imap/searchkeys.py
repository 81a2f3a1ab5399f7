"""The keys of SEARCH as a client writes them (RFC 3501 §6.4.4, RFC 7162 §3.1.5).

No key is rewritten, but for those that the RFC defines by others (NEW, OLD, UNSEEN and their like).
"""

from collections.abc import Callable, Mapping
from typing import Final

from mail.imap.wire import ProtocolError, Reader
from mail.mime.charsets import find_codec
from mail.objectids import OBJECT_ID, parse_email_id, parse_thread_id
from mail.search.keys import (
    AllKey,
    AndKey,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
    EmailIdKey,
    FlagKey,
    HeaderKey,
    LargerKey,
    ModSeqKey,
    NotKey,
    OrKey,
    SearchKey,
    SeqKey,
    SmallerKey,
    TextKey,
    ThreadIdKey,
    UidKey,
)

MAX_DEPTH: Final = 40
MAX_KEYS: Final = 1_000


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
