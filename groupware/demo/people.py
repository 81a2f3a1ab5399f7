"""Who writes and is written to: the team, its shared places, and everybody outside. Pure."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

PEOPLE = Path(__file__).parent / "texts" / "people.toml"


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody with an address; of the team where `account` says what kind of account it is."""

    key: str
    address: str
    name: str = ""
    account: str = ""  # person, shared, room; empty outside, and for a group or an alias
    admin: bool = False
    zone: str = "Europe/Vienna"
    program: str = ""
    signature: str = ""

    @property
    def timezone(self) -> ZoneInfo:
        """Where the clock hangs that dates this one's letters."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the team; its key is also a correspondent's.

    `post` is who may write to it, `owners` get its bounces, `senders` may write in its name.
    """

    key: str
    description: str
    members: tuple[str, ...]
    post: str = "anyone"
    owners: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """What a group may do with a shared place."""

    place: str
    group: str
    rights: str


@dataclass(frozen=True, slots=True)
class People:
    """Everybody by key, as texts/people.toml has them, in a team's domain."""

    domain: str
    everybody: Mapping[str, Correspondent]
    groups: tuple[Group, ...]
    aliases: Mapping[str, str]
    access: tuple[Access, ...]
    accounts: tuple[Correspondent, ...] = field(init=False)

    def __post_init__(self) -> None:
        accounts = tuple(one for one in self.everybody.values() if one.account)
        object.__setattr__(self, "accounts", accounts)

    def __getitem__(self, key: str) -> Correspondent:
        return self.everybody[key]

    def is_inside(self, key: str) -> bool:
        """Whether mail to this one stays in the team."""
        return self.everybody[key].address.endswith(f"@{self.domain}")

    def persons(self) -> list[Correspondent]:
        """Return those who can sign in."""
        return [one for one in self.accounts if one.account == "person"]


def read_people(domain: str) -> People:
    """Return everybody, the team's addresses in `domain`."""
    data = tomllib.loads(PEOPLE.read_text("utf-8").replace("{domain}", domain))
    groups = tuple(_group(key, table) for key, table in data["group"].items())
    everybody = {
        key: Correspondent(key, **_with_address(key, table, domain))
        for table_name in ("team", "outside")
        for key, table in data[table_name].items()
    }
    for group in groups:
        address = f"{group.key}@{domain}"
        everybody[group.key] = Correspondent(group.key, address, group.description)
    for key in data["alias"]:
        everybody[key] = Correspondent(key, f"{key}@{domain}")
    access = tuple(Access(**table) for table in data["access"])
    return People(domain, everybody, groups, data["alias"], access)


def _group(key: str, table: Mapping[str, Any]) -> Group:
    members, owners, senders = (
        tuple(table.get(name, ())) for name in ("members", "owners", "senders")
    )
    return Group(key, table["description"], members, table.get("post", "anyone"), owners, senders)


def _with_address(key: str, table: Mapping[str, Any], domain: str) -> dict[str, Any]:
    return {"address": f"{key}@{domain}", **table}
