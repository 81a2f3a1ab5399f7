"""The directory of a domain: cards that follow its accounts, groups and rooms by themselves.

What the kernel knows is read and compared with what the cards were made of; only where that
differs is anything written, a row and a modseq for each card that changed. So it is true whoever
changed the kernel's tables, and a sync costs by what changed.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from contacts.models import Directory
from contacts.vcard.cards import read_card
from contacts.vcard.entries import Entry, make_uid, member_uri, serialize_entry
from contacts.vcard.limits import NO_LIMITS
from groupware.core import db, limits
from groupware.core.clock import epoch
from groupware.core.directory import find_photo
from groupware.core.errors import Busy, DiskReserve
from groupware.core.models import AccountKind, AddressKind, Domain
from groupware.core.resources.items import etag_of

KINDS = {AccountKind.ROOM.value: "location", AccountKind.EQUIPMENT.value: "device"}
"""Kinds of cards (RFC 6350 §6.1.4, RFC 6869) for kinds of accounts that are no people."""
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Known:
    """What the kernel knows of a domain, as rows in one order."""

    accounts: list[tuple[int, str, str, str]]
    groups: list[tuple[int, str, str]]
    members: list[tuple[int, int | None, str | None, int | None, str | None]]
    addresses: list[tuple[str, int | None, int | None]]
    photos: list[tuple[int, str]]

    @property
    def fingerprint(self) -> str:
        """Return what differs when anything of it does."""
        rows = (self.accounts, self.groups, self.members, self.addresses, self.photos)
        return sha256(repr(rows).encode()).hexdigest()


def refresh_directory(domain_id: int) -> None:
    """Let the cards of a domain follow what the kernel knows.

    Outside of any transaction and snapshot. Where others hold the lock, or the disk is full, the
    cards stay as they are until the next time.
    """
    with db.read_snapshot():
        known = _read(domain_id)
        rows = db.fetch_rows(
            "SELECT fingerprint FROM contacts_directory WHERE domain_id = %s", [domain_id]
        )
    if rows != [(known.fingerprint,)]:
        with suppress(Busy, DiskReserve):
            _write(domain_id)


def refresh_all() -> int:
    """Refresh every domain's directory, forget what is long gone, and return how many there are."""
    domain_ids = list(Domain.objects.filter(alias_of=None).values_list("id", flat=True))
    older_than = epoch() - limits.TOMBSTONE_DAYS.value * _DAY
    for domain_id in domain_ids:
        refresh_directory(domain_id)
        _forget_gone(domain_id, older_than)
    return len(domain_ids)


def _read(domain_id: int) -> _Known:
    """Read what the cards are made of: who can be written to, and is not disabled."""
    of_domain = "domain_id = %s ORDER BY"
    return _Known(
        db.fetch_rows(
            f"SELECT id, login, name, kind FROM core_account WHERE is_active AND {of_domain} id",
            [domain_id],
        ),
        db.fetch_rows(
            f"SELECT id, name, description FROM core_group WHERE {of_domain} id", [domain_id]
        ),
        db.fetch_rows(
            "SELECT m.group_id, m.account_id, a.login, m.subgroup_id, s.name FROM core_groupmember m"
            " JOIN core_group g ON g.id = m.group_id LEFT JOIN core_account a ON a.id = m.account_id"
            f" LEFT JOIN core_group s ON s.id = m.subgroup_id WHERE g.{of_domain} m.id",
            [domain_id],
        ),
        _read_addresses(domain_id),
        db.fetch_rows(
            "SELECT p.account_id, p.etag FROM core_accountphoto p JOIN core_account a"
            f" ON a.id = p.account_id WHERE a.{of_domain} p.account_id",
            [domain_id],
        ),
    )


def _read_addresses(domain_id: int) -> list[tuple[str, int | None, int | None]]:
    """Return (address, account, group) of those that lead to one alone, primary ones first."""
    return db.fetch_rows(
        "SELECT a.local_part || '@' || d.name, t.account_id, t.group_id FROM core_address a"
        " JOIN core_domain d ON d.id = a.domain_id JOIN core_addresstarget t ON t.address_id = a.id"
        " WHERE a.domain_id = %s AND a.local_part <> '' AND t.forward_to = ''"
        " AND NOT EXISTS (SELECT 1 FROM core_addresstarget o"
        " WHERE o.address_id = a.id AND o.id <> t.id)"
        " ORDER BY CASE WHEN a.kind = %s THEN 0 ELSE 1 END, a.local_part",
        [domain_id, AddressKind.PRIMARY.value],
    )


def _write(domain_id: int) -> None:
    """Bring the cards up to date under the directory's lock, with what is known by then."""
    with db.write_transaction():
        directory = _lock(domain_id)
        if directory is None:
            return
        known = _read(domain_id)
        held = {
            href: (etag, is_gone)
            for href, etag, is_gone in db.fetch_rows(
                "SELECT href, etag, is_gone FROM contacts_directorycard WHERE domain_id = %s",
                [domain_id],
            )
        }
        modseq = directory.modseq
        cards = {href: serialize_entry(entry) for href, entry in _entries(directory, known)}
        for href, data in cards.items():
            if held.get(href) != (etag_of(data), False):
                modseq += 1
                _put(domain_id, href, data, modseq)
        for href, (_, is_gone) in held.items():
            if href not in cards and not is_gone:
                modseq += 1
                _empty(domain_id, href, modseq)
        Directory.objects.filter(pk=domain_id).update(modseq=modseq, fingerprint=known.fingerprint)


def _lock(domain_id: int) -> Directory | None:
    """Return the directory's row, made where it is missing, for this transaction alone."""
    if not Domain.objects.filter(pk=domain_id).exists():
        return None
    db.execute(
        "INSERT INTO contacts_directory (domain_id, object_id, token_epoch, modseq, floor,"
        " fingerprint) VALUES (%s, %s, 1, 0, 0, '') ON CONFLICT (domain_id) DO NOTHING",
        [domain_id, secrets.token_urlsafe(16)],
    )
    return Directory.objects.select_for_update().get(pk=domain_id)


def _put(domain_id: int, href: str, data: bytes, modseq: int) -> None:
    card = read_card(data, NO_LIMITS)
    now = epoch()
    db.execute(
        "INSERT INTO contacts_directorycard (domain_id, href, ical_uid, modseq, etag, size,"
        " created_at, changed_at, is_gone, kind, full_name, text, data)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (domain_id, href) DO UPDATE SET modseq = excluded.modseq,"
        " etag = excluded.etag, size = excluded.size, changed_at = excluded.changed_at,"
        " is_gone = excluded.is_gone, kind = excluded.kind, full_name = excluded.full_name,"
        " text = excluded.text, data = excluded.data",
        [
            *(domain_id, href, card.uid, modseq, etag_of(data), len(data), now, now, False),
            *(card.kind, card.full_name, card.text, data),
        ],
    )


def _empty(domain_id: int, href: str, modseq: int) -> None:
    db.execute(
        "UPDATE contacts_directorycard SET is_gone = %s, modseq = %s, changed_at = %s, size = 0,"
        " full_name = '', text = '', data = %s WHERE domain_id = %s AND href = %s",
        [True, modseq, epoch(), b"", domain_id, href],
    )


def _forget_gone(domain_id: int, older_than: int) -> None:
    """Remove the rows of cards that went before `older_than`; below the floor all is told anew."""
    condition = "domain_id = %s AND is_gone AND changed_at < %s"
    rows = db.fetch_rows(
        f"SELECT MAX(modseq) FROM contacts_directorycard WHERE {condition}",
        [domain_id, older_than],
    )
    if rows[0][0] is None:
        return
    with suppress(Busy), db.write_transaction():
        directory = _lock(domain_id)
        if directory is not None:
            db.execute(
                f"DELETE FROM contacts_directorycard WHERE {condition} AND modseq <= %s",
                [domain_id, older_than, rows[0][0]],
            )
            Directory.objects.filter(pk=domain_id).update(floor=max(directory.floor, rows[0][0]))


def _entries(directory: Directory, known: _Known) -> Iterable[tuple[str, Entry]]:
    """Yield (href, entry) of every account and group."""
    mails: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for address, account_id, group_id in known.addresses:
        key = ("account", account_id) if account_id is not None else ("group", group_id or 0)
        mails[key].append(address)
    uris = _Uris(directory.object_id, known)
    with_photo = {account_id for account_id, _ in known.photos}
    for account_id, login, name, kind in known.accounts:
        yield (
            f"account-{account_id}.vcf",
            Entry(
                make_uid(directory.object_id, "account", account_id),
                KINDS.get(kind, "individual"),
                name or login,
                tuple(mails["account", account_id] or [login]),
                photo=find_photo(account_id) if account_id in with_photo else None,
            ),
        )
    for group_id, name, description in known.groups:
        yield (
            f"group-{group_id}.vcf",
            Entry(
                make_uid(directory.object_id, "group", group_id),
                "group",
                description or name.partition("@")[0],
                tuple(mails["group", group_id]),
                tuple(uris.of(group_id)),
            ),
        )


class _Uris:
    """What leads groups to their members: a card where there is one here, else the address."""

    def __init__(self, object_id: str, known: _Known) -> None:
        self._object_id = object_id
        self._here = {("account", row[0]) for row in known.accounts}
        self._here |= {("group", row[0]) for row in known.groups}
        self._members: defaultdict[int, list[str]] = defaultdict(list)
        for group_id, account_id, login, subgroup_id, name in known.members:
            if account_id is not None:
                uri = self._uri(("account", account_id), login or "")
            else:
                uri = self._uri(("group", subgroup_id or 0), name or "")
            self._members[group_id].append(uri)

    def of(self, group_id: int) -> list[str]:
        """Return the members of a group."""
        return self._members[group_id]

    def _uri(self, key: tuple[str, int], address: str) -> str:
        uid = make_uid(self._object_id, *key)
        return member_uri(uid) if key in self._here else f"mailto:{address}"
