"""The audit log: who did what to whom, written in the transaction that did it.

The edges say who acts (`acting`); the services that change something say what they did (`record`),
so that whichever way a change comes, its entry is there or neither is. What is done without an actor
is the server's own doing. A detail never holds a secret: what was set is named, not told.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from groupware.core import db, limits
from groupware.core.clock import now
from groupware.core.models import Account, Address, AuditEntry, DirectoryState, Domain, Group

MOST_LISTED = 1_000
BATCH = 1_000
"""Entries that one transaction of the duty removes."""
_NEXT = (
    "INSERT INTO core_directorystate (id, last_entry, floor) VALUES (1, 1, 0)"
    " ON CONFLICT (id) DO UPDATE SET last_entry = core_directorystate.last_entry + 1"
    " RETURNING last_entry"
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: an account, or with None a command or the server itself.

    `role` is in what role: one of `models.Role`, "command", "server", or "" for a person who does
    it with what is his own. `network` is the client's address.
    """

    account_id: int | None
    login: str
    role: str = ""
    network: str = ""


SERVER = Actor(None, "server", "server")
_actor: ContextVar[Actor] = ContextVar("actor", default=SERVER)


@dataclass(frozen=True, slots=True)
class Target:
    """What something was done to, as it is called now; `domain_id` is where it belongs."""

    kind: str
    id: int | None
    name: str
    domain_id: int | None = None


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Let what is recorded in the block be done by `actor`."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def current_actor() -> Actor:
    """Return who acts now."""
    return _actor.get()


def is_somebody_acting() -> bool:
    """Whether anybody said who acts: an administrator, a person or a command."""
    return _actor.get() is not SERVER


def target_of(what: Account | Group | Domain | Address) -> Target:
    """Return the target that a row of the directory is."""
    if isinstance(what, Domain):
        return Target("domain", what.pk, what.name, what.alias_of_id or what.pk)
    if isinstance(what, Account):
        return Target("account", what.pk, what.login, what.domain_id)
    if isinstance(what, Group):
        return Target("group", what.pk, what.name, what.domain_id)
    return Target("address", what.pk, str(what), what.domain_id)


def record(action: str, what: Target | Account | Group | Domain | Address, **detail: Any) -> None:
    """Write an entry in the caller's write transaction, which `change` began; call it last.

    `action` is `kind.verb`, such as `account.rename`.
    """
    actor = _actor.get()
    target = what if isinstance(what, Target) else target_of(what)
    ((number,),) = db.fetch_rows(_NEXT, [])
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                id=number,
                created_at=now(),
                actor_id=actor.account_id,
                actor=actor.login,
                role=actor.role,
                network=actor.network[:64],
                action=action,
                target_kind=target.kind,
                target_id=target.id,
                target=target.name,
                domain_id=target.domain_id,
                detail=detail,
            )
        ]
    )


@contextmanager
def change() -> Iterator[None]:
    """Run the block in a write transaction that records what it does.

    Invariant: who writes to the log locks it before anything else, the accounts' locks and rows of
    the directory. Two who took them the other way round would wait for each other (docs/adr/0064).
    """
    with db.write_transaction():
        lock()
        yield


def lock() -> None:
    """Take the lock of the log in the caller's write transaction: what it reads then stays so."""
    db.execute(
        "INSERT INTO core_directorystate (id, last_entry, floor) VALUES (1, 0, 0)"
        " ON CONFLICT (id) DO UPDATE SET floor = core_directorystate.floor",
        [],
    )


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are meant; what is empty says nothing.

    `domain_ids` None are all, also those of no domain. `action` also means all that begin with it
    and a dot. `text` is in the name of who acted or of what it was done to.
    """

    domain_ids: frozenset[int] | None = None
    actor_id: int | None = None
    action: str = ""
    target_kind: str = ""
    target_id: int | None = None
    text: str = ""
    start: datetime | None = None
    end: datetime | None = None


def list_entries(
    wanted: AuditFilter, *, before: int | None = None, limit: int = MOST_LISTED
) -> list[AuditEntry]:
    """Return what is meant, the newest first, from before the entry with the id `before`."""
    found = _matching(wanted)
    if before is not None:
        found = found.filter(id__lt=before)
    with db.read_snapshot():
        return list(found.order_by("-id")[:limit])


def list_following(wanted: AuditFilter, after: int, *, limit: int) -> list[AuditEntry]:
    """Return what is meant and came after the entry with the id `after`, the oldest first."""
    with db.read_snapshot():
        return list(_matching(wanted).filter(id__gt=after).order_by("id")[:limit])


def find_entry(wanted: AuditFilter, entry_id: int) -> AuditEntry | None:
    """Return an entry that is meant, by its id."""
    return _matching(wanted).filter(id=entry_id).first()


def _matching(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    found = AuditEntry.objects.all()
    if wanted.domain_ids is not None:
        found = found.filter(domain_id__in=wanted.domain_ids)
    if wanted.action:
        found = found.filter(Q(action=wanted.action) | Q(action__startswith=f"{wanted.action}."))
    if wanted.text:
        found = found.filter(Q(actor__icontains=wanted.text) | Q(target__icontains=wanted.text))
    exact = {
        "actor_id": wanted.actor_id,
        "target_kind": wanted.target_kind or None,
        "target_id": wanted.target_id,
        "created_at__gte": wanted.start,
        "created_at__lt": wanted.end,
    }
    return found.filter(**{name: value for name, value in exact.items() if value is not None})


def last_entry() -> int:
    """Return the id of the newest entry; 0 where there never was one."""
    return _state()[0]


def floor() -> int:
    """Return up to which id entries are gone."""
    return _state()[1]


def _state() -> tuple[int, int]:
    rows = db.fetch_rows("SELECT last_entry, floor FROM core_directorystate WHERE id = 1", [])
    return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)


@dataclass(frozen=True, slots=True)
class Touched:
    """Targets that entries name: up to the entry `last`; `more` come after it."""

    ids: Sequence[int]
    last: int
    more: bool


def list_touched(wanted: AuditFilter, after: int, *, limit: int = MOST_LISTED) -> Touched:
    """Return what was changed after an entry, each once; in the caller's snapshot."""
    newest = last_entry()
    rows = list(
        _matching(wanted)
        .filter(id__gt=after, target_id__isnull=False)
        .order_by("id")
        .values_list("id", "target_id")[: limit + 1]
    )
    more = len(rows) > limit
    kept = rows[:limit]
    ids = dict.fromkeys(target for _, target in kept if target is not None)
    return Touched(list(ids), kept[-1][0] if more else newest, more)


def expire() -> int:
    """Remove the entries that are older than `GROUPWARE_AUDIT_DAYS`, and return how many."""
    total = 0
    past = AuditEntry.objects.filter(created_at__lt=now() - timedelta(days=limits.AUDIT_DAYS.value))
    while keys := list(past.order_by("id").values_list("id", flat=True)[:BATCH]):
        with db.write_transaction():
            # The floor first: it is the lock of the log, as in `record`.
            DirectoryState.objects.filter(floor__lt=keys[-1]).update(floor=keys[-1])
            total += AuditEntry.objects.filter(id__in=keys).delete()[0]
    return total
