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
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "use", "rect", "path", "wbr"})
_SAID = ("aria-label", "title", "alt", "placeholder", "data-label")
_COMMAND = re.compile(r"`[^`]*`|\b\S+@\S+|https?://\S+|/\S+|\b\w+(?:-\w+)+")
_WORD = re.compile(r"[a-z']+")


class _Texts(HTMLParser):
    """Collects what a person reads, and what is read to one."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._around: list[tuple[str, bool]] = []

    @property
    def _is_said(self) -> bool:
        return not any(is_unsaid for _tag, is_unsaid in self._around)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        is_unsaid = tag in _UNSAID or held.get("lang") == "en"
        if self._is_said and not is_unsaid:
            self.texts += [value for name in _SAID if (value := held.get(name))]
        if tag not in _VOID:
            self._around.append((tag, is_unsaid))

    def handle_endtag(self, tag: str) -> None:
        while self._around and self._around.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._is_said and data.strip():
            self.texts.append(" ".join(data.split()))


def english_in(html: str) -> list[str]:
    """Return the texts of a page that are English and are not said to be."""
    found = _Texts()
    found.feed(html)
    return [text for text in found.texts if is_english(text)]


def is_english(text: str) -> bool:
    """Whether a text has words that are English alone; what commands and addresses say is none."""
    return not _ENGLISH.isdisjoint(_WORD.findall(_COMMAND.sub(" ", text.lower())))
