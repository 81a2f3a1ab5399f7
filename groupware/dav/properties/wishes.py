"""What a client asks to be set: by PROPPATCH, and when it makes a collection. Parsing only.

RFC 4918 §9.2, RFC 4791 §5.3.1, RFC 5689 §3: a table for each kind of resource, from a property to
what reads its value. Names that are in no table are protected where the server gives them a
meaning, and dead everywhere else.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.timezones import make_timezone, read_timezone
from calendar_app.ical.values import BadValue, parse_duration
from calendar_app.services.calendars import COMPONENTS, CalendarSettings
from groupware.core import limits
from groupware.core.fetching import FetchFailed, check_url
from groupware.core.resources.collections import (
    MAX_COLOR,
    MAX_DESCRIPTION,
    MAX_DISPLAY_NAME,
    POSITIONS,
    Face,
)
from groupware.dav.models.properties import MAX_NAME
from groupware.dav.names import XML, apple, caldav, calserver, carddav, dav, write_tree
from groupware.dav.properties import LIVE

PROTECTED: Final = dav("cannot-modify-protected-property")
MAX_SOURCE: Final = 2_000
MAX_REFRESH: Final = 366 * 24 * 3_600
_LANGUAGE: Final = f"{{{XML}}}lang"
_RESERVED: Final = frozenset(LIVE) | frozenset(
    map(
        dav,
        (
            "acl",
            "acl-restrictions",
            "alternate-URI-set",
            "group",
            "group-member-set",
            "group-membership",
            "inherited-acl-set",
            "lockdiscovery",
            "resource-id",
            "supportedlock",
            "supported-privilege-set",
        ),
    )
)
"""What has a meaning for the server, whether or not a resource has it."""


class Refused(Exception):
    """A property cannot be set to this: a status, a condition where there is one, and why."""

    def __init__(self, status: int, text: str, condition: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.condition = condition


@dataclass(slots=True)
class Wishes:
    """What is asked for: columns of a face and of a calendar's settings, and dead properties.

    A dead property without a value is to be removed. `components` and `types` are asked for only
    when a collection is made, `members` of a group of delegates: the texts of its hrefs.
    """

    face: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    dead: dict[str, str | None] = field(default_factory=dict)
    components: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    members: tuple[str, ...] = ()

    def as_face(self) -> Face:
        """Return what a collection is to show."""
        return Face(**self.face)

    def as_settings(self) -> CalendarSettings:
        """Return how a calendar is to behave."""
        return CalendarSettings(**self.settings)


Setter = Callable[[Wishes, ET.Element | None], None]
"""Notes what an element asks for, None where it is to be removed; raises `Refused`."""
Table = Mapping[str, Setter]


def instructions(root: ET.Element) -> Iterator[tuple[ET.Element, bool]]:
    """Yield (property, whether to set it) in the order of the document (RFC 4918 §9.2)."""
    for child in root:
        if child.tag in (dav("set"), dav("remove")):
            for prop in child.iter(dav("prop")):
                for element in prop:
                    _inherit_language(element, prop, child, root)
                    yield element, child.tag == dav("set")


def _inherit_language(element: ET.Element, *above: ET.Element) -> None:
    """Keep the language that an element has from those around it (RFC 4918 §4.3)."""
    for outer in above:
        if _LANGUAGE not in element.attrib and _LANGUAGE in outer.attrib:
            element.set(_LANGUAGE, outer.attrib[_LANGUAGE])


def note(wishes: Wishes, table: Table, element: ET.Element, *, is_set: bool) -> None:
    """Note one instruction; raises `Refused`."""
    name = str(element.tag)
    setter = table.get(name)
    if setter is not None:
        setter(wishes, element if is_set else None)
    elif name in _RESERVED:
        raise Refused(403, "The server keeps this property itself.", PROTECTED)
    else:
        wishes.dead[name] = serialize(element) if is_set else None


def serialize(element: ET.Element) -> str:
    """Return an element as XML that stands inside an answer; raises `Refused`."""
    if len(str(element.tag)) > MAX_NAME:
        raise Refused(403, f"A property's name has at most {MAX_NAME} characters.")
    value = write_tree(element)
    if len(value) > (most := limits.DAV_PROPERTY.value):
        raise Refused(507, f"A property has at most {most} octets.")
    return value.decode()


def _text(element: ET.Element | None, most: int) -> str:
    text = "".join(element.itertext()).strip() if element is not None else ""
    if len(text) > most:
        raise Refused(409, f"The property has at most {most} characters.")
    return text


def _set_name(wishes: Wishes, element: ET.Element | None) -> None:
    wishes.face["display_name"] = _text(element, MAX_DISPLAY_NAME)


def _set_description(wishes: Wishes, element: ET.Element | None) -> None:
    wishes.face["description"] = _text(element, MAX_DESCRIPTION)


def _set_color(wishes: Wishes, element: ET.Element | None) -> None:
    wishes.face["color"] = _text(element, MAX_COLOR)


def _set_order(wishes: Wishes, element: ET.Element | None) -> None:
    text = _text(element, 20) if element is not None else str(POSITIONS[0])
    number = int(text) if text.lstrip("-").isdecimal() and text.isascii() else None
    if number is None or number not in POSITIONS:
        raise Refused(409, f"The order is a number from 0 to {POSITIONS[-1]}.")
    wishes.face["position"] = number


def _set_timezone(wishes: Wishes, element: ET.Element | None) -> None:
    """Set the zone by its rules; its name follows (RFC 7809 §5.2)."""
    text = "".join(element.itertext()) if element is not None else ""
    if len(text.encode()) > (most := limits.DAV_PROPERTY.value):
        raise Refused(507, f"A property has at most {most} octets.")
    try:
        tzid = read_timezone(text.strip().encode()) if text.strip() else ""
    except InvalidObject as error:
        raise Refused(403, error.text, caldav(error.precondition)) from error
    wishes.settings |= {"timezone": text if tzid else "", "tzid": tzid[:255]}


def _set_timezone_id(wishes: Wishes, element: ET.Element | None) -> None:
    """Set the zone by its name; its rules follow (RFC 7809 §5.2)."""
    tzid = _text(element, 255)
    try:
        timezone = make_timezone(tzid) if tzid else ""
    except InvalidObject as error:
        raise Refused(403, error.text, caldav(error.precondition)) from error
    wishes.settings |= {"timezone": timezone, "tzid": tzid}


def _set_transparency(wishes: Wishes, element: ET.Element | None) -> None:
    is_transparent = element is not None and element.find(caldav("transparent")) is not None
    wishes.settings["is_transparent"] = is_transparent


def _set_source(wishes: Wishes, element: ET.Element | None) -> None:
    """Set where a subscribed calendar comes from; without it the calendar is one's own again."""
    found = _text(element, MAX_SOURCE)
    try:
        wishes.settings["source"] = check_url(found) if found else ""
    except FetchFailed as error:
        raise Refused(409, str(error)) from error


def _set_refresh_rate(wishes: Wishes, element: ET.Element | None) -> None:
    try:
        seconds = parse_duration(_text(element, 40)).total if element is not None else 0
    except BadValue as error:
        raise Refused(409, str(error)) from error
    if not 0 <= seconds <= MAX_REFRESH:
        raise Refused(409, "A calendar is refreshed at least once in a year.")
    wishes.settings["source_seconds"] = seconds


def _set_components(wishes: Wishes, element: ET.Element | None) -> None:
    found = element.findall(caldav("comp")) if element is not None else []
    names = [comp.get("name", "").upper() for comp in found]
    if not names or not set(names) <= set(COMPONENTS):
        condition = caldav("supported-calendar-component")
        raise Refused(409, f"A calendar holds {', '.join(COMPONENTS)}.", condition)
    wishes.components = tuple(names)


def _set_types(wishes: Wishes, element: ET.Element | None) -> None:
    wishes.types = frozenset(str(child.tag) for child in (element if element is not None else ()))


def _set_members(wishes: Wishes, element: ET.Element | None) -> None:
    found = element.findall(dav("href")) if element is not None else []
    if len(found) > (most := limits.DAV_ACES.value):
        raise Refused(403, f"An account has at most {most} delegates of a kind.")
    wishes.members = tuple((href.text or "").strip() for href in found)


OF_CALENDAR: Final[Table] = {
    dav("displayname"): _set_name,
    caldav("calendar-description"): _set_description,
    caldav("calendar-timezone"): _set_timezone,
    caldav("calendar-timezone-id"): _set_timezone_id,
    caldav("schedule-calendar-transp"): _set_transparency,
    calserver("source"): _set_source,
    apple("refreshrate"): _set_refresh_rate,
    apple("calendar-color"): _set_color,
    apple("calendar-order"): _set_order,
}
OF_ADDRESS_BOOK: Final[Table] = {
    dav("displayname"): _set_name,
    carddav("addressbook-description"): _set_description,
    apple("calendar-color"): _set_color,
    apple("calendar-order"): _set_order,
}
OF_DELEGATES: Final[Table] = {dav("group-member-set"): _set_members}
OF_OTHERS: Final[Table] = {}
"""Of principals and members: all that can be set is dead."""
WHEN_MADE: Final[Table] = {
    caldav("supported-calendar-component-set"): _set_components,
    dav("resourcetype"): _set_types,
}
"""What besides can be asked for when a collection is made, and never again."""
