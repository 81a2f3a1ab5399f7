"""How members of a collection are told: one template for a report, filled from rows.

A member's properties are columns of its row, or the same for every member of a collection (its
owner, what the requester may do), or differ for another reason (`VARYING`): only those make a
resource of each member. Rows are `ResourceRow`, or `Stored` where bytes are told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, Protocol

from groupware.core.resources.queries import ResourceRow
from groupware.dav.names import dav, element
from groupware.dav.properties import LIVE, VARYING
from groupware.dav.properties.dead import dead_of_members
from groupware.dav.properties.getter import http_date, iso_date
from groupware.dav.properties.webdav import content_type
from groupware.dav.queries import Dead
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import MemberForm, quote_path, quote_segment


class Row(Protocol):
    """What every row of a member has."""

    @property
    def href(self) -> str:
        """The last segment of its path."""
        ...

    @property
    def etag(self) -> str:
        """Its entity tag."""
        ...


class EtagRow(NamedTuple):
    """A member of which nothing but its entity tag is told."""

    href: str
    etag: str


Column = Callable[[Any], bytes]
ETAG: Final = dav("getetag")
COLUMNS: Final[Mapping[str, Column]] = {
    ETAG: lambda row: b'"%b"' % row.etag.encode(),
    dav("getcontenttype"): lambda row: content_type(row.component).encode(),
    dav("getcontentlength"): lambda row: b"%d" % row.size,
    dav("getlastmodified"): lambda row: http_date(row.changed_at),
    dav("creationdate"): lambda row: iso_date(row.created_at),
}
"""What a `ResourceRow` tells."""
STORED: Final[Mapping[str, Column]] = {
    **COLUMNS,
    dav("getcontentlength"): lambda row: b"%d" % len(row.data),
}
"""What a `Stored` tells, but for its data."""
_SAMPLE: Final = ResourceRow(0, "sample", "", "", None, 0, 0, 0, 0)


def varies(names: Iterable[str]) -> bool:
    """Tell whether a property is among them that no template can tell."""
    return not VARYING.isdisjoint(names)


def needs_etags_alone(names: Iterable[str]) -> bool:
    """Tell whether (href, etag) of members is all that is needed to tell these."""
    return COLUMNS.keys() & {*names} <= {ETAG}


def write_members(
    place: Resource,
    rows: Sequence[Row],
    names: Sequence[str],
    columns: Mapping[str, Column],
    request: Request,
    *,
    tells_missing: bool = True,
) -> bytes:
    """Return the responses of members, of whom no name `varies`. Hot: nothing is made per row."""
    found, missing = _elements(place, names, columns, request)
    dead = _read_dead(place, missing if tells_missing else None)
    told = [name for name in names if name in columns]
    tells_missing = tells_missing and not request.is_minimal
    pieces = []
    for held, some in _by_dead(rows, dead):
        also = [value.encode().replace(b"%", b"%%") for value in held.values()]
        lacking = [element(name) for name in missing if name not in held] if tells_missing else ()
        form = MemberForm(base_of(place), [*found, *also], lacking)
        values = [[columns[name](row) for row in some] for name in told]
        pieces.append(form.fill([quote_segment(row.href) for row in some], *values))
    return b"".join(pieces)


def _read_dead(place: Resource, names: Sequence[str] | None) -> Mapping[str, Dead]:
    """Return the dead properties of members that are asked for, all of them where None is."""
    return dead_of_members(place, names) if names is None or names else {}


def _by_dead(rows: Sequence[Row], dead: Mapping[str, Dead]) -> Iterator[tuple[Dead, Sequence[Row]]]:
    """Yield the rows without dead properties together, and each of the others with its own."""
    if not dead:
        yield {}, rows
        return
    yield {}, [row for row in rows if row.href not in dead]
    for row in rows:
        if row.href in dead:
            yield dead[row.href], [row]


def _elements(
    place: Resource, names: Sequence[str], columns: Mapping[str, Column], request: Request
) -> tuple[list[bytes], list[str]]:
    """Return the elements of a template, and the names of what it does not tell."""
    found: list[bytes] = []
    missing: list[str] = []
    sample = as_resource(place, _SAMPLE)
    for name in names:
        get = None if name in columns else LIVE.get(name)
        value = get(sample, request) if get is not None else None
        if name in columns:
            found.append(element(name, b"%b"))
        elif value is not None:
            found.append(element(name, value).replace(b"%", b"%%"))
        else:
            missing.append(name)
    return found, missing


def as_resource(place: Resource, row: ResourceRow) -> Resource:
    """Return a member as a resource of its own, for properties that need more than the row."""
    path = collection_path(place) + row.href
    return replace(place, kind=Kind.OBJECT, path=path, row=row, segment=row.href)


def collection_path(place: Resource) -> str:
    """Return the path of the collection that a place is or lies in."""
    return place.path[: place.path.rindex("/") + 1]


def base_of(place: Resource) -> bytes:
    """Return the beginning of the hrefs of members, quoted."""
    return quote_path(collection_path(place))
