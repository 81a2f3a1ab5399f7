"""The address book of a domain: in each person's home, made of the directory, read by all.

It is no collection of the store: its number is negative, so that no table knows it.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from contacts.queries import directory as queries
from contacts.services.directory import refresh_directory
from contacts.vcard.filters import Filter as CardFilter
from groupware.core import db
from groupware.core.models import CollectionKind
from groupware.core.resources.queries import ChangedHref, CollectionInfo, ResourceRow, Stored
from groupware.core.synctokens import SyncPoint, parse_sync_token, sync_token

SLUG: Final = "directory"
"""Its segment in a home; the store gives no collection that one."""
_IN_A_HOME: Final = re.compile(rf"/[0-9]{{1,18}}(?:/(?:{SLUG}(?:/.*)?)?)?", re.DOTALL)


def refresh(path: str, account_id: int) -> None:
    """Let the directory follow what is known, before a request that may tell of it.

    Outside of any snapshot. A home tells what a minute ago was so; only where there is no directory
    yet it is made.
    """
    if _IN_A_HOME.fullmatch(path) is None:
        return
    rows = db.fetch_rows(
        "SELECT a.domain_id, d.domain_id FROM core_account a"
        " LEFT JOIN contacts_directory d ON d.domain_id = a.domain_id WHERE a.id = %s",
        [account_id],
    )
    for domain_id, made in rows:
        if made is None or f"/{SLUG}" in path:
            refresh_directory(domain_id)


def find_directory(account_id: int, domain_id: int) -> CollectionInfo | None:
    """Return the directory of a domain as the home of an account has it."""
    found = queries.find_directory(domain_id)
    if found is None:
        return None
    return CollectionInfo(
        collection_id=-domain_id,
        account_id=account_id,
        kind=CollectionKind.ADDRESS_BOOK,
        name="Directory",
        object_id=found.object_id,
        highest_modseq=found.highest_modseq,
        tombstone_floor=found.tombstone_floor,
        token_epoch=found.token_epoch,
        items=found.items,
        slug=SLUG,
        role="",
        display_name="Directory",
        description=f"People, rooms and groups of {found.domain}",
        color="",
        position=-1,
    )


def is_directory(info: CollectionInfo) -> bool:
    """Tell whether it is a directory, and no collection of the store."""
    return info.collection_id < 0


class DirectoryMembers:
    """The cards of a directory."""

    is_whole = True

    def __init__(self, info: CollectionInfo) -> None:
        self._info = info
        self._domain_id = -info.collection_id

    def veiled(self, _hrefs: Sequence[str] | None = None) -> Collection[str]:
        """Return that there are none: everybody of the domain sees all of it."""
        return ()

    def sync_token(self) -> str:
        """Return the token of what the directory holds now."""
        return self._info.sync_token

    def since(self, token: str) -> SyncPoint | None:
        """Return what a token says that is whole: not of before what was gone was forgotten."""
        info = self._info
        point = parse_sync_token(token, info.object_id, info.token_epoch)
        if point is None or not info.tombstone_floor <= point.base <= info.highest_modseq:
            return None
        return point

    def changes(self, since: SyncPoint, limit: int | None) -> list[ChangedHref]:
        """Return what happened, in the order of modseqs."""
        return queries.list_entry_changes(self._domain_id, since.modseq, limit, base=since.base)

    def now(self) -> int:
        """Return the modseq of what the directory holds now."""
        return self._info.highest_modseq

    def token_at(self, modseq: int, base: int = 0) -> str:
        """Return the token of a client that knows all up to a modseq; `base` as in `SyncPoint`."""
        return sync_token(self._info.object_id, self._info.token_epoch, modseq, base)

    def rows(self) -> Sequence[ResourceRow]:
        """Return the rows of all members."""
        return queries.list_entries(self._domain_id)

    def etags(self) -> Sequence[tuple[str, str]]:
        """Return (href, etag) of all members."""
        return queries.list_entry_etags(self._domain_id)

    def find(self, href: str) -> ResourceRow | None:
        """Return the row of one member."""
        return queries.find_entry(self._domain_id, href)

    def find_many(self, hrefs: Sequence[str]) -> dict[str, ResourceRow]:
        """Return the rows of those members that are there, by href."""
        return queries.find_entries(self._domain_id, hrefs)

    def find_by_ids(self, resource_ids: Sequence[int]) -> list[ResourceRow]:
        """Return the rows of those members that are there, by the ids of their rows."""
        return queries.find_entries_by_ids(self._domain_id, resource_ids)

    def read(self, href: str) -> Stored | None:
        """Return one member with its bytes."""
        return queries.read_entry(self._domain_id, href)

    def read_many(self, hrefs: Sequence[str], room: db.Room | None = None) -> dict[str, Stored]:
        """Return those members that are there, by href; with a room those that fill it."""
        return queries.read_entries(self._domain_id, hrefs, room)

    def read_by_ids(self, resource_ids: Sequence[int], room: db.Room | None = None) -> list[Stored]:
        """Return those members that are there, by their rows; with a room those that fill it."""
        return queries.read_entries_by_ids(self._domain_id, resource_ids, room)

    def query_cards(self, wanted: CardFilter) -> Iterable[Stored]:
        """Return the cards that a filter finds, in one order."""
        return queries.query_entries(self._domain_id, wanted)
