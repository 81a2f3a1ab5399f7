"""Pages of a list, by keyset: a cursor says behind which item the next page begins.

What comes and goes meanwhile moves nothing: no item is told twice or left out for it. Every page
tells the state that the first one was read at, from which `since=` goes on.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from groupware.rest.errors import WrongFields
from groupware.rest.tokens import BadToken, pack, unpack

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
"""Items of one page."""

T = TypeVar("T")
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that is asked for: at most `limit` items, those behind `after`.

    `state` is that of the first page, "" on the first page itself.
    """

    limit: int = DEFAULT_LIMIT
    after: Key | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What a list answers: items, and where to go on.

    Without `since`: `next` leads to the next page, and is None on the last. With it, `removed` are
    the ids of what is gone, and `more` says that `state` has to be asked again at once.
    """

    items: Sequence[T]
    state: str
    next: str | None = None
    removed: Sequence[str] = field(default=())
    more: bool = False


def read_window(limit: int, cursor: str, kinds: Sequence[type]) -> Window:
    """Return the window of a request; `kinds` are the types of the key's values.

    Raises `WrongFields` for a cursor of another list.
    """
    if not cursor:
        return Window(limit)
    try:
        after, state = unpack(cursor)
        is_good = isinstance(state, str) and _is_key(after, kinds)
    except (BadToken, TypeError, ValueError):
        is_good = False
    if not is_good:
        raise WrongFields({"/cursor": "It is no cursor of this list: begin anew."})
    return Window(limit, tuple(after), state)


def _is_key(after: Any, kinds: Sequence[type]) -> bool:
    """Tell whether it may be a key: of the right types, and nothing that no database takes."""
    if not isinstance(after, list) or [type(value) for value in after] != list(kinds):
        return False
    return not any(map(_is_strange, after))


def _is_strange(value: object) -> bool:
    if isinstance(value, int):
        return not -(1 << 63) <= value < 1 << 63
    return isinstance(value, str) and ("\0" in value or not _is_utf8(value))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def page_of(rows: Sequence[T], window: Window, key: Callable[[T], Key], state: str) -> Page[T]:
    """Return the page of rows that a query found behind `window.after`, one more than its limit.

    `state` is the list's as of these rows: told on the first page, and carried on from there.
    """
    state = window.state or state
    items = rows[: window.limit]
    more = len(rows) > window.limit
    return Page(items, state, pack([key(items[-1]), state]) if more else None)


def page_of_all(rows: Sequence[T], window: Window, key: Callable[[T], Key], state: str) -> Page[T]:
    """Return the page of a whole list that is in memory, in the order of its keys."""
    first = 0 if window.after is None else bisect_right(rows, window.after, key=key)
    return page_of(rows[first : first + window.limit + 1], window, key, state)
