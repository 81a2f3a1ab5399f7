"""LIST patterns (RFC 3501 §6.3.8): `*` is any text, `%` any text within a level. Pure.

INBOX as the first level of a name is matched in any case (§5.1).
"""

import re
from collections.abc import Sequence
from typing import Final

from mail.names import DELIMITER, canonical_name

MAX_WILDCARDS: Final = 20
"""Runs of wildcards in a pattern; a match costs at most so many passes over a name."""

_INBOX: Final = "INBOX"
_TOKENS = re.compile(r"[*%]+|[^*%]+")


class Pattern:
    """A reference and a pattern, as one."""

    __slots__ = ("_tokens",)

    def __init__(self, reference: str, pattern: str) -> None:
        """Raise ValueError for more wildcards than a pattern may have."""
        self._tokens = _TOKENS.findall(canonical_name(reference + pattern))
        if sum(token[0] in "*%" for token in self._tokens) > MAX_WILDCARDS:
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
