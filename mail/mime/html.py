"""HTML to the text that search and previews see. It neither validates nor renders."""

from __future__ import annotations

import re
from html import unescape

__all__ = ["strip_html"]

_HIDDEN = re.compile(r"<(?:(!--)|(script|style|title|template)\b[^>]*+>?)", re.IGNORECASE)
_ENDS = {
    name: re.compile(rf"</{name}\b[^>]*+>?", re.IGNORECASE)
    for name in ("script", "style", "title", "template")
}
_COMMENT_END = re.compile(r"--!?>")
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|big|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)\b[^<>]*+>?",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>?")
# unescape() converts decimal digits with int(), which refuses thousands of them.
_OVERLONG_REFERENCE = re.compile(r"&#[0-9]{8,}+;?")


def strip_html(markup: str) -> str:
    """Return the text of a document without markup, scripts, styles and comments.

    A tag between words becomes a blank, except those of the running text, so that a word
    with one bold letter is still one word. Linear in the length of the text.
    """
    shown = "".join(_visible(markup)) if _HIDDEN.search(markup) else markup
    text = _TAG.sub(" ", _INLINE_TAG.sub("", shown))
    if "&" not in text:
        return text
    return unescape(_OVERLONG_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", text))


def _visible(markup: str) -> list[str]:
    pieces: list[str] = []
    position = 0
    while match := _HIDDEN.search(markup, position):
        pieces.append(markup[position : match.start()])
        closing = _COMMENT_END if match[1] else _ENDS[match[2].lower()]
        end = closing.search(markup, match.end() - (2 if match[1] else 0))
        if end is None:
            return pieces
        position = end.end()
    pieces.append(markup[position:])
    return pieces
