"""CALDAV:filter (RFC 4791 §9.7) as conditions of `calendar_app.ical.filters`."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import quoteattr

from calendar_app.ical.filters import CompFilter, ParamFilter, PropFilter, TimeRange
from contacts.vcard.matching import COLLATIONS, MATCH_TYPES, TextMatch
from groupware.dav.errors import DavError
from groupware.dav.names import caldav, element
from groupware.dav.reports.card_filters import MAX_CONDITIONS
from groupware.dav.reports.elements import find_all, local, read_yes
from groupware.dav.reports.times import read_time_range

VALID: Final = caldav("valid-filter")
SUPPORTED: Final = caldav("supported-filter")
COLLATION: Final = caldav("supported-collation")
DEFAULT_COLLATION: Final = "i;ascii-casemap"
_COMP, _PROP, _PARAM = map(caldav, ("comp-filter", "prop-filter", "param-filter"))
_TEXT, _RANGE, _NOT_DEFINED = map(caldav, ("text-match", "time-range", "is-not-defined"))
_CALENDAR: Final = "VCALENDAR"
_PARENTS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY"),
        frozenset({_CALENDAR}),
    ),
    "VALARM": frozenset({"VEVENT", "VTODO"}),
    "STANDARD": frozenset({"VTIMEZONE"}),
    "DAYLIGHT": frozenset({"VTIMEZONE"}),
    "AVAILABLE": frozenset({"VAVAILABILITY"}),
    _CALENDAR: frozenset(),
}
"""Which components hold those that are known; others may be anywhere below VCALENDAR."""
_TIMELESS: Final = frozenset({_CALENDAR, "VTIMEZONE", "STANDARD", "DAYLIGHT"})


def parse_calendar_filter(root: ET.Element) -> CompFilter:
    """Read the filter of a calendar-query; raises `DavError`."""
    found = root.find(caldav("filter"))
    if found is None:
        raise DavError(403, "A calendar-query has a CALDAV:filter.", VALID)
    if sum(1 for _ in found.iter()) > MAX_CONDITIONS:
        raise DavError(403, f"A filter has at most {MAX_CONDITIONS} elements.", SUPPORTED)
    comps = list(found)
    if len(comps) != 1 or comps[0].tag != _COMP or _name(comps[0]).upper() != _CALENDAR:
        raise DavError(403, "A filter holds one comp-filter, for VCALENDAR.", VALID)
    return _parse_comp(comps[0])


def _parse_comp(found: ET.Element) -> CompFilter:
    name = _name(found).upper()
    is_not_defined = _read_not_defined(found)
    _check_children(found, _COMP, _PROP, _RANGE, _NOT_DEFINED)
    comps = tuple(_parse_comp(child) for child in find_all(found, _COMP))
    for comp in comps:
        if name not in _PARENTS.get(comp.name, {name}):
            raise DavError(403, f"There is no {comp.name} in a {name[:60]}.", VALID)
    asked = _read_range(found)
    if asked is not None and name in _TIMELESS:
        raise DavError(403, f"A {name} has no time that a range could be held against.", VALID)
    props = tuple(map(_parse_prop, find_all(found, _PROP)))
    return CompFilter(name, is_not_defined, asked, props, comps)


def _parse_prop(found: ET.Element) -> PropFilter:
    is_not_defined = _read_not_defined(found)
    _check_children(found, _PARAM, _TEXT, _RANGE, _NOT_DEFINED)
    asked, text = _read_range(found), _read_text(found)
    if asked is not None and text is not None:
        raise DavError(403, "A prop-filter has a time-range or a text-match.", VALID)
    params = tuple(map(_parse_param, find_all(found, _PARAM)))
    return PropFilter(_name(found).upper(), is_not_defined, asked, text, params)


def _parse_param(found: ET.Element) -> ParamFilter:
    is_not_defined = _read_not_defined(found)
    _check_children(found, _TEXT, _NOT_DEFINED)
    return ParamFilter(_name(found).upper(), is_not_defined, _read_text(found))


def _read_range(found: ET.Element) -> TimeRange | None:
    ranges = find_all(found, _RANGE)
    if len(ranges) > 1:
        raise DavError(403, f"A {local(found)} has one time-range.", VALID)
    return read_time_range(ranges[0], VALID) if ranges else None


def _read_text(found: ET.Element) -> TextMatch | None:
    texts = find_all(found, _TEXT)
    if len(texts) > 1:
        raise DavError(403, f"A {local(found)} has one text-match.", VALID)
    return _parse_text(texts[0]) if texts else None


def _parse_text(found: ET.Element) -> TextMatch:
    collation = found.get("collation", DEFAULT_COLLATION)
    collation = DEFAULT_COLLATION if collation == "default" else collation
    if collation not in COLLATIONS:
        text = f"Texts are compared by {', '.join(COLLATIONS)}, not by {collation[:100]}."
        raise DavError(403, text, COLLATION)
    # CardDAV's attribute, which some clients send here too.
    match_type = found.get("match-type", "contains")
    if match_type not in MATCH_TYPES:
        raise DavError(403, f"A match-type is one of {', '.join(MATCH_TYPES)}.", VALID)
    return TextMatch(found.text or "", collation, match_type, read_yes(found, "negate-condition"))


def _read_not_defined(found: ET.Element) -> bool:
    if found.find(_NOT_DEFINED) is None:
        return False
    if len(found) > 1:
        raise DavError(403, "Beside is-not-defined there is no other condition.", VALID)
    return True


def _name(found: ET.Element) -> str:
    name = found.get("name", "").strip()
    if not name:
        raise DavError(403, f"A {local(found)[:60]} has a name.", VALID)
    return name


def _check_children(found: ET.Element, *names: str) -> None:
    """Refuse a condition that is not known: to pass over it would find too much."""
    for child in found:
        if child.tag in names:
            continue
        name = "".join(char for char in found.get("name", "")[:200] if char >= " ")
        content = element(str(found.tag), attributes=f" name={quoteattr(name)}")
        text = f"A {local(found)} holds no {local(child)[:100]}."
        raise DavError(403, text, SUPPORTED, content=content)
