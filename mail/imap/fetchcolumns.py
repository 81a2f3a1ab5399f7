"""FETCH responses of many rows at once, column by column, on a thread of the readers.

For data items that are told by the row, and for whole messages of a usual size: each item becomes
a column of values, or several, and all columns together fill one template for all rows. A tenth of
the time that a call for each item of each row takes; fetching.py does the rest.

Hot: the FETCH benchmarks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import add
from typing import Any, Final, NamedTuple

from groupware.core import blobs
from mail.flags import serialize_flags
from mail.imap import responses
from mail.imap.fetchitems import Attribute, FetchItem, Section, SectionText
from mail.mime.bodystructure import derive_body
from mail.mime.sections import header_filter
from mail.mime.strings import replace_nul
from mail.objectids import email_id, thread_id
from mail.services.content import LISTED_FIELDS, SUMMARY_FIELDS

_SUMMARY: Final = frozenset(SUMMARY_FIELDS)

Columns = Mapping[str, Sequence[Any]]
Render = Callable[[Columns], Sequence[Iterable[Any]]]
"""Makes of a data item's fields what fills its words, a column for each place in them."""


def is_listed(item: FetchItem) -> bool:
    """Tell whether the fields are among those that the row keeps (none of them is a prefix's)."""
    return (
        isinstance(item, Section)
        and item.text is SectionText.HEADER_FIELDS
        and not item.part
        and all(name.lower() in LISTED_FIELDS for name in item.fields)
    )


def is_summary(item: FetchItem) -> bool:
    """Tell whether the fields are just those that the row keeps as they go over the wire."""
    return (
        isinstance(item, Section)
        and item.partial is None
        and is_listed(item)
        and {name.lower() for name in item.fields} == _SUMMARY
    )


def is_whole(item: FetchItem) -> bool:
    """Tell whether the item is the message as it is, from its first octet to its last."""
    return (
        isinstance(item, Section)
        and item.text is SectionText.ALL
        and not item.part
        and item.partial is None
    )


def may_render(items: Iterable[FetchItem]) -> bool:
    """Tell whether every item can be a column."""
    return all(
        isinstance(item, Attribute)
        or (isinstance(item, Section) and item.partial is None and is_listed(item))
        or is_whole(item)
        for item in items
    )


class RowForm(NamedTuple):
    """A response with places to be filled in, and what makes the columns that fill them."""

    template: bytes
    renders: tuple[Render, ...]

    def fill(self, seqs: Sequence[int], columns: Columns) -> bytes:
        """Return the responses of rows, given as columns by the names of their fields."""
        filled = [seqs, *(values for render in self.renders for values in render(columns))]
        flat: list[Any] = [None] * (len(filled) * len(seqs))
        for place, values in enumerate(filled):
            flat[place :: len(filled)] = values
        return self.template * len(seqs) % tuple(flat)

    def fill_each(self, seqs: Sequence[int], columns: Columns) -> list[bytes]:
        """Return the same, each response on its own."""
        values = (values for render in self.renders for values in render(columns))
        return [self.template % row for row in zip(seqs, *values, strict=True)]


def form_of(items: Iterable[FetchItem]) -> RowForm:
    """Return the form of a response with these items."""
    words, renders = zip(*map(_column, items), strict=True)
    return RowForm(b"* %d FETCH (" + b" ".join(words) + b")\r\n", renders)


def _column(item: FetchItem) -> tuple[bytes, Render]:
    if isinstance(item, Attribute):
        return _ATTRIBUTES[item]
    assert isinstance(item, Section)
    label = item.label().replace(b"%", b"%%")
    if is_whole(item):
        return label + b" {%d}\r\n%b%b", _whole
    if is_summary(item):
        return label + b" %b", _as_it_is("summary")
    return label + b" {%d}\r\n%b", _header_fields(item)


def _as_it_is(field: str) -> Render:
    return lambda columns: (columns[field],)


def _by(render: Callable[..., bytes], *fields: str) -> Render:
    return lambda columns: (map(render, *(columns[field] for field in fields)),)


def _flags(columns: Columns) -> tuple[Iterable[bytes]]:
    plain = [serialize_flags(mask, "") for mask in range(32)]
    return (
        [
            serialize_flags(mask, words) if words else plain[mask & 31]
            for mask, words in zip(columns["flags"], columns["keywords"], strict=True)
        ],
    )


def _header_fields(section: Section) -> Render:
    keep = header_filter(section.fields)

    def render(columns: Columns) -> Sequence[Iterable[Any]]:
        fields = [replace_nul(keep(bytes(header))) for header in columns["header_fields"]]
        return map(len, fields), fields

    return render


def _whole(columns: Columns) -> Sequence[Iterable[Any]]:
    prefixes = [replace_nul(bytes(held)) if held else b"" for held in columns["prefix"]]
    bodies = list(map(replace_nul, blobs.read_whole(columns["blob_location"])))
    return map(add, map(len, prefixes), map(len, bodies)), prefixes, bodies


_ATTRIBUTES: Final[Mapping[Attribute, tuple[bytes, Render]]] = {
    Attribute.UID: (b"UID %d", _as_it_is("uid")),
    Attribute.FLAGS: (b"FLAGS (%b)", _flags),
    Attribute.INTERNALDATE: (
        b"INTERNALDATE %b",
        _by(responses.internal_date, "internal_date", "internal_zone"),
    ),
    Attribute.SIZE: (b"RFC822.SIZE %d", _as_it_is("size")),
    Attribute.ENVELOPE: (b"ENVELOPE %b", _as_it_is("envelope")),
    Attribute.BODY: (
        b"BODY %b",
        lambda columns: (map(derive_body, map(bytes, columns["bodystructure"])),),
    ),
    Attribute.BODYSTRUCTURE: (b"BODYSTRUCTURE %b", _as_it_is("bodystructure")),
    Attribute.MODSEQ: (b"MODSEQ (%d)", _as_it_is("modseq")),
    Attribute.EMAILID: (b"EMAILID (%b)", _by(email_id, "email_id")),
    Attribute.THREADID: (b"THREADID (%b)", _by(thread_id, "thread_id")),
}
