"""Conditional requests (RFC 9110 §13): what a client says of the state it means. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from groupware.dav.errors import DavError

NOT_MODIFIED: Final = 304
_TAG: Final = re.compile(
    r"""\s*+(?:(?P<weak>W/)?"(?P<quoted>[^"\x00-\x20\x7f]*)"|(?P<bare>[^\s",]++))?\s*+(?:,|$)"""
)
"""Nothing is tried twice: a long line of spaces costs by its length."""


class Tag(NamedTuple):
    """An entity tag, without its quotes."""

    opaque: str
    is_weak: bool = False


@dataclass(frozen=True, slots=True)
class Tags:
    """The value of If-Match or If-None-Match; `is_any` is the asterisk."""

    tags: frozenset[Tag] = frozenset()
    is_any: bool = False

    def match_strongly(self, etag: str | None) -> bool:
        """Tell whether it is one of them, and the same octet for octet (RFC 9110 §8.8.3.2)."""
        return etag is not None and (self.is_any or Tag(etag) in self.tags)

    def match_weakly(self, etag: str | None) -> bool:
        """Tell whether it is one of them, weak ones included."""
        return etag is not None and (self.is_any or any(tag.opaque == etag for tag in self.tags))


def parse_tags(text: str) -> Tags:
    """Read a list of entity tags; programs also send them without quotes. Raises `DavError`."""
    if text.strip() == "*":
        return Tags(is_any=True)
    tags, position = set(), 0
    while position < len(text):
        found = _TAG.match(text, position)
        if found is None:
            raise DavError(400, "A condition's entity tags are quoted, with commas between them.")
        if found["quoted"] is not None or found["bare"]:
            tags.add(Tag(found["quoted"] or found["bare"] or "", bool(found["weak"])))
        position = found.end()
    return Tags(frozenset(tags))


def parse_date(text: str) -> int | None:
    """Return a date of HTTP as epoch seconds; None for what is none (RFC 9110 §13.1.3)."""
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions of one request; None where the client set none."""

    match: Tags | None = None
    none_match: Tags | None = None
    unmodified_since: int | None = None
    modified_since: int | None = None

    def check_write(self, etag: str | None, changed_at: int | None) -> None:
        """Raise 412 where what is there is not what the request is for (RFC 9110 §13.2.2)."""
        if self.match is not None:
            if not self.match.match_strongly(etag):
                raise failed()
        elif self.unmodified_since is not None and (
            changed_at is None or changed_at > self.unmodified_since
        ):
            raise failed()
        if self.none_match is not None and self.none_match.match_weakly(etag):
            raise failed()

    def check_read(self, etag: str, changed_at: int | None) -> bool:
        """Tell whether to send it; False: not modified. Raises 412 as `check_write` does."""
        Conditions(self.match, None, self.unmodified_since).check_write(etag, changed_at)
        if self.none_match is not None:
            return not self.none_match.match_weakly(etag)
        return self.modified_since is None or changed_at is None or changed_at > self.modified_since


def read_conditions(header: Callable[[str], str]) -> Conditions:
    """Read the conditions of a request, given its header fields by name; raises `DavError`."""
    match, none_match = header("If-Match"), header("If-None-Match")
    return Conditions(
        parse_tags(match) if match else None,
        parse_tags(none_match) if none_match else None,
        parse_date(header("If-Unmodified-Since")),
        parse_date(header("If-Modified-Since")),
    )


def failed() -> DavError:
    """Return the refusal of a request whose condition does not hold."""
    return DavError(412, "What is there is not what the request was made for: read it again.")
