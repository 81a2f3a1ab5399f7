"""What is shown of devices and logins: narrow rows of one account, or of some domains.

What a process has noted and not written yet is seconds old at most, and is not told.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from groupware.core import db, limits
from groupware.core.devices import behind
from groupware.core.devices.behind import Behind, Newest


@dataclass(frozen=True, slots=True)
class KnownCollection:
    """Up to where a device was told of a collection; `name` is KIND/NAME, `moment` epoch seconds."""

    name: str
    behind: Behind
    moment: int


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device as its person sees it; moments are epoch seconds.

    `behind` is None where its protocol does not tell up to where it knows the account: POP3, mail
    programs without CONDSTORE, calendars that are read without sync-tokens.
    """

    id: int
    protocol: str
    client: str
    network: str
    credential: str
    label: str
    first_seen: int
    last_seen: int
    behind: Behind | None
    collections: Sequence[KnownCollection]


@dataclass(frozen=True, slots=True)
class LoginCount:
    """Logins of one hour, which begins at `hour` (epoch seconds), by one protocol."""

    hour: int
    protocol: str
    succeeded: int
    failed: int
    throttled: int


class _State(NamedTuple):
    device_id: int
    collection_id: int
    kind: str
    name: str
    known: int
    highest: int
    moment: int


def list_devices(account_id: int) -> list[DeviceEntry]:
    """Return the devices of an account, the last seen first, and how far behind each is."""
    with db.read_snapshot():
        rows = db.fetch_rows(
            "SELECT d.id, d.protocol, d.client, d.network, d.credential, COALESCE(p.label, ''),"
            " d.first_seen, d.last_seen FROM core_device d LEFT JOIN core_apppassword p"
            " ON d.credential = 'app-password' AND CAST(p.id AS TEXT) = d.credential_key"
            " AND p.account_id = d.account_id WHERE d.account_id = %s"
            " ORDER BY d.last_seen DESC, d.id DESC LIMIT %s",
            [account_id, limits.DEVICES.value],
        )
        known = _list_known(account_id)
    entries = []
    for row in rows:
        held = known.get(row[0])
        values: list[Any] = [*row, _sum(held), held or ()]
        entries.append(DeviceEntry(*values))
    return entries


def _sum(known: Iterable[KnownCollection] | None) -> Behind | None:
    return None if known is None else sum((held.behind for held in known), behind.NONE)


def _list_known(account_id: int) -> dict[int, list[KnownCollection]]:
    """Return by device what it knows of the account's collections that are there."""
    rows = db.fetch_rows(
        "SELECT s.device_id, s.collection_id, c.kind, c.name, s.modseq, c.highest_modseq, s.moment"
        " FROM core_device d JOIN core_devicestate s ON s.device_id = d.id"
        " JOIN core_collection c ON c.id = s.collection_id AND c.account_id = d.account_id"
        " WHERE d.account_id = %s ORDER BY c.kind, c.name",
        [account_id],
    )
    states = [_State(*row) for row in rows]
    newest = _read_newest(states)
    known: dict[int, list[KnownCollection]] = defaultdict(list)
    for state in states:
        is_behind = state.highest > state.known
        arrears = newest[state.collection_id].count_above(state.known) if is_behind else behind.NONE
        named = KnownCollection(f"{state.kind}/{state.name}", arrears, state.moment)
        known[state.device_id].append(named)
    return dict(known)


def _read_newest(states: Iterable[_State]) -> dict[int, Newest]:
    """Return the newest changes of each collection that some device is behind, read once."""
    oldest: dict[tuple[str, int], int] = {}
    for state in states:
        if state.highest > state.known:
            place = state.kind, state.collection_id
            oldest[place] = min(state.known, oldest.get(place, state.known))
    return {
        collection_id: behind.find_newest(kind, collection_id, since)
        for (kind, collection_id), since in oldest.items()
    }


def last_logins(account_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return by account and protocol when somebody was last seen (epoch seconds)."""
    condition, params = db.in_list("account_id", list(account_ids))
    rows = db.fetch_rows(
        f"SELECT account_id, protocol, MAX(last_seen) FROM core_device WHERE {condition}"
        " GROUP BY account_id, protocol",
        params,
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for account_id, protocol, moment in rows:
        found[account_id][protocol] = moment
    return dict(found)


def login_counts(domain_ids: Collection[int] | None, since: int) -> list[LoginCount]:
    """Return logins by hour and protocol from a moment on (epoch seconds), the oldest first.

    Of some domains, or of all and of names that are in none.
    """
    condition, params = "hour >= %s", [since]
    if domain_ids is not None:
        within, keys = db.in_list("domain_id", list(domain_ids))
        condition, params = f"{condition} AND {within}", [*params, *keys]
    rows = db.fetch_rows(
        "SELECT hour, protocol, SUM(succeeded), SUM(failed), SUM(throttled) FROM core_loginhour"
        f" WHERE {condition} GROUP BY hour, protocol ORDER BY hour, protocol",
        params,
    )
    return [LoginCount(hour, protocol, *map(int, sums)) for hour, protocol, *sums in rows]
