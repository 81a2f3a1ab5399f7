"""What changed of all that a listener may see, read from the tables; reads only.

Whatever wakes a listener is a hint. What it is told comes from here, with the rights of that moment:
who lost a right hears nothing more of what it was for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from calendar_app.queries.shown import newest_modseqs
from groupware.api.push.positions import Positions
from groupware.core import auth, db, rights
from groupware.core.auth import Principal
from groupware.core.errors import AuthenticationFailed
from groupware.core.holdings import Owner, list_owners
from groupware.core.models import CollectionKind
from groupware.core.rights import ALL, Rights
from groupware.rest.changes import digest

NAMES: Final[Mapping[str, str]] = {
    CollectionKind.MAIL.value: "mailbox",
    CollectionKind.CALENDAR.value: "calendar",
    CollectionKind.ADDRESS_BOOK.value: "address-book",
}
"""What kinds of collections are called in events."""
MAX_TOLD: Final = 1_000
"""Collections of one account in an event: of more, the lists themselves are the shorter answer."""


class Event(NamedTuple):
    """One event: its name, its data."""

    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told, where the listener is then, and whose changes wake it."""

    events: Sequence[Event]
    positions: Positions
    watched: frozenset[int]


class _Changed(NamedTuple):
    """A collection with a modseq above what is known."""

    collection_id: int
    object_id: str
    kind: str
    highest: int
    described: int


def read_news(principal: Principal, kinds: frozenset[str], known: Positions | None) -> News:
    """Return what happened since `known`; without it, where things stand now.

    `kinds` are values of `CollectionKind`. Run it in a snapshot. Raises `AuthenticationFailed` where
    the credentials of the listener have ended.
    """
    if not auth.is_principal_current(principal):
        raise AuthenticationFailed("The session has ended: sign in again.")
    owners = list_owners(principal.account_id)
    points = _read_points([principal.account_id, *(owner.account_id for owner in owners)])
    access = digest(*sorted(kinds), *map(_access_to, owners))
    now = Positions({account: point[:2] for account, point in points.items()}, access)
    watched = frozenset(points)
    if known is None:
        return News([Event("ready", {"accounts": sorted(watched)})], now, watched)
    events = []
    if known.access != access:
        events.append(Event("access", {"accounts": sorted(watched)}))
    held = {owner.account_id: owner for owner in owners}
    for account_id, (epoch, modseq, floor) in points.items():
        at = known.accounts.get(account_id)
        if at is None or at == (epoch, modseq):
            continue
        if at[0] != epoch or not floor <= at[1] <= modseq:
            events.append(Event("reset", _about(account_id, held.get(account_id), modseq)))
        elif told := _tell(account_id, held.get(account_id), at[1], kinds):
            about = _about(account_id, held.get(account_id), modseq)
            events.append(Event("change", about | told))
    return News(events, now, watched)


def _about(account_id: int, owner: Owner | None, modseq: int) -> dict[str, Any]:
    """Return of whom an event is; how far another's counter is tells of what is not shared."""
    return {"account": account_id} | ({} if owner else {"modseq": modseq})


def _access_to(owner: Owner) -> str:
    on_collections = sorted((key, str(held)) for key, held in owner.on_collections.items())
    return f"{owner.account_id} {owner.rights} {on_collections}"


def _read_points(account_ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Return of each account its token epoch, its modseq, and from where its past is known."""
    condition, params = db.in_list("s.account_id", account_ids)
    rows = db.fetch_rows(
        "SELECT s.account_id, (SELECT COALESCE(MAX(c.token_epoch), 0) FROM core_collection c"
        " WHERE c.account_id = s.account_id), s.next_modseq - 1, s.tombstone_floor"
        f" FROM core_accountstate s WHERE {condition} ORDER BY s.account_id",
        params,
    )
    return {account: (epoch, modseq, floor) for account, epoch, modseq, floor in rows}


def _tell(
    account_id: int, owner: Owner | None, since: int, kinds: Iterable[str]
) -> dict[str, Any] | None:
    """Return what is told of one account; None where nothing is that the listener may know."""
    condition, params = db.in_list("kind", sorted(kinds))
    rows = db.fetch_rows(
        "SELECT id, object_id, kind, highest_modseq, changed_modseq FROM core_collection"
        f" WHERE account_id = %s AND {condition} AND (highest_modseq > %s OR changed_modseq > %s)"
        " ORDER BY id",
        [account_id, *params, since, since],
    )
    changed = _seen([_Changed(*row) for row in rows], owner, since)
    removed = _removed(account_id, owner, since, kinds)
    if len(changed) > MAX_TOLD or len(removed) > MAX_TOLD:
        return {"collections": [], "removed": [], "all": True}
    if not changed and not removed:
        return None
    return {"collections": changed, "removed": removed}


def _seen(changed: Sequence[_Changed], owner: Owner | None, since: int) -> list[dict[str, Any]]:
    """Return the collections that are told, each with the modseq that the listener sees it at."""
    held = {one.collection_id: _rights_on(one, owner) for one in changed}
    veiled = [
        one.collection_id
        for one in changed
        if one.kind == CollectionKind.CALENDAR and "private" not in held[one.collection_id]
    ]
    newest = newest_modseqs(veiled) if veiled else {}
    told = []
    for one in changed:
        modseq = _modseq(one, held[one.collection_id], newest)
        if modseq > since:
            told.append({"id": one.object_id, "kind": NAMES[one.kind], "modseq": modseq})
    return told


def _rights_on(one: _Changed, owner: Owner | None) -> Rights:
    if owner is None:
        return ALL
    held = owner.rights_on(one.collection_id)
    return rights.on_calendar(held) if one.kind == CollectionKind.CALENDAR else held


def _modseq(one: _Changed, held: Rights, newest: Mapping[int, int]) -> int:
    """Return the last change that is the listener's to know; 0 where none is."""
    if "r" in held:
        highest = newest.get(one.collection_id, one.highest)
        return max(highest, one.described)
    return one.described if "l" in held and one.kind == CollectionKind.MAIL else 0


def _removed(
    account_id: int, owner: Owner | None, since: int, kinds: Iterable[str]
) -> list[dict[str, str]]:
    """Return collections that are gone; of another's only where all that he has was shown."""
    if owner is not None and "l" not in owner.rights:
        return []
    condition, params = db.in_list("kind", sorted(kinds))
    rows = db.fetch_rows(
        "SELECT object_id, kind FROM core_collectiontombstone WHERE account_id = %s"
        f" AND modseq > %s AND {condition} ORDER BY modseq, id LIMIT %s",
        [account_id, since, *params, MAX_TOLD + 1],
    )
    return [{"id": object_id, "kind": NAMES[kind]} for object_id, kind in rows]
