"""The order of texts: i;unicode-casemap (RFC 5051), by which SORT and THREAD compare.

Search compares by `text.fold_search`, which takes more texts for equal and has no order.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

__all__ = ["casemap"]


def casemap(text: str) -> str:
    """Return the form whose code points are compared: titlecase of each letter, decomposed.

    Code points compare as the octets of their UTF-8 do.
    """
    if text.isascii():
        return text.upper()
    return unicodedata.normalize("NFKD", "".join(map(_title, text)))


@lru_cache(maxsize=4_096)
def _title(char: str) -> str:
    """Return the simple titlecase mapping, which never makes two letters of one (ß stays)."""
    title = char.title()
    return title if len(title) == 1 else char
