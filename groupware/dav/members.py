"""What a collection holds, as its requester sees it: one interface for what is stored and derived.

Rows are (href, etag) and the like, as plain tuples: reports of ten thousand are made of them.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from groupware.core.resources import queries
from groupware.core.resources.queries import ChangedHref, CollectionInfo, ResourceRow, Stored
from groupware.core.synctokens import parse_sync_token, sync_token


class Members(Protocol):
    """The members of a collection."""

    def sync_token(self) -> str:
        """Return the token of what the collection holds now."""
        ...

    def since(self, token: str) -> int | None:
        """Return what `changes` needs of a token; None where it is none of this collection's."""
        ...

    def changes(self, since: int, limit: int | None) -> list[ChangedHref]:
        """Return what happened, in the order of modseqs."""
        ...

    def token_at(self, modseq: int) -> str:
        """Return the token of a client that knows all up to a modseq."""
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

    def read(self, href: str) -> Stored | None:
        """Return one member with its bytes."""
        ...

    def read_many(self, hrefs: Sequence[str]) -> dict[str, Stored]:
        """Return those members that are there, by href."""
        ...


class StoredMembers:
    """The members of a collection of the store, all of them as they are."""

    def __init__(self, info: CollectionInfo) -> None:
        self._info = info

    def sync_token(self) -> str:
        """Return the token of what the collection holds now."""
        now = queries.find_collection(self._info.collection_id)
        return (now or self._info).sync_token

    def since(self, token: str) -> int | None:
        """Return the modseq of a token that is whole: not of before tombstones went."""
        modseq = parse_sync_token(token, self._info.object_id, self._info.token_epoch)
        if modseq is None or not self._info.tombstone_floor <= modseq <= self._info.highest_modseq:
            return None
        return modseq

    def changes(self, since: int, limit: int | None) -> list[ChangedHref]:
        """Return what happened, in the order of modseqs."""
        return queries.list_changes(self._info.collection_id, since, limit)

    def token_at(self, modseq: int) -> str:
        """Return the token of a client that knows all up to a modseq."""
        info = self._info
        return sync_token(info.object_id, info.token_epoch, modseq)

    def rows(self) -> Sequence[ResourceRow]:
        """Return the rows of all members."""
        return queries.list_resources(self._info.collection_id)

    def etags(self) -> Iterable[tuple[str, str]]:
        """Return (href, etag) of all members."""
        return queries.list_etags(self._info.collection_id)

    def find(self, href: str) -> ResourceRow | None:
        """Return the row of one member."""
        return queries.find_resource(self._info.collection_id, href)

    def read(self, href: str) -> Stored | None:
        """Return one member with its bytes."""
        return queries.read_data(self._info.collection_id, href)

    def read_many(self, hrefs: Sequence[str]) -> dict[str, Stored]:
        """Return those members that are there, by href."""
        return queries.read_many(self._info.collection_id, hrefs)
