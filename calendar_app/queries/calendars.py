"""What calendars have beside their faces."""

from collections.abc import Sequence
from dataclasses import dataclass

from groupware.core import db

_CALENDAR = (
    "SELECT c.collection_id, c.components, c.timezone, c.tzid, c.is_transparent, c.source,"
    " c.source_etag, c.source_seconds, c.source_error, c.fetched_at, c.link_sha256"
    " FROM calendar_app_calendar c"
)


@dataclass(frozen=True, slots=True)
class CalendarInfo:
    """A calendar's own settings (`calendar_app.models.Calendar`)."""

    collection_id: int
    components: tuple[str, ...]
    timezone: str
    tzid: str
    is_transparent: bool
    source: str
    source_etag: str
    source_seconds: int
    source_error: str
    fetched_at: int
    has_link: bool


def find_calendar(collection_id: int) -> CalendarInfo | None:
    """Return the settings of a calendar."""
    rows = db.fetch_rows(f"{_CALENDAR} WHERE c.collection_id = %s", [collection_id])
    return _info(*rows[0]) if rows else None


def find_calendars(collection_ids: Sequence[int]) -> dict[int, CalendarInfo]:
    """Return the settings of those collections that are calendars; one query."""
    condition, params = db.in_list("c.collection_id", collection_ids)
    rows = db.fetch_rows(f"{_CALENDAR} WHERE {condition}", params)
    return {row[0]: _info(*row) for row in rows}


def list_calendars(account_id: int) -> dict[int, CalendarInfo]:
    """Return the settings of all calendars of an account, by collection."""
    rows = db.fetch_rows(
        f"{_CALENDAR} JOIN core_resourcecollection f ON f.collection_id = c.collection_id"
        " WHERE f.account_id = %s",
        [account_id],
    )
    return {row[0]: _info(*row) for row in rows}


def find_by_link(link_sha256: bytes) -> int | None:
    """Return the calendar that a secret opens, found by its hash: no time tells of another's.

    None where there is none, or its owner's account is disabled.
    """
    rows = db.fetch_rows(
        "SELECT c.collection_id FROM calendar_app_calendar c"
        " JOIN core_resourcecollection f ON f.collection_id = c.collection_id"
        " JOIN core_account a ON a.id = f.account_id AND a.is_active WHERE c.link_sha256 = %s",
        [link_sha256],
    )
    return int(rows[0][0]) if rows else None


def _info(collection_id: int, components: str, *row: object) -> CalendarInfo:
    timezone, tzid, is_transparent, source, etag, seconds, error, fetched_at, link = row
    return CalendarInfo(
        collection_id,
        tuple(components.split()),
        str(timezone),
        str(tzid),
        bool(is_transparent),
        str(source),
        str(etag),
        int(str(seconds)),
        str(error),
        int(str(fetched_at)),
        link is not None,
    )
