"""How members of a collection are told: one template for a report, filled from rows.

A member's properties are columns of its row, or the same for every member of a collection (its
owner, what the requester may do), or differ for another reason (`VARYING`): only those make a
resource of each member. Rows are `ResourceRow`, or `Stored` where bytes are told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from groupware.core import limits
from groupware.core.resources.queries import ResourceRow
from groupware.dav.errors import DavError
from groupware.dav.names import dav, element
from groupware.dav.properties import LIVE, VARYING
from groupware.dav.properties.dead import dead_of_members
from groupware.dav.properties.getter import http_date, iso_date
from groupware.dav.properties.webdav import content_type
from groupware.dav.queries import Dead
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import MemberForm, quote_path, quote_segments

Column = Callable[[Sequence[Any]], list[bytes]]
"""Returns the values of a property, one for each row."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A form of rows: what tells the hrefs of some, and which properties are columns of theirs."""

    hrefs: Callable[[Sequence[Any]], list[str]]
    columns: Mapping[str, Column]

    def having(self, name: str, column: Column) -> "Shape":
        """Return the shape with one more column."""
        return Shape(self.hrefs, {**self.columns, name: column})


ETAG: Final = dav("getetag")
_QUOTED: Final = {ETAG: b'"%b"'}
"""What stands around the values of a column."""


def _encoded(etags: Sequence[str]) -> list[bytes]:
    return "\n".join(etags).encode().split(b"\n")


def _types(rows: Sequence[Any]) -> list[bytes]:
    known = {name: content_type(name).encode() for name in {row.component for row in rows}}
    return [known[row.component] for row in rows]


ROWS: Final = Shape(
    lambda rows: [row.href for row in rows],
    {
        ETAG: lambda rows: _encoded([row.etag for row in rows]),
        dav("getcontenttype"): _types,
        dav("getcontentlength"): lambda rows: [b"%d" % row.size for row in rows],
        dav("getlastmodified"): lambda rows: [http_date(row.changed_at) for row in rows],
        dav("creationdate"): lambda rows: [iso_date(row.created_at) for row in rows],
    },
)
"""`ResourceRow`."""
STORED: Final = ROWS.having(
    dav("getcontentlength"), lambda rows: [b"%d" % len(row.data) for row in rows]
)
"""`Stored`, but for its data."""
ETAGS: Final = Shape(
    lambda rows: [row[0] for row in rows], {ETAG: lambda rows: _encoded([row[1] for row in rows])}
)
"""Pairs of href and entity tag: ten thousand tuples are quicker made than as many of a class."""
_SAMPLE: Final = ResourceRow(0, "sample", "", "", None, 0, 0, 0, 0)


def varies(names: Iterable[str]) -> bool:
    """Tell whether a property is among them that no template can tell."""
    return not VARYING.isdisjoint(names)


def needs_etags_alone(names: Iterable[str]) -> bool:
    """Tell whether (href, etag) of members is all that is needed to tell these."""
    return ROWS.columns.keys() & {*names} <= {ETAG}


def write_members(
    place: Resource,
    rows: Sequence[Any],
    names: Sequence[str],
    shape: Shape,
    request: Request,
    *,
    tells_missing: bool = True,
) -> bytes:
    """Return the responses of members, of whom no name `varies`. Hot: nothing is made per row."""
    if not rows:
        return b""
    found, missing = _elements(place, names, shape, request)
    dead = _read_dead(place, missing if tells_missing else None)
    told = [name for name in names if name in shape.columns]
    tells_missing = tells_missing and not request.is_minimal
    pieces = []
    for held, some in _by_dead(rows, shape, dead):
        also = [value.encode().replace(b"%", b"%%") for value in held.values()]
        lacking = [element(name) for name in missing if name not in held] if tells_missing else ()
        form = MemberForm(base_of(place), [*found, *also], lacking)
        refuse_too_much(form.octets * len(some))
        values = [shape.columns[name](some) for name in told]
        pieces.append(form.fill(quote_segments(shape.hrefs(some)), *values))
    return b"".join(pieces)


def refuse_too_much(octets: int) -> None:
    """Raise `DavError` for more than one answer holds: many properties of many members."""
    if octets > limits.DAV_MULTISTATUS.value:
        text = "Too much would be told at once: ask for fewer properties, or for less."
        raise DavError(507, text, dav("number-of-matches-within-limits"))


def _read_dead(place: Resource, names: Sequence[str] | None) -> Mapping[str, Dead]:
    """Return the dead properties of members that are asked for, all of them where None is."""
    return dead_of_members(place, names) if names is None or names else {}


def _by_dead(
    rows: Sequence[Any], shape: Shape, dead: Mapping[str, Dead]
) -> Iterator[tuple[Dead, Sequence[Any]]]:
    """Yield the rows without dead properties together, and each of the others with its own."""
    if not dead:
        yield {}, rows
        return
    hrefs = shape.hrefs(rows)
    yield {}, [row for row, href in zip(rows, hrefs, strict=True) if href not in dead]
    for row, href in zip(rows, hrefs, strict=True):
        if href in dead:
            yield dead[href], [row]


def _elements(
    place: Resource, names: Sequence[str], shape: Shape, request: Request
) -> tuple[list[bytes], list[str]]:
    """Return the elements of a template, and the names of what it does not tell."""
    found: list[bytes] = []
    missing: list[str] = []
    sample = as_resource(place, _SAMPLE)
    for name in names:
        get = None if name in shape.columns else LIVE.get(name)
        value = get(sample, request) if get is not None else None
        if name in shape.columns:
            found.append(element(name, _QUOTED.get(name, b"%b")))
        elif value is not None:
            found.append(element(name, value).replace(b"%", b"%%"))
        else:
            missing.append(name)
    return found, missing


def as_resource(place: Resource, row: ResourceRow) -> Resource:
    """Return a member as a resource of its own, for properties that need more than the row."""
    path = place.collection_path + row.href
    return replace(place, kind=Kind.OBJECT, path=path, row=row, segment=row.href)


def base_of(place: Resource) -> bytes:
    """Return the beginning of the hrefs of members, quoted."""
    return quote_path(place.collection_path)
