"""What others let an account use, read for all of them at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from groupware.core import db
from groupware.core.rights import GROUPS_HELD, NONE, REACHED, Rights, make_rights

_HELD = (
    f"{GROUPS_HELD} SELECT g.account_id, a.login, a.kind, g.collection_id, g.rights, g.named_rights"
    " FROM core_grant g JOIN core_account a ON a.id = g.account_id"
    f" WHERE g.account_id <> %s AND {REACHED}"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who granted an account something: on everything, and on collections."""

    account_id: int
    login: str
    kind: str
    rights: Rights
    on_collections: Mapping[int, Rights]

    def rights_on(self, collection_id: int) -> Rights:
        """Return what is held on a collection."""
        held = self.on_collections.get(collection_id)
        return self.rights if held is None else self.rights | held

    def letters_on(self, collection_id: int) -> str:
        """Return the letters that are held on a collection, in their one order."""
        return self.rights_on(collection_id).letters


def list_owners(account_id: int) -> list[Owner]:
    """Return who else's collections an account holds rights on, by login; one query.

    The same rights come in the same order each time: states of lists hang on it.
    """
    keys = [account_id, account_id, account_id, account_id]
    return _owners(db.fetch_rows(f"{_HELD} ORDER BY a.login, g.collection_id", keys))


def find_owner(account_id: int, owner_id: int) -> Owner | None:
    """Return one of those that `list_owners` returns."""
    keys = [account_id, account_id, account_id, account_id, owner_id]
    return next(iter(_owners(db.fetch_rows(f"{_HELD} AND g.account_id = %s", keys))), None)


def _owners(rows: Iterable[tuple[Any, ...]]) -> list[Owner]:
    names: dict[int, tuple[str, str]] = {}
    rights: dict[int, Rights] = {}
    on_collections: dict[int, dict[int, Rights]] = {}
    for owner_id, login, kind, collection_id, letters, named in rows:
        granted = make_rights(letters, named.split())
        names[owner_id] = login, kind
        held = on_collections.setdefault(owner_id, {})
        if collection_id is None:
            rights[owner_id] = rights.get(owner_id, NONE) | granted
        else:
            held[collection_id] = held.get(collection_id, NONE) | granted
    return [
        Owner(owner_id, login, kind, rights.get(owner_id, NONE), on_collections[owner_id])
        for owner_id, (login, kind) in names.items()
    ]
