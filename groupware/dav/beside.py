"""What is told of collections that does not stand in their rows: read for all of them at once.

A home with many calendars is told in a bounded number of queries: each kind of fact is read when
the first property asks for it, of all collections that are told together.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from calendar_app.queries import shown
from calendar_app.queries.calendars import CalendarInfo, find_calendars
from groupware.core import db
from groupware.core.models import Grant
from groupware.core.resources import readers
from groupware.core.resources.queries import CollectionInfo
from groupware.core.resources.readers import OwnFace
from groupware.core.rights import list_grants_of
from groupware.dav.locks import Lock, list_locks
from groupware.dav.queries import Dead, read_dead_of_collections


class Face(NamedTuple):
    """What a collection shows of itself; `position` is -1 where nobody gave one."""

    display_name: str
    color: str
    position: int


class Beside:
    """Facts about collections that the home of `reader_id` shows, its own and others'."""

    def __init__(self, infos: Sequence[CollectionInfo], reader_id: int) -> None:
        self._infos = infos
        self._reader_id = reader_id

    def face_of(self, info: CollectionInfo) -> Face:
        """Return a face: of another's collection the reader's own, where he has one."""
        name = info.display_name or info.name
        if not self._is_shared(info):
            return Face(name, info.color, info.position)
        own = self._own_faces.get(info.collection_id, OwnFace())
        return Face(
            own.display_name or f"{name} ({self._logins.get(info.account_id, '')})",
            own.color or info.color,
            own.position if own.position >= 0 else info.position,
        )

    def calendar_of(self, collection_id: int) -> CalendarInfo | None:
        """Return a calendar's own settings; None for what is no calendar."""
        return self._calendars.get(collection_id)

    def newest_of(self, collection_id: int) -> int:
        """Return the modseq of a calendar's last change that every reader is shown."""
        return self._newest[collection_id]

    def dead_of(self, collection_id: int) -> Dead:
        """Return the dead properties of a collection that are this home's."""
        return self._dead.get(collection_id, {})

    def locks_of(self, collection_id: int) -> list[Lock]:
        """Return the locks on a collection and in it."""
        return [lock for lock in self._locks if lock.collection_id == collection_id]

    def quota_of(self, account_id: int) -> tuple[int, int]:
        """Return (octets used, octets of the quota) of an account."""
        return self._quotas.get(account_id, (0, 0))

    def grants_on(self, info: CollectionInfo) -> list[Grant]:
        """Return the grants on a collection: its own, and those on all that its owner has."""
        return [
            held
            for held in self._grants
            if held.account_id == info.account_id
            and held.collection_id in (None, info.collection_id)
        ]

    def _is_shared(self, info: CollectionInfo) -> bool:
        return info.account_id != self._reader_id

    @cached_property
    def _collection_ids(self) -> list[int]:
        return [info.collection_id for info in self._infos]

    @cached_property
    def _account_ids(self) -> list[int]:
        return sorted({info.account_id for info in self._infos})

    @cached_property
    def _own_faces(self) -> dict[int, OwnFace]:
        return readers.list_faces(self._reader_id)

    @cached_property
    def _calendars(self) -> dict[int, CalendarInfo]:
        return find_calendars(self._collection_ids)

    @cached_property
    def _dead(self) -> dict[int, Dead]:
        return read_dead_of_collections(self._reader_id, self._collection_ids)

    @cached_property
    def _locks(self) -> list[Lock]:
        return list_locks(self._collection_ids)

    @cached_property
    def _grants(self) -> list[Grant]:
        return list_grants_of(self._account_ids)

    @cached_property
    def _newest(self) -> dict[int, int]:
        return shown.newest_modseqs(self._collection_ids)

    @cached_property
    def _logins(self) -> dict[int, str]:
        condition, params = db.in_list("id", self._account_ids)
        return dict(db.fetch_rows(f"SELECT id, login FROM core_account WHERE {condition}", params))

    @cached_property
    def _quotas(self) -> dict[int, tuple[int, int]]:
        return read_quotas(self._account_ids)


def read_quotas(account_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return (octets used, octets of the quota) by account; one query."""
    condition, params = db.in_list("account_id", account_ids)
    rows = db.fetch_rows(
        f"SELECT account_id, bytes_used, quota_bytes FROM core_accountstate WHERE {condition}",
        params,
    )
    return {account_id: (used, quota) for account_id, used, quota in rows}
