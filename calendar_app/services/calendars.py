"""Making, changing and deleting calendars, and those that an account begins with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from calendar_app.models import Calendar
from calendar_app.services.occurrences import TABLES
from groupware.core import db, fetching
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import CollectionKind, CollectionRole, Resource, ResourceCollection
from groupware.core.resources import collections
from groupware.core.resources.collections import Face

COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")
"""What a calendar may take (RFC 4791 §5.2.3, RFC 7953)."""
USUAL_COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL")
MAX_TIMEZONE = 64 * 1024
DEFAULTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Calendar", "calendar", CollectionRole.DEFAULT, ("VEVENT",)),
    ("Tasks", "tasks", CollectionRole.TASKS, ("VTODO",)),
    ("Birthdays", "birthdays", CollectionRole.BIRTHDAYS, ("VEVENT",)),
)
"""Display name, slug, role and components of what an account begins with."""


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """What a calendar has beside its face; None leaves what is there.

    A `source` makes it a subscribed one, fetched every `source_seconds`; "" ends that.
    """

    timezone: str | None = None
    tzid: str | None = None
    is_transparent: bool | None = None
    source: str | None = None
    source_seconds: int | None = None


UNCHANGED = CalendarSettings()


def create_calendar(
    account_id: int,
    face: Face,
    *,
    slug: str = "",
    role: str = "",
    components: Iterable[str] = USUAL_COMPONENTS,
    settings: CalendarSettings = UNCHANGED,
) -> int:
    """Create a calendar and return its collection's id (RFC 4791 §5.3.1).

    Raises `AlreadyExists` for a slug that is taken, `Invalid`, `LimitExceeded`.
    """
    names = _checked_components(components)
    columns = _columns(settings)
    if settings.source:
        role = CollectionRole.SUBSCRIBED
    with db.write_transaction():
        _, collection_id = collections.create_collection(
            account_id, CollectionKind.CALENDAR, face, slug=slug, role=role
        )
        Calendar.objects.create(collection_id=collection_id, components=" ".join(names), **columns)
        return collection_id


def change_calendar(
    account_id: int, collection_id: int, face: Face, settings: CalendarSettings = UNCHANGED
) -> None:
    """Change what a calendar shows and how it behaves; raises `NotFound`, `Invalid`.

    One that holds something of its own cannot be made a subscribed one: all of that would go.
    """
    columns = _columns(settings)
    with db.write_transaction():
        collections.describe_collection(account_id, collection_id, face)
        if settings.source is not None:
            _note_source(collection_id, settings.source)
        if columns and not Calendar.objects.filter(collection_id=collection_id).update(**columns):
            raise NotFound("The calendar is gone.")


def delete_calendar(account_id: int, collection_id: int) -> None:
    """Delete a calendar with everything in it; raises `NotFound`."""
    collections.delete_collection(account_id, collection_id, TABLES)


def create_default_calendars(account_id: int) -> None:
    """Create what a new account begins with (the provisioner)."""
    with db.write_transaction():
        for name, slug, role, components in DEFAULTS:
            create_calendar(
                account_id, Face(display_name=name), slug=slug, role=role, components=components
            )


def _checked_components(components: Iterable[str]) -> list[str]:
    asked = {name.upper() for name in components}
    if unknown := asked - set(COMPONENTS):
        raise Invalid(f"A calendar cannot hold {', '.join(sorted(unknown))}.")
    if not asked:
        raise Invalid(f"A calendar holds at least one of {', '.join(COMPONENTS)}.")
    return [name for name in COMPONENTS if name in asked]


def _note_source(collection_id: int, source: str) -> None:
    """Let the role say that a calendar is subscribed, or is so no more."""
    held = ResourceCollection.objects.filter(collection_id=collection_id).first()
    if held is None:
        raise NotFound("The calendar is gone.")
    is_subscribed = held.role == CollectionRole.SUBSCRIBED
    if source and not is_subscribed:
        if held.role:
            raise Invalid("An account begins with this calendar: subscribe in one that is new.")
        if Resource.objects.filter(collection_id=collection_id).exists():
            raise Invalid("The calendar has events of its own: subscribe in one that is new.")
    if bool(source) != is_subscribed:
        role = CollectionRole.SUBSCRIBED if source else CollectionRole.NONE
        ResourceCollection.objects.filter(collection_id=collection_id).update(role=role)


def _columns(settings: CalendarSettings) -> dict[str, Any]:
    if settings.timezone is not None and len(settings.timezone) > MAX_TIMEZONE:
        raise Invalid(f"A calendar's time zone has at most {MAX_TIMEZONE} characters.")
    columns: dict[str, str | int | bool | None] = {
        "timezone": settings.timezone,
        "tzid": settings.tzid,
        "is_transparent": settings.is_transparent,
        "source_seconds": settings.source_seconds,
    }
    if settings.source is not None:
        columns["source"] = fetching.check_url(settings.source) if settings.source else ""
        columns |= {"source_etag": "", "source_error": "", "fetched_at": 0}
    return {name: value for name, value in columns.items() if value is not None}
