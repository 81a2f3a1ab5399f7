"""Writing notes: the rows of the trace, and what they add to the traffic of their hour."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from groupware.core import db
from groupware.core.addresses import BadAddress, parse_domain
from groupware.core.clock import epoch
from mail.models import Direction, Step
from mail.services.trace.note import Note

Held = tuple[int, Note]
"""When, in epoch microseconds, and what."""
Place = tuple[int | None, str]
"""An account, or the domain that an address names: where a note belongs."""
NOWHERE: Place = (None, "")
HOUR = 3600
MICROSECONDS = 1_000_000

_COLUMNS = (
    "moment, step, message_id, reference, queue_id, sender, recipient, account_id, domain_id, size,"
    " peer, detail"
)
_COUNTED: Mapping[Step, Direction] = {Step.DELIVERED: Direction.IN, Step.SENT: Direction.OUT}
_FAILED = frozenset({Step.REFUSED, Step.BOUNCED})
_Key = tuple[int, int, str]
"""An hour, a domain and a direction."""


@dataclass(slots=True)
class _Sum:
    messages: int = 0
    octets: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database says of a batch.

    Domains and logins of accounts, domains by name, Message-IDs by blob.
    """

    accounts: Mapping[int, tuple[int, str]]
    domains: Mapping[str, int]
    names: Mapping[int, str]

    def domain_id(self, place: Place) -> int | None:
        """Return the domain of a place, None where it is none of ours."""
        account_id, name = place
        held = self.accounts.get(account_id or 0)
        return held[0] if held is not None else self.domains.get(name)

    def is_step(self, found: Note) -> bool:
        """Tell whether what went to another place here left the domain of its account."""
        return not found.is_inner or self.domain_id(place_of(found)) != self.domain_id(
            (None, domain_of(found.place))
        )

    def detail(self, found: Note) -> str:
        """Return what is said of a step; of a delivery also whose mailbox it is, by an alias."""
        login = self.login(found)
        if not login or found.recipient in {"", login}:
            return found.detail
        return f"to {login}, {found.detail}" if found.detail else f"to {login}"

    def login(self, found: Note) -> str:
        """Return who has got a message; "" of any other step."""
        held = self.accounts.get(found.account_id or 0)
        return held[1] if held is not None and found.step is Step.DELIVERED else ""


def place_of(found: Note) -> Place:
    """Return where a note belongs, without asking anybody."""
    return found.account_id, domain_of(found.place)


def write(batch: Sequence[Held], refused: Counter[Place]) -> None:
    """Write notes, and count what was `refused` beyond them; in one transaction of its own.

    Mail that comes in waits for it, so all that can be is done before. Raises as the database does;
    then nothing is written.
    """
    with db.read_snapshot():
        known = _find_known(batch, refused)
    rows: list[list[Any]] = []
    sums: dict[_Key, _Sum] = {}
    for moment, found in batch:
        if known.is_step(found):
            domain_id = known.domain_id(place_of(found))
            rows.append(_row(moment, found, domain_id, known))
            _count(sums, moment, found, domain_id)
    for place, number in refused.items():
        direction = Direction.IN if place[0] is None else Direction.OUT
        moment = epoch() * MICROSECONDS
        _sum(sums, moment, known.domain_id(place), direction).failed += number
    with db.write_transaction():
        _insert(rows, sums)


def _row(moment: int, found: Note, domain_id: int | None, known: _Known) -> list[Any]:
    message_id = found.message_id or known.names.get(found.blob_id or 0, "")
    return [
        moment,
        str(found.step),
        _plain(message_id, 255),
        found.reference[:64],
        found.queue_id,
        _plain(found.sender, 320),
        _plain(found.recipient or known.login(found), 320),
        found.account_id,
        domain_id,
        found.size,
        _plain(found.peer, 255),
        _plain(known.detail(found), 500),
    ]


def _count(sums: dict[_Key, _Sum], moment: int, found: Note, domain_id: int | None) -> None:
    if direction := _COUNTED.get(found.step):
        total = _sum(sums, moment, domain_id, direction)
        total.messages += 1
        total.octets += found.size
    elif found.step in _FAILED:
        _sum(sums, moment, domain_id, _failed_on(found)).failed += 1


def _failed_on(found: Note) -> Direction:
    """Return which way a message was to go that got no further."""
    is_ours = found.account_id is not None and found.step is Step.REFUSED
    return Direction.OUT if is_ours or found.queue_id is not None else Direction.IN


def _sum(sums: dict[_Key, _Sum], moment: int, domain_id: int | None, direction: Direction) -> _Sum:
    key = moment // (HOUR * MICROSECONDS), domain_id or 0, str(direction)
    return sums.setdefault(key, _Sum())


def _insert(rows: Sequence[Sequence[Any]], sums: Mapping[_Key, _Sum]) -> None:
    if rows:
        places = ", ".join(["%s"] * len(rows[0]))
        db.execute_many(f"INSERT INTO mail_traceentry ({_COLUMNS}) VALUES ({places})", rows)
    if sums:
        # In one order: of two processes neither waits for one that waits for it.
        db.execute_many(
            "INSERT INTO mail_traffichour (hour, domain_id, direction, messages, octets, failed)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (hour, domain_id, direction) DO UPDATE"
            " SET messages = mail_traffichour.messages + excluded.messages,"
            " octets = mail_traffichour.octets + excluded.octets,"
            " failed = mail_traffichour.failed + excluded.failed",
            [
                (*key, held.messages, held.octets, held.failed)
                for key, held in sorted(sums.items(), key=_first)
            ],
        )


def _first(pair: tuple[_Key, _Sum]) -> _Key:
    return pair[0]


def _find_known(batch: Sequence[Held], refused: Iterable[Place]) -> _Known:
    places = {place_of(found) for _, found in batch} | set(refused)
    accounts = _read(
        "SELECT id, domain_id, login FROM core_account WHERE",
        "id",
        {key for key, _ in places if key},
    )
    domains = _read(
        "SELECT name, COALESCE(alias_of_id, id) FROM core_domain WHERE",
        "name",
        {name for _, name in places if name},
    )
    names = _read(
        "SELECT blob_id, message_id FROM mail_messagecontent WHERE",
        "blob_id",
        {found.blob_id for _, found in batch if found.blob_id and not found.message_id},
    )
    return _Known(
        {key: (domain_id, login) for key, domain_id, login in accounts},
        dict(domains),
        dict(names),
    )


def _read(query: str, column: str, wanted: set[Any]) -> list[tuple[Any, ...]]:
    if not wanted:
        return []
    condition, params = db.in_list(column, sorted(wanted))
    return db.fetch_rows(f"{query} {condition}", params)


@lru_cache(maxsize=4096)
def domain_of(address: str) -> str:
    """Return the domain of an address as the directory has it; "" for none."""
    try:
        return parse_domain(address.rpartition("@")[2]) if address else ""
    except BadAddress:
        return ""


def _plain(text: str, most: int) -> str:
    """Text that both databases take: PostgreSQL stores no NUL and no lone surrogate."""
    if text.isascii() and text.isprintable():
        return text[:most]
    return "".join(char if char.isprintable() else " " for char in text[:most])
