"""What of a page is English: found by its words, whatever made them."""

import re
from html.parser import HTMLParser

_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "with",
        "this",
        "that",
        "these",
        "from",
        "not",
        "there",
        "your",
        "you",
        "its",
        "any",
        "to",
        "by",
        "for",
        "which",
        "what",
        "who",
        "already",
        "cannot",
        "must",
        "be",
        "been",
        "it",
        "as",
        "at",
        "only",
    ]
)
"""Words that English cannot do without, and that no Italian sentence has."""
_UNSAID = frozenset({"script", "style", "code", "pre", "svg", "kbd"})
_SAID = ("aria-label", "title", "alt", "placeholder", "data-label")
_COMMAND = re.compile(r"`[^`]*`|\b\S+@\S+|https?://\S+|/\S+")
_WORD = re.compile(r"[a-z']+")


class _Texts(HTMLParser):
    """Collects what a person reads, and what is read to one."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._unsaid = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unsaid += tag in _UNSAID
        self.texts += [value for name, value in attrs if name in _SAID and value]

    def handle_endtag(self, tag: str) -> None:
        self._unsaid -= tag in _UNSAID

    def handle_data(self, data: str) -> None:
        if not self._unsaid and data.strip():
            self.texts.append(" ".join(data.split()))


def english_in(html: str) -> list[str]:
    """Return the texts of a page that are English."""
    found = _Texts()
    found.feed(html)
    return [text for text in found.texts if is_english(text)]


def is_english(text: str) -> bool:
    """Whether a text has words that are English alone; what commands and addresses say is none."""
    return not _ENGLISH.isdisjoint(_WORD.findall(_COMMAND.sub(" ", text.lower())))
