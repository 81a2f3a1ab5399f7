"""What a person types to search mail, as keys. Pure.

    from:anna subject:"annual report" before:2026-03-01 -is:read (invoice OR receipt)

Words must all hold; `OR` (in capitals) stands between two, `-` or `NOT` before one turns it
around, and parentheses hold together. A word without an operator is looked for everywhere, and
so is one whose beginning is no operator of `OPERATORS`: `Re:`, `12:30`, addresses of pages.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mail.search.keys import (
    AllKey,
    AndKey,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
    FlagKey,
    HeaderKey,
    LargerKey,
    NotKey,
    OrKey,
    SearchKey,
    SmallerKey,
    TextKey,
)

MAX_LENGTH: Final = 2_000
"""Characters of a search."""
MAX_WORDS: Final = 90
"""Words of a search: fewer than `rowkeys.MOST_KEYS`, so that flags stay the database's."""
MAX_DEPTH: Final = 20

_TOKEN = re.compile(
    r"\s++|(?P<open>\()|(?P<close>\))|(?P<minus>-)(?=[^\s)])"
    r"|(?>(?:(?P<operator>[A-Za-z]{1,20}):)?)(?:\"(?P<quoted>[^\"]*+)\"?|(?P<word>[^\s()\"]++))"
    r"|(?P<bare>[A-Za-z]{1,20}:)"
)
_SIZE = re.compile(r"([0-9]{1,12})([kmg]?)b?", re.IGNORECASE)
_FACTORS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SEEN = FlagKey("\\Seen")
_STATES: Final[Mapping[str, SearchKey]] = {
    "read": _SEEN,
    "unread": NotKey(_SEEN),
    "flagged": FlagKey("\\Flagged"),
    "unflagged": NotKey(FlagKey("\\Flagged")),
    "answered": FlagKey("\\Answered"),
    "unanswered": NotKey(FlagKey("\\Answered")),
    "draft": FlagKey("\\Draft"),
    "deleted": FlagKey("\\Deleted"),
}


class BadQuery(ValueError):
    """The search cannot be read; the text says why, and what to write instead."""


def _date(relation: DateRelation) -> Callable[[str], SearchKey]:
    def make(value: str) -> SearchKey:
        try:
            day = dt.date.fromisoformat(value)
        except ValueError:
            raise BadQuery(f"{value[:40]!r} is no day: write it as 2026-03-01.") from None
        return DateKey(DateField.INTERNAL, relation, day)

    return make


def _size(key: type[LargerKey | SmallerKey]) -> Callable[[str], SearchKey]:
    def make(value: str) -> SearchKey:
        found = _SIZE.fullmatch(value)
        if found is None:
            raise BadQuery(f"{value[:40]!r} is no size: write it as 500K or 5M.")
        return key(int(found[1]) * _FACTORS[found[2].lower()])

    return make


def _field(name: str) -> Callable[[str], SearchKey]:
    return lambda value: HeaderKey(name, value)


def _state(value: str) -> SearchKey:
    key = _STATES.get(value.lower())
    if key is None:
        raise BadQuery(f"is: takes one of {', '.join(_STATES)}, not {value[:40]!r}.")
    return key


def _keyword(value: str) -> SearchKey:
    if not value.isascii() or not value.isprintable() or set(value) & set('()\\"%* ]{'):
        raise BadQuery(f"{value[:40]!r} is no keyword: one is of letters, digits, $, _ and -.")
    return FlagKey(value)


OPERATORS: Final[Mapping[str, Callable[[str], SearchKey]]] = {
    "from": _field("FROM"),
    "to": _field("TO"),
    "cc": _field("CC"),
    "bcc": _field("BCC"),
    "subject": _field("SUBJECT"),
    "list": _field("LIST-ID"),
    "body": BodyKey,
    "text": TextKey,
    "is": _state,
    "keyword": _keyword,
    "before": _date(DateRelation.BEFORE),
    "on": _date(DateRelation.ON),
    "since": _date(DateRelation.SINCE),
    "after": _date(DateRelation.SINCE),
    "larger": _size(LargerKey),
    "smaller": _size(SmallerKey),
}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str = ""
    operator: str = ""


def parse_words(text: str) -> SearchKey:
    """Return the key of what was typed; of nothing, that which every message meets.

    Raises `BadQuery`.
    """
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"A search has at most {MAX_LENGTH} characters.")
    tokens = [*_tokens(text)]
    if sum(token.kind == "word" for token in tokens) > MAX_WORDS:
        raise BadQuery(f"A search has at most {MAX_WORDS} words.")
    if not tokens:
        return AllKey()
    reader = _Reader(tokens)
    key = reader.alternatives(0)
    if reader.kind != "end":
        raise BadQuery("There is a closing parenthesis without an opening one.")
    return key


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        if match["open"] or match["close"] or match["minus"]:
            yield _Token(match.group())
        elif match["bare"]:
            yield _operated(match["bare"][:-1], "")
        elif match["word"] in ("OR", "NOT") and not match["operator"]:
            yield _Token(match["word"])
        elif match["word"] is not None or match["quoted"] is not None:
            value = match["quoted"] if match["word"] is None else match["word"]
            yield _operated(match["operator"] or "", value)


def _operated(operator: str, value: str) -> _Token:
    if operator and operator.lower() not in OPERATORS:
        return _Token("word", f"{operator}:{value}")
    return _Token("word", value, operator.lower())


class _Reader:
    """Reads tokens by descent."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = [*tokens, _Token("end")]
        self._at = 0

    @property
    def kind(self) -> str:
        """Return what comes next."""
        return self._tokens[self._at].kind

    def _take(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def alternatives(self, depth: int) -> SearchKey:
        """Take what stands on both sides of every OR."""
        key = self._all(depth)
        while self.kind == "OR":
            self._take()
            key = OrKey(key, self._all(depth))
        return key

    def _all(self, depth: int) -> SearchKey:
        found = []
        while self.kind not in ("end", ")", "OR"):
            found.append(self._one(depth))
        if not found:
            raise BadQuery("A word to search for is missing: beside OR, behind NOT or in ().")
        return found[0] if len(found) == 1 else AndKey(tuple(found))

    def _one(self, depth: int) -> SearchKey:
        if depth > MAX_DEPTH:
            raise BadQuery(f"A search is nested at most {MAX_DEPTH} deep.")
        token = self._take()
        if token.kind in ("-", "NOT"):
            if self.kind in ("end", ")", "OR"):
                raise BadQuery("A word to search for is missing behind NOT.")
            return NotKey(self._one(depth + 1))
        if token.kind == "(":
            key = self.alternatives(depth + 1)
            if self._take().kind != ")":
                raise BadQuery("A closing parenthesis is missing.")
            return key
        return _key_of(token)


def _key_of(token: _Token) -> SearchKey:
    if not token.operator:
        return TextKey(token.text) if token.text else AllKey()
    if not token.text:
        raise BadQuery(f"There is nothing behind {token.operator}: to search for.")
    return OPERATORS[token.operator](token.text)
