"""What a collection holds, as its requester sees it: one interface for what is stored and derived.

Rows are (href, etag) and the like, as plain tuples: reports of ten thousand are made of them.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from contacts.queries import query_cards
from contacts.vcard.filters import Filter as CardFilter
from groupware.core.resources import queries
from groupware.core.resources.queries import ChangedHref, CollectionInfo, ResourceRow, Stored
from groupware.core.synctokens import SyncPoint, parse_sync_token, sync_token


class Members(Protocol):
    """The members of a collection."""

    def sync_token(self) -> str:
        """Return the token of what the collection holds now."""
        ...

    def since(self, token: str) -> SyncPoint | None:
        """Return what a token says; None where it is none of this collection's, or too old."""
        ...

    def changes(self, since: int, limit: int | None) -> list[ChangedHref]:
        """Return what happened, in the order of modseqs."""
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

    def etags(self) -> Iterable[tuple[str, str]]:
        """Return (href, etag) of all members."""
        ...

    def find(self, href: str) -> ResourceRow | None:
        """Return the row of one member."""
        ...

    def find_many(self, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
        """Return the rows of those members that are there, by href."""
        ...

    def read(self, href: str) -> Stored | None:
        """Return one member with its bytes."""
        ...

    def read_many(self, hrefs: Sequence[str]) -> dict[str, Stored]:
        """Return those members that are there, by href."""
        ...

    def query_cards(self, wanted: CardFilter) -> Iterable[Stored]:
        """Return the cards that a filter finds, in one order; it is read no further than taken."""
        ...


class StoredMembers:
    """The members of a collection of the store, all of them as they are."""

    def __init__(self, info: CollectionInfo) -> None:
        self._info = info

    def sync_token(self) -> str:
        """Return the token of what the collection holds now."""
        now = queries.find_collection(self._info.collection_id)
        return (now or self._info).sync_token

    def since(self, token: str) -> SyncPoint | None:
        """Return what a token says that is whole: not of before tombstones went."""
        info = self._info
        point = parse_sync_token(token, info.object_id, info.token_epoch)
        if point is None or not info.tombstone_floor <= point.base <= info.highest_modseq:
            return None
        return point

    def changes(self, since: int, limit: int | None) -> list[ChangedHref]:
        """Return what happened, in the order of modseqs."""
        return queries.list_changes(self._info.collection_id, since, limit)

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

    def etags(self) -> Iterable[tuple[str, str]]:
        """Return (href, etag) of all members."""
        return queries.list_etags(self._info.collection_id)

    def find(self, href: str) -> ResourceRow | None:
        """Return the row of one member."""
        return queries.find_resource(self._info.collection_id, href)

    def find_many(self, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
        """Return the rows of those members that are there, by href."""
        return queries.find_many(self._info.collection_id, hrefs)

    def read(self, href: str) -> Stored | None:
        """Return one member with its bytes."""
        return queries.read_data(self._info.collection_id, href)

    def read_many(self, hrefs: Sequence[str]) -> dict[str, Stored]:
        """Return those members that are there, by href."""
        return queries.read_many(self._info.collection_id, hrefs)

    def query_cards(self, wanted: CardFilter) -> Iterable[Stored]:
        """Return the cards that a filter finds, in the order they came."""
        return query_cards(self._info.collection_id, wanted)
