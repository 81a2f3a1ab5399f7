"""When people are busy: of each, over all of his calendars that count, and nothing else of them.

Hot: from the occurrence table. Who may read a calendar, or holds `free-busy` on it or on all of its
owner's, is told; of the others nothing.
"""

from collections.abc import Iterator, Sequence

from calendar_app.ical.availability import unavailable_periods
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.freebusy import Period, merge_periods
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.ical.recurrence import Fuel, OutOfFuel
from calendar_app.ical.zones import Zone
from calendar_app.lanes import Span
from calendar_app.queries.calendars import CalendarInfo, list_calendars
from calendar_app.queries.spans import FUEL_OF_A_QUERY, busy_periods, find_in_span
from calendar_app.services.objects import object_limits
from groupware.core import db, rights
from groupware.core.errors import LimitExceeded, NotAllowed
from groupware.core.holdings import find_owner
from groupware.core.models import CollectionRole
from groupware.core.resources.queries import read_by_ids, room_for_data

MOST_OCTETS = 32 << 20
"""Octets of availabilities that are read for one answer."""
_UNCOUNTED = (CollectionRole.BIRTHDAYS.value, CollectionRole.SUBSCRIBED.value)


def busy_of(reader_id: int, owner_id: int, span: Span, zone: Zone) -> list[Period]:
    """Return when somebody is busy within a span, merged, as a reader may know it.

    Floating times are in `zone`. Raises `NotAllowed` where no calendar of his may be asked about,
    `LimitExceeded` where too much is looked through. In the caller's snapshot.
    """
    calendars = _counted(reader_id, owner_id)
    if not calendars:
        raise NotAllowed("Nobody lets you know when they are busy.")
    ids = [held.collection_id for held in calendars if not held.is_transparent]
    if not ids:
        return []
    periods = [Period(*period) for period in busy_periods(ids, span, zone)]
    told = [held.collection_id for held in calendars if "VAVAILABILITY" in held.components]
    if told := [key for key in told if key in ids]:
        found = find_in_span(told, span, zone, component="VAVAILABILITY")
        try:
            fuel = Fuel(FUEL_OF_A_QUERY)
            periods += unavailable_periods(_read(found), *span, zone=zone, fuel=fuel)
        except OutOfFuel:
            raise LimitExceeded("Too much repeats: ask for an earlier time.") from None
    return merge_periods(periods, *span)


def _counted(reader_id: int, owner_id: int) -> list[CalendarInfo]:
    """Return the calendars that tell when their owner is busy, and that may be asked about."""
    calendars = list_calendars(owner_id)
    condition, params = db.in_list("collection_id", list(calendars))
    rows = db.fetch_rows(
        f"SELECT collection_id, role FROM core_resourcecollection WHERE {condition}", params
    )
    counted = [calendars[key] for key, role in rows if role not in _UNCOUNTED]
    if reader_id == owner_id:
        return counted
    owner = find_owner(reader_id, owner_id)
    if owner is None:
        return []
    found = []
    for held in counted:
        granted = rights.on_calendar(owner.rights_on(held.collection_id))
        if "r" in granted or "free-busy" in granted:
            found.append(held)
    return found


def _read(resource_ids: Sequence[int]) -> Iterator[CalendarObject]:
    room = room_for_data(MOST_OCTETS)
    found = read_by_ids(resource_ids, room)
    if room.is_full:
        raise LimitExceeded("There is more data than one answer is made of.")
    for stored in found:
        try:
            yield read_object(stored.data, object_limits())
        except InvalidObject:  # put before a limit was lowered
            continue
