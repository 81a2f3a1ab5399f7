"""Where the names that a session speaks lead: its account's own mailboxes, and what others granted.

A name that leads nowhere and one that may not be known to lead somewhere are the same `NotFound`
(RFC 4314 §6): without `l` a mailbox is there for what else is granted, and for nothing more. An own mailbox by the name of another's namespace, from before there were any, is
found where nothing is granted by that name, so that it can be renamed. docs/adr/0010.
"""

from dataclasses import dataclass
from typing import Final

from groupware.core.errors import NotAllowed, NotFound
from groupware.core.holdings import list_owners
from groupware.core.models import Account, AccountKind
from groupware.core.rights import LETTERS, effective_rights
from mail import names, queries
from mail.queries import MailboxInfo

_OPENING: Final = frozenset("lrikxa")
"""Without any of these rights no command is allowed on a mailbox (RFC 4314 §4, MYRIGHTS)."""


@dataclass(frozen=True, slots=True)
class Place:
    r"""A mailbox as an account meets it.

    `name` is what its sessions call it, `rights` are letters of RFC 4314. `reader_id` is the
    account whose `\Seen` counts, 0 where it owns the mailbox.
    """

    info: MailboxInfo
    name: str
    reader_id: int
    rights: str

    def require(self, letters: str) -> None:
        """Raise `NotAllowed` where one of the rights is missing, `NotFound` where `l` is too."""
        missing = [letter for letter in letters if letter not in self.rights]
        if missing and "l" not in self.rights:
            raise NotFound("There is no such mailbox.")
        if missing:
            raise NotAllowed(f"The right '{missing[0]}' is not granted on {self.name}.")


def find_place(account_id: int, name: str) -> Place:
    """Return the mailbox of a name; raises `NotFound`.

    Run it inside `db.read_snapshot` or the transaction that goes by its rights.
    """
    foreign = names.parse_foreign(name)
    found = _find_granted(account_id, foreign) if foreign is not None else None
    if found is None:
        return own_place(queries.get_mailbox(account_id, names.canonical_name(name)))
    return found


def get_place(account_id: int, object_id: str) -> Place:
    """Return the mailbox of an `object_id`, wherever it is; raises `NotFound`.

    Without `l` it is not there, whatever else is granted. Run it as `find_place`.
    """
    info = queries.find_mailbox_by_object_id(object_id)
    if info is None:
        raise NotFound("There is no such mailbox.")
    if info.account_id == account_id:
        return own_place(info)
    rights = effective_rights(account_id, info.account_id, info.collection_id).letters
    if "l" not in rights:
        raise NotFound("There is no such mailbox.")
    login, kind = Account.objects.values_list("login", "kind").get(pk=info.account_id)
    return Place(info, names.foreign_name(root_of(kind), login, info.name), account_id, rights)


def canonical_place_name(name: str) -> str:
    """Return the one form of a name, wherever it leads."""
    foreign = names.parse_foreign(name)
    return names.canonical_name(name) if foreign is None else names.foreign_name(*foreign)


def own_place(info: MailboxInfo) -> Place:
    """Return the place of a mailbox for its owner, who may do everything."""
    return Place(info, info.name, 0, LETTERS)


def _find_granted(account_id: int, name: names.ForeignName) -> Place | None:
    owner = _find_owner(name)
    if owner is None or owner == account_id:
        return None
    info = queries.find_mailbox(owner, name.path)
    if info is None:
        return None
    rights = effective_rights(account_id, owner, info.collection_id).letters
    if _OPENING.isdisjoint(rights):
        return None
    return Place(info, names.foreign_name(*name), account_id, rights)


def _find_owner(name: names.ForeignName) -> int | None:
    owner = Account.objects.filter(login=name.login).values_list("pk", "kind").first()
    if owner is None or root_of(owner[1]) != name.root:
        return None
    return owner[0]


def root_of(kind: str) -> str:
    """Return the first level below which others find the mailboxes of such an account."""
    return names.OTHER_USERS if kind == AccountKind.PERSON else names.SHARED_FOLDERS


def list_places(account_id: int) -> list[Place]:
    """Return all mailboxes that an account may list: its own, then others' by name.

    Three queries, however many mailboxes there are; two where nothing is granted.
    """
    own = [own_place(info) for info in queries.list_mailboxes(account_id)]
    return own + list_granted_places(account_id)


def list_granted_places(account_id: int, letter: str = "l") -> list[Place]:
    """Return the mailboxes of others on which an account has a right, by name."""
    owners = {owner.account_id: owner for owner in list_owners(account_id)}
    found = []
    for info in queries.list_mailboxes_of(list(owners)):
        owner = owners[info.account_id]
        rights = owner.letters_on(info.collection_id)
        if letter in rights:
            name = names.foreign_name(root_of(owner.kind), owner.login, info.name)
            found.append(Place(info, name, account_id, rights))
    return sorted(found, key=lambda place: place.name)


def find_new_name(account_id: int, name: str) -> tuple[int, str]:
    """Return (owner, name) of a mailbox that is to be made by that name, for CREATE and RENAME.

    In another's account it needs `k` on the nearest mailbox above, or where there is none on the
    whole account. Where nothing is granted the name is taken for an own one, which is refused
    like every name in others' namespaces. Raises `NotAllowed`.
    """
    foreign = names.parse_foreign(name)
    owner = _find_owner(foreign) if foreign is not None else None
    if foreign is None or owner is None or owner == account_id:
        return account_id, name
    rights = _rights_above(account_id, owner, foreign.path)
    if "k" in rights:
        return owner, foreign.path
    if "l" in rights:
        raise NotAllowed("The right 'k' is not granted above that name.")
    return account_id, name


def _rights_above(account_id: int, owner: int, path: str) -> str:
    for superior in reversed(names.superiors(path.removesuffix(names.DELIMITER))):
        if (info := queries.find_mailbox(owner, superior)) is not None:
            return effective_rights(account_id, owner, info.collection_id).letters
    return effective_rights(account_id, owner).letters
