"""What a path stands for, and what the requester may do there.

    /                                    root
    /ACCOUNT/                            a principal, and the home of what it owns
    /ACCOUNT/SLUG/                       a calendar or an address book
    /ACCOUNT/directory/                  the address book of ACCOUNT's domain
    /ACCOUNT/~OBJECT_ID/                 what somebody else shares with ACCOUNT, in its home
    /ACCOUNT/SLUG/HREF                   a calendar object or a card
    /ACCOUNT/calendar-proxy-read/        who may read all of ACCOUNT's calendars; -write/: and write
    /groups/GROUP/   /domains/DOMAIN/    principals that things are granted to

ACCOUNT, GROUP and DOMAIN are numbers that never change. What a requester may not know of is not
there: 404, never 403.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from typing import Final

from groupware.core import db, holdings, rights
from groupware.core.models import CollectionKind
from groupware.core.models.resources import KEPT_BY_SERVER
from groupware.core.resources import queries
from groupware.core.resources.collections import SHARED_MARK
from groupware.core.resources.queries import CollectionInfo, ResourceRow
from groupware.core.rights import ALL, Rights
from groupware.dav import directory
from groupware.dav.access import NOTHING, OWNER, READER, Access
from groupware.dav.beside import Beside, Face
from groupware.dav.directory import DirectoryMembers
from groupware.dav.members import HiddenMembers, Members, ShownMembers, StoredMembers

GROUPS: Final = "groups"
DOMAINS: Final = "domains"
PROXY_READ: Final = "calendar-proxy-read"
PROXY_WRITE: Final = "calendar-proxy-write"


class Kind(Enum):
    """What a path can stand for."""

    ROOT = auto()
    PRINCIPAL = auto()
    GROUP = auto()
    DOMAIN = auto()
    PROXY = auto()
    COLLECTION = auto()
    OBJECT = auto()
    MISSING = auto()
    """A place in a collection or in a home where nothing is, and something could be put."""


@dataclass(frozen=True, slots=True)
class Owner:
    """An account as a principal shows it."""

    account_id: int
    login: str
    name: str
    kind: str
    domain_id: int


@dataclass(frozen=True, slots=True)
class Resource:
    """What is at a path, for one requester.

    `path` is canonical: collections and principals end with a slash. `owner` is whose home it is
    reached in; of a shared collection `info.account_id` is the account that owns it. `row` is set
    for an object; `segment` is the last segment of an object or of what is missing. `group_id` is
    a group's or a domain's number. `beside` reads what else is told of the collection.
    """

    kind: Kind
    path: str
    access: Access = READER
    owner: Owner | None = None
    info: CollectionInfo | None = None
    row: ResourceRow | None = None
    segment: str = ""
    group_id: int = 0
    beside: Beside | None = field(default=None, repr=False, compare=False)

    @property
    def is_calendar(self) -> bool:
        """Whether it is a calendar, or in one."""
        return self.info is not None and self.info.kind == CollectionKind.CALENDAR

    @property
    def is_address_book(self) -> bool:
        """Whether it is an address book, or in one."""
        return self.info is not None and self.info.kind == CollectionKind.ADDRESS_BOOK

    @property
    def collection_path(self) -> str:
        """The path of the collection that it is or lies in."""
        return self.path[: self.path.rindex("/") + 1]

    @property
    def members(self) -> Members:
        """Return what is in the collection that this is or lies in, as the requester sees it."""
        assert self.info is not None
        if not self.access.reads:
            return HiddenMembers()
        if directory.is_directory(self.info):
            return DirectoryMembers(self.info)
        if self.access.sees_private or not self.is_calendar:
            return StoredMembers(self.info)
        return ShownMembers(self.info, partial(self.known.newest_of, self.info.collection_id))

    @property
    def known(self) -> Beside:
        """Return what else is known of the collection."""
        assert self.info is not None
        assert self.owner is not None
        return self.beside or Beside([self.info], self.owner.account_id)

    @property
    def is_shared(self) -> bool:
        """Whether it is somebody else's collection, seen in the home of whom it is shared with."""
        return (
            self.info is not None
            and self.owner is not None
            and self.info.account_id != self.owner.account_id
        )

    @property
    def face(self) -> Face:
        """Return what the collection shows of itself: in a grantee's home, as he likes it."""
        assert self.info is not None
        return self.known.face_of(self.info)


def principal_path(account_id: int) -> str:
    """Return the path of an account's principal, which is also its home."""
    return f"/{account_id}/"


def find(path: str, requester_id: int) -> Resource | None:
    """Return what is at a path; None for what is not there, or not for the requester."""
    segments = [segment for segment in path.split("/") if segment]
    if not segments:
        return Resource(Kind.ROOT, "/")
    if segments[0] in (GROUPS, DOMAINS):
        return _find_group(segments, requester_id)
    owner = find_owner(segments[0])
    if owner is None:
        return None
    if len(segments) == 1:
        return principal_of(owner, requester_id)
    if segments[1] in (PROXY_READ, PROXY_WRITE):
        return _find_proxy(owner, segments, requester_id)
    return _find_in_home(owner, segments[1:], requester_id)


def _find_proxy(owner: Owner, segments: Sequence[str], requester_id: int) -> Resource | None:
    if len(segments) > 2 or principal_of(owner, requester_id) is None:
        return None
    path = f"{principal_path(owner.account_id)}{segments[1]}/"
    access = OWNER if owner.account_id == requester_id else READER
    return Resource(Kind.PROXY, path, access, owner, segment=segments[1])


def find_owner(segment: str) -> Owner | None:
    """Return the account of the first segment of a path."""
    if not (segment.isascii() and segment.isdigit()) or len(segment) > 18:
        return None
    rows = db.fetch_rows(
        "SELECT id, login, name, kind, domain_id FROM core_account WHERE id = %s", [int(segment)]
    )
    return Owner(*rows[0]) if rows else None


def principal_of(owner: Owner, requester_id: int) -> Resource | None:
    """Return an account's principal, to those of its domain and to whom it grants something."""
    path = principal_path(owner.account_id)
    if owner.account_id == requester_id:
        return Resource(Kind.PRINCIPAL, path, OWNER, owner)
    same = db.fetch_rows(
        "SELECT 1 FROM core_account WHERE id = %s AND domain_id = %s",
        [requester_id, owner.domain_id],
    )
    if same or holdings.find_owner(requester_id, owner.account_id) is not None:
        return Resource(Kind.PRINCIPAL, path, READER, owner)
    return None


def _find_group(segments: Sequence[str], requester_id: int) -> Resource | None:
    if len(segments) != 2 or not segments[1].isascii() or not segments[1].isdigit():
        return None
    if len(segments[1]) > 18:
        return None
    kind, key = (Kind.GROUP if segments[0] == GROUPS else Kind.DOMAIN), int(segments[1])
    table, column = ("core_group", "domain_id") if kind is Kind.GROUP else ("core_domain", "id")
    same = db.fetch_rows(
        f"SELECT 1 FROM {table} g JOIN core_account a ON a.domain_id = g.{column}"
        " WHERE g.id = %s AND a.id = %s",
        [key, requester_id],
    )
    return Resource(kind, f"/{segments[0]}/{key}/", group_id=key) if same else None


def _find_in_home(owner: Owner, segments: Sequence[str], requester_id: int) -> Resource | None:
    info = _find_info(owner, segments[0], requester_id)
    if info is None:
        return _missing_collection(owner, segments, requester_id)
    access = access_to(info, requester_id)
    if not access or len(segments) > 2:
        return None
    base, beside = (
        f"{principal_path(owner.account_id)}{segments[0]}/",
        Beside([info], owner.account_id),
    )
    if len(segments) == 1:
        return Resource(Kind.COLLECTION, base, access, owner, info, beside=beside)
    href = segments[1]
    place = Resource(Kind.MISSING, base + href, access, owner, info, segment=href, beside=beside)
    row = place.members.find(href)
    return place if row is None else replace(place, kind=Kind.OBJECT, row=row)


def _missing_collection(
    owner: Owner, segments: Sequence[str], requester_id: int
) -> Resource | None:
    """Return the place for a new collection in the requester's own home."""
    is_own = owner.account_id == requester_id and not segments[0].startswith(SHARED_MARK)
    if len(segments) > 1 or not is_own:
        return None
    path = principal_path(owner.account_id) + segments[0]
    return Resource(Kind.MISSING, path, OWNER, owner, segment=segments[0])


def _find_info(owner: Owner, slug: str, requester_id: int) -> CollectionInfo | None:
    if slug == directory.SLUG:
        own = owner.account_id == requester_id
        return directory.find_directory(owner.account_id, owner.domain_id) if own else None
    if not slug.startswith(SHARED_MARK):
        return queries.find_by_slug(owner.account_id, slug)
    if owner.account_id != requester_id:
        return None
    info = queries.find_by_object_id(slug.removeprefix(SHARED_MARK))
    return info if info is not None and info.account_id != requester_id else None


def access_to(info: CollectionInfo, requester_id: int) -> Access:
    """Return what a requester may do with a collection."""
    if directory.is_directory(info):
        return READER
    held = rights.effective_rights(requester_id, info.account_id, info.collection_id)
    return access_by(held, info, requester_id)


def access_by(held: Rights, info: CollectionInfo, requester_id: int) -> Access:
    """Return what rights let a requester do with a collection."""
    if info.kind == CollectionKind.CALENDAR:
        held = rights.on_calendar(held)
    is_fixed = info.role in KEPT_BY_SERVER
    is_owner = info.account_id == requester_id
    return Access(held, is_owner=is_owner, is_fixed=is_fixed) if held else NOTHING


def home_of(owner: Owner, requester_id: int) -> list[Resource]:
    """Return the collections that a home shows to a requester, its own and those shared with it.

    Hot: the first thing that a client polls. A bounded number of queries, however many there are.
    """
    infos = queries.list_collections(owner.account_id)
    if owner.account_id == requester_id:
        own = [(info, access_by(ALL, info, requester_id)) for info in infos]
        book = directory.find_directory(owner.account_id, owner.domain_id)
        own += [(book, READER)] if book is not None else []
        return _told_together(owner, own + _shared_with(owner))
    granted = holdings.find_owner(requester_id, owner.account_id)
    if granted is None:
        return []
    held = [(info, granted.rights_on(info.collection_id)) for info in infos]
    seen = [(info, access_by(some, info, requester_id)) for info, some in held]
    return _told_together(owner, [(info, access) for info, access in seen if access])


def shared_with(owner: Owner) -> list[Resource]:
    """Return the collections that others share with an account, in its home."""
    return _told_together(owner, _shared_with(owner))


def _shared_with(owner: Owner) -> list[tuple[CollectionInfo, Access]]:
    owners = {other.account_id: other for other in holdings.list_owners(owner.account_id)}
    seen = [
        (
            info,
            access_by(
                owners[info.account_id].rights_on(info.collection_id), info, owner.account_id
            ),
        )
        for info in queries.list_collections_of(list(owners))
    ]
    return [(info, access) for info, access in seen if access]


def _told_together(owner: Owner, seen: Sequence[tuple[CollectionInfo, Access]]) -> list[Resource]:
    base = principal_path(owner.account_id)
    beside = Beside([info for info, _ in seen], owner.account_id)
    return [
        Resource(
            Kind.COLLECTION, f"{base}{_segment(info, owner)}/", access, owner, info, beside=beside
        )
        for info, access in seen
    ]


def _segment(info: CollectionInfo, home: Owner) -> str:
    return info.slug if info.account_id == home.account_id else SHARED_MARK + info.object_id
