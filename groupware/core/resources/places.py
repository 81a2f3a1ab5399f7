"""Calendars and address books as an account reaches them: its own, and what others let it read.

Rights are read with the collection, at each request: what was revoked is gone at the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from groupware.core import db, holdings, rights
from groupware.core.errors import NotAllowed, NotFound
from groupware.core.holdings import Owner
from groupware.core.models import CollectionKind
from groupware.core.resources import queries
from groupware.core.resources.queries import CollectionInfo
from groupware.core.resources.readers import OwnFace, list_faces
from groupware.core.rights import ALL, NONE, Rights

_WORDS = {
    "r": "read it",
    "i": "add anything to it",
    "w": "change what is in it",
    "t": "take anything out of it",
    "a": "say who else may use it",
}
OWN_FACE = OwnFace()


@dataclass(frozen=True, slots=True)
class Place:
    """A calendar or an address book, what its reader may do there, and how he sees it."""

    info: CollectionInfo
    owner: str
    rights: Rights
    reader_id: int
    face: OwnFace = OWN_FACE

    @property
    def is_own(self) -> bool:
        """Whether its reader owns it."""
        return self.info.account_id == self.reader_id

    @property
    def sees_private(self) -> bool:
        """Whether its reader is shown what is private and confidential."""
        return self.is_own or "private" in self.rights

    @property
    def administers(self) -> bool:
        """Whether its reader may say who else uses it."""
        return "a" in self.rights or "manage" in self.rights

    def require(self, letter: str) -> None:
        """Raise `NotAllowed` where a right is missing."""
        held = self.administers if letter == "a" else letter in self.rights
        if not held:
            raise NotAllowed(f"It is {self.owner}'s, who does not let you {_WORDS[letter]}.")

    def require_own(self) -> None:
        """Raise `NotAllowed` where it is somebody else's."""
        if not self.is_own:
            raise NotAllowed(f"It is {self.owner}'s, who alone may do that.")


def list_places(account_id: int, kind: CollectionKind) -> list[Place]:
    """Return what an account may read, its own first, then others' by their address.

    In the caller's snapshot; four queries.
    """
    owners = {owner.account_id: owner for owner in holdings.list_owners(account_id)}
    faces = list_faces(account_id)
    infos = [
        each for each in queries.list_collections_of([account_id, *owners]) if each.kind == kind
    ]
    reached = (_place(info, account_id, owners, faces) for info in infos)
    found = [place for place in reached if place is not None]
    own = _login_of(account_id)
    found = [place if place.owner else _with_owner(place, own) for place in found]
    order = {owner_id: number for number, owner_id in enumerate((account_id, *owners))}
    return sorted(found, key=lambda place: order[place.info.account_id])


def get_place(account_id: int, kind: CollectionKind, object_id: str) -> Place:
    """Return one of them by its id; raises `NotFound` also where it may not be read."""
    info = queries.find_by_object_id(object_id)
    place = None
    if info is not None and info.kind == kind:
        owners: dict[int, Owner] = {}
        if info.account_id != account_id:
            owner = holdings.find_owner(account_id, info.account_id)
            owners = {} if owner is None else {owner.account_id: owner}
        place = _place(info, account_id, owners, list_faces(account_id))
    if place is None:
        raise NotFound("There is no such calendar or address book, or nobody lets you read it.")
    return place if place.owner else _with_owner(place, _login_of(account_id))


def _place(
    info: CollectionInfo,
    account_id: int,
    owners: Mapping[int, Owner],
    faces: Mapping[int, OwnFace],
) -> Place | None:
    if info.account_id == account_id:
        return Place(info, "", ALL, account_id)
    owner = owners.get(info.account_id)
    held = NONE if owner is None else owner.rights_on(info.collection_id)
    if info.kind == CollectionKind.CALENDAR:
        held = rights.on_calendar(held)
    if owner is None or "r" not in held:
        return None
    face = faces.get(info.collection_id, OWN_FACE)
    return Place(info, owner.login, held, account_id, face)


def _with_owner(place: Place, login: str) -> Place:
    return Place(place.info, login, place.rights, place.reader_id, place.face)


def _login_of(account_id: int) -> str:
    rows = db.fetch_rows("SELECT login FROM core_account WHERE id = %s", [account_id])
    if not rows:
        raise NotFound("The account is gone.")
    return str(rows[0][0])
