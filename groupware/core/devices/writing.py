"""Writing what was noted of devices: some at a time, off the way of every command.

Everything in one transaction is of the directory: rows of many accounts at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from groupware.core import db, limits
from groupware.core.clock import epoch
from groupware.core.devices import contacts
from groupware.core.devices.contacts import Attempt, Contact, Identity
from groupware.core.flushing import Writer, register
from groupware.core.models import AppPassword, Device, Domain

FLUSH_SECONDS: Final = 2.0
"""How long what was noted may be unwritten."""
SEEN_SECONDS: Final = 30
"""How much later a client has to have been seen for that alone to be written."""
BATCH: Final = 500
"""Devices that one transaction writes."""

OUTCOMES: Final = ("succeeded", "failed", "throttled")

_SAVE_DEVICE: Final = (
    "INSERT INTO core_device (account_id, protocol, key, credential, credential_key, client, network,"
    " first_seen, last_seen) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (account_id, protocol, key) DO UPDATE SET client = excluded.client,"
    " network = excluded.network, last_seen = CASE WHEN excluded.last_seen > core_device.last_seen"
    " THEN excluded.last_seen ELSE core_device.last_seen END RETURNING id"
)
_SAVE_STATE: Final = (
    "INSERT INTO core_devicestate (device_id, collection_id, modseq, moment) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (device_id, collection_id) DO UPDATE SET modseq = excluded.modseq,"
    " moment = excluded.moment WHERE core_devicestate.modseq < excluded.modseq"
)
_SAVE_LOGINS: Final = (
    "INSERT INTO core_loginhour (hour, domain_id, protocol, succeeded, failed, throttled)"
    " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (hour, domain_id, protocol) DO UPDATE SET"
    " succeeded = core_loginhour.succeeded + excluded.succeeded,"
    " failed = core_loginhour.failed + excluded.failed,"
    " throttled = core_loginhour.throttled + excluded.throttled"
)


def flush() -> int:
    """Write what is due, and return how many devices; raises `Busy`, with all of it kept."""
    due: list[Contact] = []
    later: list[Contact] = []
    for contact in contacts.take_dirty(contacts.MOST_CONTACTS):
        (due if _is_due(contact) else later).append(contact)
    contacts.put_back(later)
    return _write_all(due)


def finish() -> int:
    """Write everything, due or not: the process ends."""
    return _write_all(contacts.take_dirty(contacts.MOST_CONTACTS))


def begin() -> None:
    """Let processes that serve write what they note."""
    register(Writer("devices", FLUSH_SECONDS, flush, finish))


def _is_due(contact: Contact) -> bool:
    seen_later = contact.seen_at - contact.written_at >= SEEN_SECONDS
    return seen_later or bool(contact.replaced or contact.news)


def _write_all(due: list[Contact]) -> int:
    # In one order everywhere, so that processes that write the same rows wait for each other in turn.
    due.sort(key=lambda contact: contact.identity)
    for start in range(0, len(due), BATCH):
        try:
            _write_devices(due[start : start + BATCH])
        except BaseException:
            contacts.put_back(due[start:])
            raise
    _write_logins()
    return len(due)


@dataclass(frozen=True, slots=True)
class _Saved:
    """A device whose row is written, and what of it."""

    contact: Contact
    row_id: int
    seen_at: int
    told: dict[int | str, int]


def _write_devices(batch: Sequence[Contact]) -> None:
    with db.write_transaction():
        saved = [_save(contact) for contact in _list_open(batch)]
        _save_states(saved)
        _remove_replaced(batch)
        _trim({held.contact.identity.account_id for held in saved if not held.contact.row_id})
    for held in saved:
        contact = held.contact
        contact.row_id, contact.written_at = held.row_id, held.seen_at
        contact.written.update(held.told)
        contact.replaced.clear()


def _list_open(batch: Sequence[Contact]) -> list[Contact]:
    """Return those whose account and app password are still there."""
    accounts = db.keep_shared("core_account", [one.identity.account_id for one in batch])
    named = {one.identity.credential_key for one in batch if _is_app_password(one)}
    held = AppPassword.objects.filter(pk__in=map(int, named), revoked_at=None)
    live = set(map(str, held.values_list("pk", flat=True)))
    return [
        one
        for one in batch
        if one.identity.account_id in accounts
        and (not _is_app_password(one) or one.identity.credential_key in live)
    ]


def _is_app_password(contact: Contact) -> bool:
    return contact.identity.credential == "app-password"


def _save(contact: Contact) -> _Saved:
    identity, seen_at = contact.identity, contact.seen_at
    [(row_id,)] = db.fetch_rows(
        _SAVE_DEVICE,
        [
            *(identity.account_id, identity.protocol, key_of(identity)),
            *(identity.credential, identity.credential_key, contact.client, contact.network),
            *(contact.first_seen, seen_at),
        ],
    )
    # A row that went meanwhile, and came again now, knows nothing of before.
    told = contact.news if row_id == contact.row_id else dict(contact.modseqs)
    return _Saved(contact, row_id, seen_at, told)


def key_of(identity: Identity) -> str:
    """Return what stands for an identity in the row."""
    return sha256(repr(identity[2:]).encode("utf-8", "replace")).hexdigest()[:32]


def _save_states(saved: Sequence[_Saved]) -> None:
    names = {key for held in saved for key in held.told if isinstance(key, str)}
    keys = _find_collections(names) if names else {}
    moment = epoch()
    rows = [
        (held.row_id, collection_id, modseq, moment)
        for held in saved
        for key, modseq in held.told.items()
        if (collection_id := _key_in(held.contact.identity.account_id, key, keys))
    ]
    if rows:
        db.execute_many(_SAVE_STATE, rows)


def _find_collections(object_ids: set[str]) -> dict[tuple[int, str], int]:
    condition, params = db.in_list("object_id", sorted(object_ids))
    rows = db.fetch_rows(
        f"SELECT id, account_id, object_id FROM core_collection WHERE {condition}", params
    )
    return {(account_id, object_id): key for key, account_id, object_id in rows}


def _key_in(account_id: int, key: int | str, keys: Mapping[tuple[int, str], int]) -> int | None:
    """Return a collection's key; None where it is not the account's own, or gone."""
    return key if isinstance(key, int) else keys.get((account_id, key))


def _remove_replaced(batch: Sequence[Contact]) -> None:
    """Remove rows of before a device told its name, where no other had been there under them."""
    for contact in batch:
        for identity, first_seen in contact.replaced:
            Device.objects.filter(
                account_id=identity.account_id,
                protocol=identity.protocol,
                key=key_of(identity),
                first_seen=first_seen,
            ).delete()


def _trim(account_ids: Iterable[int]) -> None:
    """Remove what was not seen for longest, of accounts with more devices than are kept."""
    for account_id in sorted(account_ids):
        held = Device.objects.filter(account_id=account_id).order_by("-last_seen", "-pk")
        if surplus := list(held.values_list("pk", flat=True)[limits.DEVICES.value :]):
            Device.objects.filter(pk__in=surplus).delete()


def _write_logins() -> None:
    taken = contacts.take_logins()
    if not taken:
        return
    try:
        with db.write_transaction():
            db.execute_many(_SAVE_LOGINS, sorted(_sum(taken)))
    except BaseException:
        contacts.put_back_logins(taken)
        raise


def _sum(taken: Counter[Attempt]) -> list[tuple[object, ...]]:
    """Return rows of `LoginHour`; the name of an alias counts as its domain."""
    names = {attempt.domain for attempt in taken}
    domains = {
        name: alias_of or key
        for key, name, alias_of in Domain.objects.filter(name__in=names).values_list(
            "pk", "name", "alias_of_id"
        )
    }
    sums: dict[tuple[int, int, str], Counter[str]] = defaultdict(Counter)
    for attempt, number in taken.items():
        key = attempt.hour, domains.get(attempt.domain, 0), attempt.protocol
        sums[key][attempt.outcome] += number
    return [(*key, *(held[name] for name in OUTCOMES)) for key, held in sums.items()]
