"""Reading what WebDAV keeps beside the store."""

from collections.abc import Sequence
from typing import NamedTuple

from groupware.core import db

Dead = dict[str, str]
"""Dead properties: elements as XML, by name."""


class Holder(NamedTuple):
    """What has dead properties: a principal, a collection (`resource_id` 0), or a member.

    A collection has those that its owner's clients set, and for each reader of its home's own.
    """

    account_id: int
    collection_id: int | None = None
    resource_id: int = 0

    @property
    def condition(self) -> tuple[str, list[int]]:
        """The SQL condition of its rows, and the parameters."""
        if self.collection_id is None:
            return "account_id = %s AND collection_id IS NULL", [self.account_id]
        return "account_id = %s AND collection_id = %s AND resource_id = %s", [
            self.account_id,
            self.collection_id,
            self.resource_id,
        ]


def read_dead(holder: Holder) -> Dead:
    """Return the dead properties of a holder, in the order of their names."""
    condition, params = holder.condition
    rows = db.fetch_rows(
        f"SELECT name, value FROM dav_deadproperty WHERE {condition} ORDER BY name", params
    )
    return {str(name): str(value) for name, value in rows}


def read_dead_of_collections(account_id: int, collection_ids: Sequence[int]) -> dict[int, Dead]:
    """Return the dead properties that an account has of collections; one query."""
    condition, params = db.in_list("collection_id", collection_ids)
    rows = db.fetch_rows(
        "SELECT collection_id, name, value FROM dav_deadproperty"
        f" WHERE account_id = %s AND resource_id = 0 AND {condition} ORDER BY name",
        [account_id, *params],
    )
    found: dict[int, Dead] = {}
    for collection_id, name, value in rows:
        found.setdefault(int(collection_id), {})[str(name)] = str(value)
    return found


def read_dead_of_members(collection_id: int, names: Sequence[str] | None = None) -> dict[str, Dead]:
    """Return dead properties of a collection's members by href, in one query; of `names` alone."""
    condition, params = db.in_list("p.name", names) if names is not None else ("p.id > 0", [])
    rows = db.fetch_rows(
        "SELECT r.href, p.name, p.value FROM dav_deadproperty p"
        " JOIN core_resource r ON r.id = p.resource_id"
        f" WHERE p.collection_id = %s AND p.resource_id > 0 AND {condition} ORDER BY p.name",
        [collection_id, *params],
    )
    found: dict[str, Dead] = {}
    for href, name, value in rows:
        found.setdefault(str(href), {})[str(name)] = str(value)
    return found
