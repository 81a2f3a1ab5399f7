"""LIST patterns (RFC 3501 §6.3.8): `*` is any text, `%` any text within a level. Pure.

INBOX as the first level of a name is matched in any case (§5.1).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from mail.names import DELIMITER, canonical_name

MAX_WILDCARDS: Final = 20
"""Runs of wildcards in a pattern; a match costs at most so many passes over a name."""
MAX_WILDCARDS_TOGETHER: Final = 100
"""The same in all patterns of one LIST."""

_INBOX: Final = "INBOX"
_TOKENS = re.compile(r"[*%]+|[^*%]+")


class Pattern:
    """A reference and a pattern, as one."""

    __slots__ = ("_tokens", "wildcards")

    def __init__(self, reference: str, pattern: str) -> None:
        """Raise ValueError for more wildcards than a pattern may have."""
        self._tokens = _TOKENS.findall(canonical_name(reference + pattern))
        self.wildcards = sum(token[0] in "*%" for token in self._tokens)
        if self.wildcards > MAX_WILDCARDS:
            raise ValueError(f"A pattern has at most {MAX_WILDCARDS} wildcards.")

    def matches(self, name: str) -> bool:
        """Tell whether the whole name matches: follow, in ascending order, where it can go on."""
        places: Sequence[int] = (0,)
        folded = len(_INBOX) if name.partition(DELIMITER)[0] == _INBOX else 0
        for token in self._tokens:
            if "*" in token:
                places = range(places[0], len(name) + 1)
            elif token[0] == "%":
                places = _within_levels(name, places)
            else:
                size = len(token)
                places = [
                    place + size for place in places if _stands_at(name, token, place, folded)
                ]
            if not places:
                return False
        return len(name) in places


class Patterns:
    """The patterns of one LIST; a name matches where one of them does (RFC 5258 §3)."""

    __slots__ = ("_names", "_patterns")

    def __init__(self, reference: str, patterns: Iterable[str]) -> None:
        """Pass over empty ones; raise ValueError for more wildcards than there may be."""
        read = [(text, Pattern(reference, text)) for text in patterns if text]
        # Names are looked up, however many a client asks for.
        self._names = {canonical_name(reference + text) for text, one in read if not one.wildcards}
        self._patterns = [one for _, one in read if one.wildcards]
        if sum(one.wildcards for one in self._patterns) > MAX_WILDCARDS_TOGETHER:
            raise ValueError(f"The patterns have at most {MAX_WILDCARDS_TOGETHER} wildcards.")

    def matches(self, name: str) -> bool:
        """Tell whether the whole name matches one of them."""
        return name in self._names or any(one.matches(name) for one in self._patterns)


def _stands_at(name: str, text: str, place: int, folded: int) -> bool:
    """Tell whether `name` goes on with `text`; its first `folded` characters are upper case."""
    size = max(0, folded - place)
    return name.startswith(text[:size].upper() + text[size:], place)


def _within_levels(name: str, starts: Sequence[int]) -> list[int]:
    """Return the places from each start to the end of its level; ascending, each once."""
    places: list[int] = []
    reached = -1
    for start in starts:
        if start > reached:
            end = name.find(DELIMITER, start)
            reached = end if end >= 0 else len(name)
            places += range(start, reached + 1)
    return places
