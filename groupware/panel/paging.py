"""Pages of lists that never end: each follows by what its link carries, and nothing is counted."""

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest

Row = TypeVar("Row")


class Page(NamedTuple, Generic[Row]):
    """The rows of a page, and the last of them where more follow."""

    rows: Sequence[Row]
    last: Row | None


def cut(rows: Sequence[Row], most: int) -> Page[Row]:
    """Return the page of rows of which one more was asked for than it shows."""
    return Page(rows[:most], rows[most - 1] if len(rows) > most else None)


def read_cursor(request: HttpRequest, name: str, parts: int = 1) -> tuple[int, ...] | None:
    """Return behind what the page begins; None, its beginning, for what no link carried."""
    said = request.GET.get(name, "").split("-")
    if len(said) != parts or not all(each.isdecimal() and len(each) < 19 for each in said):
        return None
    return tuple(map(int, said))


def following(asked: Mapping[str, str], name: str, *cursor: int) -> str:
    """Return the query of the page that follows, for the same question."""
    held = {key: value for key, value in asked.items() if value}
    return urlencode({**held, name: "-".join(map(str, cursor))})
