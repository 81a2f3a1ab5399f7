"""Collections as Radicale's own handlers see them: over the members and services of ours.

Only what is not overridden by our handlers comes here. Radicale reads and writes through vobject,
so that what it stores is not what a client sent; our own PUT keeps every octet.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from radicale import xmlutils
from radicale.item import Item
from radicale.item.filter import TIMESTAMP_MAX, TIMESTAMP_MIN, simplify_prefilters
from radicale.storage import BaseCollection

from calendar_app.ical.zones import UTC
from calendar_app.lanes import Span
from calendar_app.queries.objects import find_by_component
from calendar_app.queries.spans import find_in_span
from groupware.core.errors import GroupwareError
from groupware.core.resources.items import anything
from groupware.core.resources.queries import ResourceRow, Stored, find_resource_by_uid
from groupware.dav.members import Members
from groupware.dav.names import DECLARATIONS
from groupware.dav.properties import wishes
from groupware.dav.properties.dead import dead_of
from groupware.dav.properties.getter import http_date
from groupware.dav.properties.wishes import Refused, Table, Wishes
from groupware.dav.resources import Resource
from groupware.dav.services.properties import patch_collection
from groupware.dav.writing import place_of, writer_of

TAGS: Final = {"calendars": "VCALENDAR", "addressbooks": "VADDRESSBOOK"}
KINDS: Final = {tag: kind for kind, tag in TAGS.items()}
COMPONENTS: Final = "C:supported-calendar-component-set"
_FARTHEST: Final = 16 * 3600
"""Seconds between a floating time in UTC and anywhere on earth; the engine knows no zone."""
_KEPT: Final = frozenset({"tag", COMPONENTS})
"""Of the properties those that are set when a collection is made, and never again."""


class Place(BaseCollection):
    """The root or a principal: it holds collections, and nothing of its own."""

    def __init__(self, path: str) -> None:
        self._path = path.strip("/")

    @property
    def path(self) -> str:
        """The path without slashes at its ends."""
        return self._path

    @property
    def etag(self) -> str:
        """An entity tag that never changes."""
        return '"place"'

    @property
    def last_modified(self) -> str:
        """The beginning of time."""
        return http_date(0).decode()

    def get_meta(self, key: str | None = None) -> Any:
        """Return what Radicale keeps of a collection: nothing of these."""
        return {} if key is None else None

    def get_all(self) -> Iterable[Item]:
        """Return no items."""
        return ()

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, Item | None]]:
        """Return that there are none of these."""
        return [(href, None) for href in hrefs]


class Collection(Place):
    """A calendar or an address book, as one requester sees it."""

    def __init__(self, resource: Resource, refresh: Callable[[], Resource | None]) -> None:
        super().__init__(resource.path)
        assert resource.info is not None
        self.resource = resource
        self._info = resource.info
        self._refresh = refresh

    @property
    def etag(self) -> str:
        """An entity tag that changes with what the collection holds."""
        return f'"{self._members.sync_token()}"'

    @property
    def tag(self) -> str:
        """What Radicale calls a calendar or an address book."""
        return TAGS[self._info.kind]

    @property
    def last_modified(self) -> str:
        """When the youngest member was changed, as a date of HTTP."""
        return http_date(max((row.changed_at for row in self._members.rows()), default=0)).decode()

    @property
    def _members(self) -> Members:
        now = self._refresh()
        return (now or self.resource).members

    def sync(self, old_token: str = "") -> tuple[str, Iterable[str]]:
        """Return the token of now, and the hrefs of what came, changed and went since an old one.

        Raises `ValueError` for a token that is none of ours, or too old.
        """
        members = self._members
        if not old_token:
            return members.sync_token(), [href for href, _ in members.etags()]
        point = members.since(old_token)
        if point is None:
            raise ValueError("The token is none of this collection's, or too old.")
        changed = members.changes(point, None)
        return members.sync_token(), [change.href for change in changed]

    def get_multi(self, hrefs: Iterable[str]) -> Iterable[tuple[str, Item | None]]:
        """Return the members at hrefs, None where there is none; a fixed number of queries."""
        asked = list(dict.fromkeys(hrefs))
        rows, found = self._members.find_many(asked), self._members.read_many(asked)
        for href in asked:
            stored = found.get(href)
            yield href, self._item(stored, rows.get(href)) if stored is not None else None

    def get_all(self) -> Iterator[Item]:
        """Return all members."""
        rows = {row.href: row for row in self._members.rows()}
        for href, stored in self._members.read_many(list(rows)).items():
            yield self._item(stored, rows[href])

    def get_filtered(self, filters: Iterable[ET.Element]) -> Iterator[tuple[Item, bool]]:
        """Return the members that may match, from the index; Radicale holds each against them."""
        component, start, end, _ = simplify_prefilters(filters, self.tag)
        if self.tag != "VCALENDAR" or (component is None and start == TIMESTAMP_MIN):
            yield from ((item, False) for item in self.get_all())
            return
        if (start, end) == (TIMESTAMP_MIN, TIMESTAMP_MAX):
            ids = find_by_component(self._info.collection_id, component or "")
        else:
            span = Span(start - _FARTHEST, end + _FARTHEST)
            ids = find_in_span([self._info.collection_id], span, UTC, component=component or "")
        for stored in self._members.read_by_ids(ids):
            yield self._item(stored, self._members.find(stored.href)), False

    def has_uid(self, uid: str) -> bool:
        """Tell whether a member has a UID."""
        return find_resource_by_uid(self._info.collection_id, uid) is not None

    def _item(self, stored: Stored, row: ResourceRow | None) -> Item:
        is_card = self.tag == "VADDRESSBOOK"
        return Item(
            collection=self,
            href=stored.href,
            last_modified=http_date(row.changed_at if row is not None else 0).decode(),
            text=stored.data.decode("utf-8", "replace"),
            etag=f'"{stored.etag}"',
            uid=row.ical_uid or stored.href if row is not None else None,
            name="VCARD" if is_card else "VCALENDAR",
            component_name=stored.component,
        )

    def upload(self, href: str, item: Item) -> tuple[Item, Item | None]:
        """Store an item; return it as stored, and what was there.

        Raises `ValueError`.
        """
        [(_, before)] = self.get_multi([href])
        place = place_of(self.resource)._replace(href=href)
        with as_value_errors():
            writer_of(self.resource).prepare(item.serialize().encode()).put(place, anything)
        [(_, stored)] = self.get_multi([href])
        assert stored is not None
        return stored, before

    def delete(self, href: str | None = None) -> None:
        """Remove a member, or the collection; raises `ValueError`."""
        with as_value_errors():
            if href is None:
                account_id, collection_id = self._info.account_id, self._info.collection_id
                writer_of(self.resource).delete_collection(account_id, collection_id)
            else:
                place = place_of(self.resource)._replace(href=href)
                writer_of(self.resource).remove(place, check=anything)

    def get_meta(self, key: str | None = None) -> Any:
        """Return the properties that Radicale knows by name, or one of them."""
        meta = self._meta()
        return meta if key is None else meta.get(key)

    def _meta(self) -> dict[str, str]:
        resource = self._refresh() or self.resource
        assert resource.info is not None
        is_calendar = self.tag == "VCALENDAR"
        name = "C:calendar-description" if is_calendar else "CR:addressbook-description"
        meta = {
            "tag": self.tag,
            "D:displayname": resource.face.display_name,
            name: resource.info.description,
            "ICAL:calendar-color": resource.face.color,
        }
        held = resource.known.calendar_of(self._info.collection_id)
        if held is not None:
            meta |= {COMPONENTS: ",".join(held.components), "C:calendar-timezone": held.timezone}
        for dead in dead_of(resource).values():
            element = ET.fromstring(dead_in_context(dead))[0]  # noqa: S314 (written by ourselves)
            meta[xmlutils.make_human_tag(element.tag)] = element.text or ""
        return {key: value for key, value in meta.items() if value}

    def set_meta(self, props: Mapping[str, str]) -> None:
        """Set the properties to these and no others; raises `ValueError`."""
        held = self._meta()
        table = wishes.OF_CALENDAR if self.tag == "VCALENDAR" else wishes.OF_ADDRESS_BOOK
        changed = {
            key: props.get(key) for key in {*held, *props} if props.get(key) != held.get(key)
        }
        with as_value_errors():
            patch_collection(self._info, wishes_of(changed, table))


@contextmanager
def as_value_errors() -> Iterator[None]:
    """Tell outcomes of services in the one way that Radicale's handlers answer by 400."""
    try:
        yield
    except GroupwareError as error:
        raise ValueError(error.message) from error


def wishes_of(props: Mapping[str, str | None], table: Table) -> Wishes:
    """Return what Radicale's properties ask for, those that are None to go; raises `ValueError`."""
    found = Wishes()
    for key, value in props.items():
        if key in _KEPT:
            raise ValueError(f"{key} is set when a collection is made, and never again.")
        element = ET.Element(xmlutils.make_clark(key))
        element.text = value
        try:
            wishes.note(found, table, element, is_set=value is not None)
        except Refused as refused:
            raise ValueError(refused.text) from refused
    return found


def dead_in_context(xml: str) -> str:
    """Return a dead property inside an element that declares what it was written for."""
    return f"<in {DECLARATIONS.decode()}>{xml}</in>"
