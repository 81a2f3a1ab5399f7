"""What a FETCH needs of the rows: decided before anything is read, once for a kind of FETCH. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from mail.imap.contents import FILTERED
from mail.imap.fetchcolumns import RowForm, form_of, is_listed, is_summary, may_render
from mail.imap.fetchitems import Attribute, Binary, FetchItem, Section, SectionText

NARROW_ROWS: Final = 20_000
METADATA_ROWS: Final = 1_000
WHOLE_ROWS: Final = 250
CONTENT_ROWS: Final = 100
"""Rows of one crossing to the store: flags and numbers; what describes a message; whole messages;
content of any kind."""
PLANS: Final = 128
"""Kinds of FETCH whose plans are kept."""
LIGHT_SECTIONS: Final = 8
"""Sections of a message that are read in the event loop's own thread."""


@dataclass(frozen=True)
class FetchPlan:
    """What a FETCH needs of the rows, and how each item is made of them."""

    items: tuple[FetchItem, ...]
    fields: tuple[str, ...]
    sections: bool
    sets_seen: bool
    changed_since: int
    by_column: bool

    @cached_property
    def form(self) -> RowForm:
        """Return the form of responses that are made by column."""
        return form_of(self.items)

    @cached_property
    def binaries(self) -> list[Binary]:
        """Return the items that are decoded."""
        return [item for item in self.items if isinstance(item, Binary)]

    @cached_property
    def rows(self) -> int:
        """Return how many rows one crossing reads."""
        if self.sections:
            return WHOLE_ROWS if self.by_column else CONTENT_ROWS
        return METADATA_ROWS if self.wide else NARROW_ROWS

    @cached_property
    def wide(self) -> list[int]:
        """Return the places of fields that a sender can make large."""
        return [place for place, field in enumerate(self.fields) if field in _WIDE]

    @cached_property
    def is_light(self) -> bool:
        """Tell whether few messages take little time, whatever they are.

        Not where something is decoded, or taken apart that a sender can make large.
        """
        sections = [item for item in self.items if isinstance(item, Section)]
        filtered = any(item.text in FILTERED and not is_listed(item) for item in sections)
        is_derived = Attribute.BODY in self.items
        return len(sections) <= LIGHT_SECTIONS and not (filtered or is_derived or self.binaries)


FIELDS: Final[dict[Attribute, tuple[str, ...]]] = {
    Attribute.UID: (),
    Attribute.FLAGS: ("flags", "keywords"),
    Attribute.INTERNALDATE: ("internal_date", "internal_zone"),
    Attribute.SIZE: ("size",),
    Attribute.ENVELOPE: ("envelope",),
    Attribute.BODY: ("bodystructure",),
    Attribute.BODYSTRUCTURE: ("bodystructure",),
    Attribute.MODSEQ: ("modseq",),
    Attribute.EMAILID: ("email_id",),
    Attribute.THREADID: ("thread_id",),
}
_WIDE: Final = frozenset({"envelope", "bodystructure", "header_fields", "summary"})
CONTENT: Final = ("parts", "prefix_size", "prefix", "blob_location")
WHOLE: Final = ("prefix", "blob_location", "blob_size")


def plan_fetch(
    items: Iterable[FetchItem], *, by_uid: bool, changed_since: int | None, sets_seen: bool
) -> FetchPlan:
    """Return the plan: UID FETCH tells UIDs, CHANGEDSINCE mod-sequences, asked for or not.

    Hot for clients that fetch messages one by one: they ask for the same of each.
    """
    return _plan(tuple(items), by_uid, changed_since, sets_seen)


@lru_cache(maxsize=PLANS)
def _plan(
    items: tuple[FetchItem, ...],
    by_uid: bool,  # noqa: FBT001 (the key of a cache)
    changed_since: int | None,
    sets_seen: bool,  # noqa: FBT001
) -> FetchPlan:
    wanted = dict.fromkeys(items)
    if by_uid:
        wanted = {Attribute.UID: None, **wanted}
    if changed_since is not None:
        wanted[Attribute.MODSEQ] = None
    sections = [item for item in wanted if isinstance(item, Section | Binary)]
    sets_seen = sets_seen and any(not section.peek for section in sections)
    fields = {"uid": None}
    for item in wanted:
        fields.update(dict.fromkeys(_fields_of(item)))
    if sets_seen:
        fields.update(dict.fromkeys(FIELDS[Attribute.FLAGS]))
    content = any(not is_listed(section) for section in sections)
    by_column = not sets_seen and may_render(wanted)
    return FetchPlan(
        tuple(wanted), tuple(fields), content, sets_seen, changed_since or 0, by_column
    )


def _fields_of(item: FetchItem) -> tuple[str, ...]:
    if isinstance(item, Attribute):
        return FIELDS[item]
    if is_listed(item):
        return ("summary",) if is_summary(item) else ("header_fields",)
    return WHOLE if is_of_whole(item) else CONTENT


def is_of_whole(item: FetchItem) -> bool:
    """Tell whether it is the message or a cut of it, of which nothing but its size is known."""
    return isinstance(item, Section) and item.text is SectionText.ALL and not item.part
