"""How a text is compared with what somebody looks for: collations and kinds of match. Pure.

RFC 6352 §10.5.4 with the collations of RFC 4790 and 5051. Texts are equal by i;unicode-casemap
where search takes them for equal: full case folding makes the same texts equal and some more.
"""

import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from mail.mime.text import fold_search

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def _ascii_casemap(text: str) -> str:
    return text.translate(_LOWER)


COLLATIONS: dict[str, Callable[[str], str]] = {
    "i;ascii-casemap": _ascii_casemap,
    "i;octet": str,
    "i;unicode-casemap": fold_search,
}
MOST_WORDS = 20
"""Words of a search; what follows them is not looked for."""
DEFAULT_COLLATION = "i;unicode-casemap"

_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__,
    "contains": str.__contains__,
    "starts-with": str.startswith,
    "ends-with": str.endswith,
}
MATCH_TYPES = tuple(_MATCHES)


@dataclass(frozen=True)
class TextMatch:
    """A text-match; `collation` and `match_type` are keys of the tables above.

    Who reads the request refuses others: supported-collation (RFC 6352 §8.6).
    """

    text: str
    collation: str = DEFAULT_COLLATION
    match_type: str = "contains"
    is_negated: bool = False

    def matches(self, text: str) -> bool:
        """Tell whether the text of a property or parameter is what is looked for."""
        return self.finds(text) is not self.is_negated

    def finds(self, text: str) -> bool:
        """Tell the same without the negation."""
        return _MATCHES[self.match_type](self._fold(text), self._folded)

    @cached_property
    def _fold(self) -> Callable[[str], str]:
        return COLLATIONS[self.collation]

    @cached_property
    def _folded(self) -> str:
        return self._fold(self.text)


def needles_of(text: str) -> list[str]:
    """Return the needle of each word that somebody types to search by."""
    words = text.split(maxsplit=MOST_WORDS)[:MOST_WORDS]
    return [word for word in map(needle, words) if word]


def needle(text: str) -> str:
    """Return a folded text that is in the folded form of every text that holds this one.

    That is the longest piece without combining marks: next to more marks they change places.
    """
    folded = fold_search(text.strip())
    if folded.isascii():
        return folded
    bare = "".join(" \0"[unicodedata.combining(char) > 0] for char in folded)
    start, end = max(
        (match.span() for match in re.finditer(r"[^\0]+", bare)),
        key=lambda span: span[1] - span[0],
        default=(0, 0),
    )
    return folded[start:end]
