"""Putting and removing calendar objects. What is put is read and expanded before any lock.

Copying and moving are `placing`'s.
"""

from dataclasses import dataclass

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.objects import ObjectLimits, read_object
from calendar_app.services.occurrences import (
    PRIVATE,
    Holder,
    ObjectIndex,
    check_repeats,
    forget_index,
    insert_index,
    make_index,
    next_horizon,
    replace_index,
)
from groupware.core import db, limits
from groupware.core.errors import NotAllowed, Stale
from groupware.core.models import CollectionRole
from groupware.core.resources.items import (
    Check,
    Content,
    Written,
    anything,
    leave_tombstone,
    put_resource,
    remove_resource,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An object that was read and is ready to be put: its bytes, and what the tables keep."""

    content: Content
    index: ObjectIndex


def prepare_object(data: bytes) -> Prepared:
    """Read an object and find its occurrences, outside of any transaction.

    Raises `InvalidObject`, which names the precondition that the data fails (RFC 4791 §5.3.2.1).
    """
    found = read_object(data, object_limits())
    return Prepared(
        Content(data, found.ical_uid, found.component), make_index(found, next_horizon())
    )


def object_limits() -> ObjectLimits:
    """Return what an object of this installation may have."""
    return ObjectLimits(
        max_octets=limits.RESOURCE_SIZE.value,
        max_overrides=limits.CALENDAR_INSTANCES.value,
        max_attendees=limits.CALENDAR_ATTENDEES.value,
    )


def put_object(
    account_id: int,
    collection_id: int,
    href: str,
    prepared: Prepared,
    *,
    check: Check = anything,
) -> Written:
    """Store an object at an href of the account's calendar, new or over what is there.

    One transaction with all that is known of it. Raises `InvalidObject` where the calendar does not
    take the component, `NotAllowed` for a calendar that the server fills itself, `LimitExceeded`
    where too much repeats, and what `put_resource` raises.
    """
    with db.write_transaction():
        is_open = _check_open_first(check, collection_id, prepared.content.component)
        written = store_object(account_id, collection_id, href, prepared, check=is_open)
        check_repeats(account_id, [prepared.index])
        return written


def store_object(
    account_id: int,
    collection_id: int,
    href: str,
    prepared: Prepared,
    *,
    check: Check = anything,
) -> Written:
    """Store an object whatever the calendar is: what the server itself fills calendars by.

    Raises what `put_resource` raises.
    """
    with db.write_transaction():
        written = put_resource(account_id, collection_id, href, prepared.content, check=check)
        if written.is_changed:
            holder = Holder(account_id, collection_id, written.resource_id)
            if written.is_new:
                insert_index(holder, prepared.index)
            elif replace_index(holder, prepared.index) != PRIVATE == prepared.index.classification:
                leave_tombstone(account_id, collection_id, href, written.modseq)
        return written


def remove_object(
    account_id: int, collection_id: int, href: str, *, check: Check = anything
) -> int:
    """Remove an object and leave a tombstone; return the modseq of it.

    Raises what `check` raises, `NotFound`, `NotAllowed`.
    """
    is_open = _check_open_first(check, collection_id)
    return discard_object(account_id, collection_id, href, check=is_open)


def discard_object(
    account_id: int, collection_id: int, href: str, *, check: Check = anything
) -> int:
    """Remove an object whatever the calendar is; raises what `check` raises, and `NotFound`."""
    return remove_resource(account_id, collection_id, href, forget=forget_index, check=check)


def _check_open_first(check: Check, collection_id: int, component: str = "") -> Check:
    """Return a check that asks under the account's lock what the calendar is by then."""

    def check_both(etag: str | None) -> None:
        check_open(collection_id, component)
        check(etag)

    return check_both


def check_open(collection_id: int, component: str = "") -> None:
    """Raise where nobody may write a component to a calendar, or nothing at all.

    `Stale` when it is gone, `NotAllowed` when the server fills it itself, `InvalidObject`.
    """
    rows = db.fetch_rows(
        "SELECT c.components, c.source, f.role FROM calendar_app_calendar c"
        " JOIN core_resourcecollection f ON f.collection_id = c.collection_id"
        " WHERE c.collection_id = %s",
        [collection_id],
    )
    if not rows:
        raise Stale("The calendar is gone.")
    components, source, role = rows[0]
    if source:
        raise NotAllowed("The calendar shows what its source has: change it there.")
    if role == CollectionRole.BIRTHDAYS:
        raise NotAllowed("The calendar follows the contacts: change the birthday there.")
    if component and component not in components.split():
        text = f"The calendar takes {components.replace(' ', ', ')}, and no {component}."
        raise InvalidObject("supported-calendar-component", text)
