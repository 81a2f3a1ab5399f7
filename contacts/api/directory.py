"""The directory of one's own domain over REST: who is there, read-only."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.books import SCOPES
from contacts.api.forms import EntrySerializer
from contacts.queries import directory
from contacts.queries.directory import DirectoryInfo
from contacts.services import forms
from contacts.services.directory import refresh_directory
from groupware.core import db
from groupware.core.errors import NotFound
from groupware.core.resources.queries import ResourceRow, Stored
from groupware.rest import items
from groupware.rest.changes import Point, State, cut, digest, expired
from groupware.rest.conditions import Version
from groupware.rest.octets import PictureRenderer
from groupware.rest.pagination import Page, Window, page_of_all
from groupware.rest.views import ListView, ObjectView, PageQuery

TAG = "Directory"
MOST_FOUND = 1_000
"""Entries that a search finds."""


def _domain_of(account_id: int) -> int:
    rows = db.fetch_rows("SELECT domain_id FROM core_account WHERE id = %s", [account_id])
    if not rows:
        raise NotFound("The account is gone.")
    return int(rows[0][0])


def _represent(info: DirectoryInfo, stored: Stored) -> dict[str, Any]:
    return {
        "id": items.item_id(info.object_id, stored.href),
        **forms.form_of(stored.data),
        "etag": Version(stored.etag).etag,
    }


class DirectoryQuery(PageQuery):
    """Which entries."""

    q = serializers.CharField(
        required=False, max_length=1_000, help_text="Each of these words is in it."
    )


@extend_schema_view(
    get=extend_schema(operation_id="list_directory", summary="List who is in the directory")
)
class DirectoryList(ListView[dict[str, Any]]):
    """People, groups, rooms and equipment of one's own domain."""

    tag = TAG
    scopes: ClassVar[Mapping[str, str]] = {"GET": SCOPES["GET"]}
    query = DirectoryQuery
    item_class = EntrySerializer
    cursor_key = (int,)

    def get(self, request: Request, **kwargs: Any) -> Response:
        """List, as of now."""
        refresh_directory(_domain_of(self.account_id))
        return super().get(request, **kwargs)

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[dict[str, Any]]:
        """Return a page, in the order in which they came."""
        info = _find_info(self.account_id)
        rows = directory.list_entries(info.domain_id)
        if text := filters.get("q"):
            found = directory.search_entries(info.domain_id, text, MOST_FOUND)
            hrefs = {each.href for each in found}
            rows = [row for row in rows if row.href in hrefs]
        state = self._state(info, filters).text()
        page = page_of_all(rows, window, lambda row: (row.resource_id,), state)
        return Page(self._show(info, page.items), page.state, page.next)

    def list_changes(
        self, since: str, limit: int, filters: Mapping[str, Any]
    ) -> Page[dict[str, Any]]:
        """Return who came, changed and went; with `q` also whom it finds no more."""
        info = _find_info(self.account_id)
        now = self._state(info, filters)
        known = now.read(since).points[info.object_id]
        if known.modseq < info.tombstone_floor:
            expired()
        rows = directory.list_entry_changes(info.domain_id, known.modseq)
        told, point = cut(
            rows, lambda row: (row.modseq, 0), known, now.points[info.object_id], limit
        )
        point = point._replace(last_id=None)  # each has a modseq of its own
        there = directory.find_entries(
            info.domain_id, [row.href for row in told if row.etag is not None]
        )
        if text := filters.get("q"):
            found = directory.search_entries(info.domain_id, text, MOST_FOUND)
            there = {each.href: there[each.href] for each in found if each.href in there}
        removed = [items.item_id(info.object_id, row.href) for row in told if row.href not in there]
        state = State(now.scope, {info.object_id: point})
        shown = self._show(info, list(there.values()))
        return Page(shown, state.text(), removed=removed, more=state.points != now.points)

    def _state(self, info: DirectoryInfo, filters: Mapping[str, Any]) -> State:
        scope = digest("directory", info.domain_id, sorted(filters.items()))
        return State(scope, {info.object_id: Point(info.token_epoch, info.highest_modseq)})

    def _show(self, info: DirectoryInfo, rows: Sequence[ResourceRow]) -> list[dict[str, Any]]:
        ids = [row.resource_id for row in rows]
        stored = {each.href: each for each in directory.read_entries_by_ids(info.domain_id, ids)}
        return [_represent(info, stored[row.href]) for row in rows if row.href in stored]


def _find_info(account_id: int) -> DirectoryInfo:
    info = directory.find_directory(_domain_of(account_id))
    if info is None:
        raise NotFound("The directory is not made yet: ask again.")
    return info


class EntryBase(ObjectView[tuple[DirectoryInfo, Stored]]):
    """One entry of the directory."""

    tag = TAG
    scopes: ClassVar[Mapping[str, str]] = {"GET": SCOPES["GET"]}

    def find(self) -> tuple[DirectoryInfo, Stored]:
        """Return the entry of the URL."""
        info = _find_info(self.account_id)
        object_id, href = items.parse_item_id(self.kwargs["directory_entry_id"])
        stored = directory.read_entry(info.domain_id, href)
        if stored is None or object_id != info.object_id:
            raise NotFound("There is no such entry in your directory.")
        return info, stored

    def version_of(self, found: tuple[DirectoryInfo, Stored]) -> Version:
        """Return its state."""
        return Version(found[1].etag)

    def represent(self, found: tuple[DirectoryInfo, Stored]) -> object:
        """Return what is shown of it."""
        return EntrySerializer(_represent(*found)).data


@extend_schema_view(
    get=extend_schema(
        operation_id="get_directory_entry",
        summary="Read an entry of the directory",
        responses=EntrySerializer,
    )
)
class EntryView(EntryBase):
    """One entry of the directory."""


@extend_schema_view(
    get=extend_schema(
        operation_id="get_directory_photo",
        summary="Read the photo of somebody in the directory",
        responses={(200, "image/*"): OpenApiTypes.BINARY},
    )
)
class EntryPhotoView(EntryBase):
    """The photo of somebody in the directory."""

    renderer_classes = [PictureRenderer]

    def show(self, found: tuple[DirectoryInfo, Stored]) -> Response:
        """Send the picture, as what it is."""
        photo = forms.photo_of(found[1].data)
        headers = {"ETag": self.version_of(found).etag, "X-Content-Type-Options": "nosniff"}
        return Response(photo.data, headers=headers, content_type=photo.media_type)
