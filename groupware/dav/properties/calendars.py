"""Properties of calendars (RFC 4791 §5.2, RFC 7809 §5, Apple's colour and order, subscriptions)."""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import quoteattr

from calendar_app.queries import CalendarInfo
from calendar_app.services.calendars import USUAL_COMPONENTS
from groupware.core import limits
from groupware.dav.names import apple, caldav, calserver, dav, element
from groupware.dav.properties.getter import Getter, text
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource

COLLATIONS: Final = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")
MIN_DATE_TIME: Final = b"00020101T000000Z"
MAX_DATE_TIME: Final = b"99991231T235959Z"


def settings_of(resource: Resource) -> CalendarInfo | None:
    """Return a calendar's own settings."""
    if resource.kind is not Kind.COLLECTION or not resource.is_calendar or resource.info is None:
        return None
    return resource.known.calendar_of(resource.info.collection_id)


def _components(resource: Resource, _request: Request) -> bytes | None:
    held = settings_of(resource)
    if held is None:
        return None
    names = held.components or USUAL_COMPONENTS
    return b"".join(element(caldav("comp"), attributes=f" name={quoteattr(n)}") for n in names)


def _supported_data(resource: Resource, _request: Request) -> bytes | None:
    if not resource.is_calendar:
        return None
    kind = ' content-type="text/calendar" version="2.0"'
    return element(caldav("calendar-data"), attributes=kind)


def _description(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind is not Kind.COLLECTION or not resource.is_calendar or resource.info is None:
        return None
    return text(resource.info.description) or None


def _timezone(resource: Resource, _request: Request) -> bytes | None:
    held = settings_of(resource)
    return text(held.timezone) if held is not None and held.timezone else None


def _timezone_id(resource: Resource, _request: Request) -> bytes | None:
    held = settings_of(resource)
    return text(held.tzid) if held is not None and held.tzid else None


def _max_size(resource: Resource, _request: Request) -> bytes | None:
    return b"%d" % limits.RESOURCE_SIZE.value if resource.is_calendar else None


def _min_date(resource: Resource, _request: Request) -> bytes | None:
    return MIN_DATE_TIME if resource.is_calendar else None


def _max_date(resource: Resource, _request: Request) -> bytes | None:
    return MAX_DATE_TIME if resource.is_calendar else None


def _collations(resource: Resource, _request: Request) -> bytes | None:
    if not resource.is_calendar:
        return None
    return b"".join(element(caldav("supported-collation"), name.encode()) for name in COLLATIONS)


def _color(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind is not Kind.COLLECTION:
        return None
    return text(resource.face.color) or None


def _order(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind is not Kind.COLLECTION or resource.face.position < 0:
        return None
    return b"%d" % resource.face.position


def _transparency(resource: Resource, _request: Request) -> bytes | None:
    held = settings_of(resource)
    if held is None:
        return None
    return element(caldav("transparent" if held.is_transparent else "opaque"))


def _source(resource: Resource, _request: Request) -> bytes | None:
    """Return where a subscribed calendar comes from, to its owner: it may hold a secret."""
    held = settings_of(resource)
    if held is None or not held.source or not resource.access.is_owner:
        return None
    return element(dav("href"), text(held.source))


def _refresh_rate(resource: Resource, _request: Request) -> bytes | None:
    held = settings_of(resource)
    return b"PT%dS" % held.source_seconds if held is not None and held.source_seconds else None


PROPERTIES: Final[Mapping[str, Getter]] = {
    caldav("supported-calendar-component-set"): _components,
    caldav("supported-calendar-data"): _supported_data,
    caldav("calendar-description"): _description,
    caldav("calendar-timezone"): _timezone,
    caldav("calendar-timezone-id"): _timezone_id,
    caldav("max-resource-size"): _max_size,
    caldav("min-date-time"): _min_date,
    caldav("max-date-time"): _max_date,
    caldav("supported-collation-set"): _collations,
    caldav("schedule-calendar-transp"): _transparency,
    calserver("source"): _source,
    apple("refreshrate"): _refresh_rate,
    apple("calendar-color"): _color,
    apple("calendar-order"): _order,
}
