"""Everything there is to say of one account: `account show`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from groupware.core import db, directory
from groupware.core.directory import AccountEntry
from groupware.core.names import name_of
from groupware.core.rights import list_grants
from groupware.management.retention import hold_name
from groupware.management.sharing import describe_grant, target_in_words
from groupware.management.tables import counted, day, octets, quota, render_fields, render_table
from mail.services.holds import list_holds
from mail.space import count_restorable


@dataclass(frozen=True, slots=True)
class AccountPage:
    """An account with its addresses, groups, collections and what it lets others use."""

    account: AccountEntry
    addresses: list[dict[str, Any]]
    groups: list[str]
    collections: list[dict[str, Any]]
    grants: list[dict[str, Any]]
    restorable: dict[str, int]
    on_hold: list[str]

    def data(self) -> dict[str, object]:
        """Return what `--json` prints."""
        return account_data(self.account) | {
            "addresses": self.addresses,
            "groups": self.groups,
            "collections": self.collections,
            "grants": self.grants,
            "restorable": self.restorable,
            "on_hold": self.on_hold,
        }

    def text(self) -> str:
        """Return what a person reads; a section that would be empty is left out."""
        parts = [
            render_fields([*_fields(self.account), *self._more_fields()]),
            _section(
                ("address", "kind", "leads to"),
                [
                    (row["address"], row["kind"], ", ".join(row["targets"]))
                    for row in self.addresses
                ],
            ),
            _section(
                ("collection", "items", "size"),
                [(row["name"], row["items"], octets(row["bytes"])) for row in self.collections],
            ),
            _section(
                ("granted on", "to", "rights"),
                [(target_in_words(row), row["grantee"], _rights(row)) for row in self.grants],
            ),
        ]
        return "\n\n".join(filter(None, parts))

    def _more_fields(self) -> list[tuple[str, object]]:
        fields: list[tuple[str, object]] = [("Groups", ", ".join(self.groups) or "-")]
        if number := self.restorable["items"]:
            held = f"{counted(number, 'item')}, {octets(self.restorable['bytes'])} (not charged)"
            fields.append(("Restorable", held))
        if self.on_hold:
            fields.append(("On hold", ", ".join(self.on_hold)))
        return fields


def read_account_page(address: str) -> AccountPage:
    """Read an account in one snapshot; raises `NotFound`."""
    with db.read_snapshot():
        account = directory.get_account(address)
        collections = directory.list_collections(account)
        return AccountPage(
            account=directory.describe_account(account),
            addresses=[asdict(held) for held in directory.list_addresses_of(account)],
            groups=directory.list_groups_of(account),
            collections=[
                asdict(held) | {"name": name_of(account.login, held.kind, held.name)}
                for held in collections
            ],
            grants=[describe_grant(held, account) for held in list_grants(account.pk)],
            restorable=dict(zip(("items", "bytes"), count_restorable(account.pk), strict=True)),
            on_hold=[hold_name(held) for held in list_holds(account.pk)],
        )


def account_data(entry: AccountEntry) -> dict[str, object]:
    """Return an account with the keys that every command uses."""
    return asdict(entry) | {"created_at": entry.created_at.isoformat()}


def account_row(entry: AccountEntry) -> tuple[object, ...]:
    """Return an account's line in `account list`, below `ACCOUNT_HEADINGS`."""
    return (
        entry.address,
        entry.name or "-",
        _kind(entry),
        _state(entry),
        octets(entry.bytes_used),
        quota(entry.quota_bytes),
    )


ACCOUNT_HEADINGS = ("address", "name", "kind", "state", "used", "quota")


def _fields(entry: AccountEntry) -> list[tuple[str, object]]:
    return [
        ("Address", entry.address),
        ("Name", entry.name or "-"),
        ("Kind", _kind(entry)),
        ("State", _state(entry)),
        ("Used", f"{octets(entry.bytes_used)} in {counted(entry.items_used, 'item')}"),
        ("Quota", quota(entry.quota_bytes)),
        ("Created", day(entry.created_at)),
    ]


def _kind(entry: AccountEntry) -> str:
    return "administrator" if entry.admin else entry.kind


def _state(entry: AccountEntry) -> str:
    return "active" if entry.active else "disabled"


def _rights(row: dict[str, Any]) -> str:
    return " ".join(filter(None, [row["rights"], *row["named_rights"]]))


def _section(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return render_table(headings, rows) if rows else ""
