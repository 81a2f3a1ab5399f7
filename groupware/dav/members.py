"""What a collection holds, as its requester sees it: one interface for what is stored and derived.

Rows are (href, etag) and the like, as plain tuples: reports of ten thousand are made of them.
Whoever reads members by anything else than these classes shows what is private.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from calendar_app.queries import classify, shown
from contacts.queries import query_cards
from contacts.vcard.filters import Filter as CardFilter
from groupware.core import db
from groupware.core.resources import queries
from groupware.core.resources.queries import ChangedHref, CollectionInfo, ResourceRow, Stored
from groupware.core.synctokens import SyncPoint, parse_sync_token, sync_token


class Members(Protocol):
    """The members of a collection."""

    @property
    def is_whole(self) -> bool:
        """Whether every member is there and shown as it is.

        Where not, what is known of the content of members (texts, properties) is no ground to tell
        of one: only what `read` and its like return is to be held against a question.
        """
        ...

    def veiled(self, hrefs: Sequence[str] | None = None) -> Collection[str]:
        """Return the hrefs of members, among those named or all, that are not shown as they are."""
        ...

    def sync_token(self) -> str:
        """Return the token of what the collection holds now."""
        ...

    def since(self, token: str) -> SyncPoint | None:
        """Return what a token says; None where it is none of this collection's, or too old."""
        ...

    def changes(self, since: SyncPoint, limit: int | None) -> list[ChangedHref]:
        """Return what happened, in the order of modseqs; with a limit up to the last of one."""
        ...

    def now(self) -> int:
        """Return the modseq of what the collection holds now."""
        ...

    def token_at(self, modseq: int, base: int = 0) -> str:
        """Return the token of a client that knows all up to a modseq; `base` as in `SyncPoint`."""
        ...

    def rows(self) -> Sequence[ResourceRow]:
        """Return the rows of all members."""
        ...

    def etags(self) -> Sequence[tuple[str, str]]:
        """Return (href, etag) of all members."""
        ...

    def find(self, href: str) -> ResourceRow | None:
        """Return the row of one member."""
        ...

    def find_many(self, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
        """Return the rows of those members that are there, by href."""
        ...

    def find_by_ids(self, resource_ids: Sequence[int]) -> list[ResourceRow]:
        """Return the rows of those members that are there, by the ids of their rows."""
        ...

    def read(self, href: str) -> Stored | None:
        """Return one member with its bytes."""
        ...

    def read_many(self, hrefs: Sequence[str], room: db.Room | None = None) -> dict[str, Stored]:
        """Return those members that are there, by href; with a room those that fill it."""
        ...

    def read_by_ids(self, resource_ids: Sequence[int], room: db.Room | None = None) -> list[Stored]:
        """Return those members that are there, by their rows; with a room those that fill it."""
        ...

    def query_cards(self, wanted: CardFilter) -> Iterable[Stored]:
        """Return the cards that a filter finds, in one order; it is read no further than taken."""
        ...


class StoredMembers:
    """The members of a collection of the store, all of them as they are."""

    is_whole = True

    def __init__(self, info: CollectionInfo) -> None:
        self._info = info

    def veiled(self, _hrefs: Sequence[str] | None = None) -> Collection[str]:
        """Return that there are none."""
        return ()

    def sync_token(self) -> str:
        """Return the token of what the collection holds now."""
        return self._info.sync_token

    def since(self, token: str) -> SyncPoint | None:
        """Return what a token says that is whole: not of before tombstones went."""
        info = self._info
        point = parse_sync_token(token, info.object_id, info.token_epoch)
        if point is None or not info.tombstone_floor <= point.base <= info.highest_modseq:
            return None
        return point

    def changes(self, since: SyncPoint, limit: int | None) -> list[ChangedHref]:
        """Return what happened, in the order of modseqs; with a limit up to the last of one."""
        collection_id = self._info.collection_id
        return queries.list_changes(collection_id, since.modseq, limit, base=since.base)

    def now(self) -> int:
        """Return the modseq of what the collection holds now."""
        return self._info.highest_modseq

    def token_at(self, modseq: int, base: int = 0) -> str:
        """Return the token of a client that knows all up to a modseq; `base` as in `SyncPoint`."""
        info = self._info
        return sync_token(info.object_id, info.token_epoch, modseq, base)

    def rows(self) -> Sequence[ResourceRow]:
        """Return the rows of all members."""
        return queries.list_resources(self._info.collection_id)

    def etags(self) -> Sequence[tuple[str, str]]:
        """Return (href, etag) of all members."""
        return queries.list_etags(self._info.collection_id)

    def find(self, href: str) -> ResourceRow | None:
        """Return the row of one member."""
        return queries.find_resource(self._info.collection_id, href)

    def find_many(self, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
        """Return the rows of those members that are there, by href."""
        return queries.find_many(self._info.collection_id, hrefs)

    def find_by_ids(self, resource_ids: Sequence[int]) -> list[ResourceRow]:
        """Return the rows of those members that are there, by the ids of their rows."""
        return queries.find_by_ids(resource_ids)

    def read(self, href: str) -> Stored | None:
        """Return one member with its bytes."""
        return queries.read_data(self._info.collection_id, href)

    def read_many(self, hrefs: Sequence[str], room: db.Room | None = None) -> dict[str, Stored]:
        """Return those members that are there, by href; with a room those that fill it."""
        return queries.read_many(self._info.collection_id, hrefs, room)

    def read_by_ids(self, resource_ids: Sequence[int], room: db.Room | None = None) -> list[Stored]:
        """Return those members that are there, by their rows; with a room those that fill it."""
        return queries.read_by_ids(resource_ids, room)

    def query_cards(self, wanted: CardFilter) -> Iterable[Stored]:
        """Return the cards that a filter finds, in the order they came."""
        return query_cards(self._info.collection_id, wanted)


class ShownMembers:
    """The members of a calendar for a reader who may not see private details.

    Its tokens are none of those that others have: who is given that right, or loses it, begins
    anew. `newest` is the modseq of the last change that is shown.
    """

    is_whole = False

    def __init__(self, info: CollectionInfo, newest: Callable[[], int]) -> None:
        self._info = info
        self._newest = newest

    def veiled(self, hrefs: Sequence[str] | None = None) -> Collection[str]:
        """Return the hrefs of what is private or confidential, among those named or all."""
        return classify(self._info.collection_id, hrefs).keys()

    def sync_token(self) -> str:
        """Return the token of what is shown now: what is hidden does not change it."""
        return self.token_at(self._newest())

    def since(self, token: str) -> SyncPoint | None:
        """Return what a token says that is whole: not of before tombstones went."""
        info = self._info
        point = parse_sync_token(token, _shown_id(info), info.token_epoch)
        if point is None or not info.tombstone_floor <= point.base <= info.highest_modseq:
            return None
        return point

    def changes(self, since: SyncPoint, limit: int | None) -> list[ChangedHref]:
        """Return what happened, in the order of modseqs; with a limit up to the last of one."""
        return shown.list_shown_changes(self._info, since.modseq, limit, base=since.base)

    def now(self) -> int:
        """Return the modseq of the last change that is shown."""
        return self._newest()

    def token_at(self, modseq: int, base: int = 0) -> str:
        """Return the token of a client that knows all up to a modseq; `base` as in `SyncPoint`."""
        return sync_token(_shown_id(self._info), self._info.token_epoch, modseq, base)

    def rows(self) -> Sequence[ResourceRow]:
        """Return the rows of all members."""
        return shown.list_shown(self._info)

    def etags(self) -> Sequence[tuple[str, str]]:
        """Return (href, etag) of all members."""
        return shown.list_shown_etags(self._info)

    def find(self, href: str) -> ResourceRow | None:
        """Return the row of one member."""
        return shown.find_shown(self._info, href)

    def find_many(self, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
        """Return the rows of those members that are there, by href."""
        return shown.find_many_shown(self._info, hrefs)

    def find_by_ids(self, resource_ids: Sequence[int]) -> list[ResourceRow]:
        """Return the rows of those members that are there, by the ids of their rows."""
        return shown.find_shown_by_ids(self._info, resource_ids)

    def read(self, href: str) -> Stored | None:
        """Return one member with its bytes."""
        return shown.read_shown(self._info, [href]).get(href)

    def read_many(self, hrefs: Sequence[str], room: db.Room | None = None) -> dict[str, Stored]:
        """Return those members that are there, by href; with a room those that fill it."""
        return shown.read_shown(self._info, hrefs, room)

    def read_by_ids(self, resource_ids: Sequence[int], room: db.Room | None = None) -> list[Stored]:
        """Return those members that are there, by their rows; with a room those that fill it."""
        return shown.read_shown_by_ids(self._info, resource_ids, room)

    def query_cards(self, _wanted: CardFilter) -> Iterable[Stored]:
        """Find no cards: it is a calendar."""
        return ()


class HiddenMembers:
    """The members of a collection for whoever may not read it: none, and no token."""

    is_whole = False

    def veiled(self, hrefs: Sequence[str] | None = None) -> Collection[str]:
        """Return all that are named: nothing is shown."""
        return hrefs or ()

    def sync_token(self) -> str:
        """Return no token."""
        return ""

    def since(self, _token: str) -> SyncPoint | None:
        """Take no token."""
        return None

    def changes(self, _since: SyncPoint, _limit: int | None) -> list[ChangedHref]:
        """Tell of no change."""
        return []

    def now(self) -> int:
        """Know of no change."""
        return 0

    def token_at(self, _modseq: int, _base: int = 0) -> str:
        """Return no token."""
        return ""

    def rows(self) -> Sequence[ResourceRow]:
        """Return no rows."""
        return ()

    def etags(self) -> Sequence[tuple[str, str]]:
        """Return no tags."""
        return ()

    def find(self, _href: str) -> ResourceRow | None:
        """Find nothing."""
        return None

    def find_many(self, _hrefs: Sequence[str]) -> dict[str, ResourceRow]:
        """Find nothing."""
        return {}

    def find_by_ids(self, _resource_ids: Sequence[int]) -> list[ResourceRow]:
        """Find nothing."""
        return []

    def read(self, _href: str) -> Stored | None:
        """Find nothing."""
        return None

    def read_many(self, _hrefs: Sequence[str], _room: db.Room | None = None) -> dict[str, Stored]:
        """Find nothing."""
        return {}

    def read_by_ids(
        self, _resource_ids: Sequence[int], _room: db.Room | None = None
    ) -> list[Stored]:
        """Find nothing."""
        return []

    def query_cards(self, _wanted: CardFilter) -> Iterable[Stored]:
        """Find nothing."""
        return ()


def _shown_id(info: CollectionInfo) -> str:
    """Return what stands for the collection in tokens of what is shown of it."""
    return f"{info.object_id}-shown"
