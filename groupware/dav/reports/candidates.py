"""Which objects a calendar-query may find, from indexes: by time, component, text and UID.

Hot: a time-range on a component, and nothing else, is decided here for good (`Candidates.is_exact`)
and no object is read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from calendar_app.ical.filters import CompFilter, PropFilter
from calendar_app.ical.zones import Zone
from calendar_app.lanes import Span
from calendar_app.queries import find_by_component, find_candidates, find_in_span
from contacts.vcard.matching import needle

_OBJECTS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"})
_SEARCHED: Final = frozenset(
    {"SUMMARY", "LOCATION", "DESCRIPTION", "CATEGORIES", "COMMENT", "CONTACT", "RESOURCES"}
)
"""Properties whose values are in the text that is kept of an object, whole."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The ids of what may be found, ascending; exact where all of it is."""

    resource_ids: list[int]
    is_exact: bool


def find_objects(
    collection_id: int, asked: CompFilter, zone: Zone, *, by_content: bool
) -> Candidates:
    """Return the objects of a calendar that a filter for VCALENDAR may find.

    Without `by_content` nothing is taken away for what is in objects, but for their times and
    kinds: readers may be shown something else. Raises `LimitExceeded`.
    """
    if asked.is_not_defined:
        return Candidates([], is_exact=True)
    parts = [_of_component(collection_id, c, zone, by_content=by_content) for c in asked.comps]
    known = [part for part in parts if part is not None]
    if not known:
        return Candidates(find_candidates(collection_id), is_exact=not asked.comps + asked.props)
    first, *others = known
    common = set(first.resource_ids).intersection(*(part.resource_ids for part in others))
    is_exact = len(known) == len(asked.comps) and all(part.is_exact for part in known)
    return Candidates(sorted(common), is_exact=is_exact and not asked.props)


def _of_component(
    collection_id: int, comp: CompFilter, zone: Zone, *, by_content: bool
) -> Candidates | None:
    """Return what an inner comp-filter leaves; None where no index tells."""
    if comp.is_not_defined or comp.name not in _OBJECTS:
        return None
    found: list[int] | None = None
    if comp.time_range is not None:
        span = Span(comp.time_range.start, comp.time_range.end)
        found = find_in_span([collection_id], span, zone, component=comp.name)
    texts, uids = _needles(comp.props) if by_content else ([], [])
    if texts or uids:
        held = find_candidates(collection_id, component=comp.name, texts=texts, uids=uids)
        found = held if found is None else sorted({*held} & {*found})
    if found is None:
        found = find_by_component(collection_id, comp.name)
    return Candidates(found, is_exact=not comp.props and not comp.comps)


def _needles(props: Iterable[PropFilter]) -> tuple[list[str], list[str]]:
    """Return the folded texts and the pieces of a UID that an object holds which has them all."""
    texts: list[str] = []
    uids: list[str] = []
    for prop in props:
        if prop.text_match is None or prop.text_match.is_negated or prop.is_not_defined:
            continue
        text = prop.text_match.text
        if prop.name in _SEARCHED:
            texts.append(needle(text))
        elif prop.name == "UID" and text.isascii():
            uids.append(text)
    return [text for text in texts if text], [uid for uid in uids if uid]
