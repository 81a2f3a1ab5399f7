"""Privileges as trees (RFC 3744 §3, §5.3), and how they stand for rights of the store.

What `access` lists flat is a tree here: whoever holds an aggregate holds all that is in it. Not
every set of privileges is one of rights: `rights_of_privileges` says which are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from groupware.core.rights import ALL, PRESETS, Rights, make_rights
from groupware.dav import access
from groupware.dav.access import Access


@dataclass(frozen=True, slots=True)
class Privilege:
    """A privilege, what people are told of it, and what it contains; `is_sum`: and is no more."""

    name: str
    description: str
    contains: tuple["Privilege", ...] = ()
    is_sum: bool = False

    def walk(self) -> Iterator["Privilege"]:
        """Give it and all that it contains, the innermost last."""
        yield self
        for inner in self.contains:
            yield from inner.walk()


_READ_OWN: Final = Privilege(access.OWN_PRIVILEGES, "See what one may do here")
_FREE_BUSY: Final = Privilege(access.FREE_BUSY, "See when the owner is busy")
_WRITE: Final = Privilege(
    access.WRITE,
    "Add, change and remove",
    (
        Privilege(access.BIND, "Add"),
        Privilege(access.UNBIND, "Remove"),
        Privilege(
            access.WRITE_CONTENT,
            "Change",
            (Privilege(access.WRITE_PROPERTIES, "Change name, colour and other properties"),),
        ),
        Privilege(access.UNLOCK, "End others' locks"),
    ),
    is_sum=True,
)
_ACL: Final = Privilege(
    access.WRITE_ACL,
    "Share it with others",
    (Privilege(access.READ_ACL, "See whom it is shared with"),),
)
_PRIVATE: Final = Privilege(access.PRIVATE, "See private and confidential details")
OF_CALENDARS: Final = Privilege(
    access.EVERYTHING,
    "Everything",
    (Privilege(access.READ, "Read", (_READ_OWN, _FREE_BUSY)), _WRITE, _ACL, _PRIVATE),
    is_sum=True,
)
OF_OTHERS: Final = Privilege(
    access.EVERYTHING,
    "Everything",
    (Privilege(access.READ, "Read", (_READ_OWN,)), _WRITE, _ACL),
    is_sum=True,
)
_IMPLIED: Final = frozenset({access.UNLOCK, access.OWN_PRIVILEGES})
"""What comes with other privileges and is no right of its own."""


def expand(names: Iterable[str], tree: Privilege) -> frozenset[str]:
    """Return privileges with all that is contained in them, and what they make up together."""
    held = set(names)
    for privilege in tree.walk():
        if privilege.name in held:
            held.update(inner.name for inner in privilege.walk())
    for privilege in reversed(list(tree.walk())):
        inner = {part.name for part in privilege.contains}
        if privilege.is_sum and inner - _IMPLIED <= held:
            held.add(privilege.name)
    return frozenset(held)


def outermost(names: Iterable[str], tree: Privilege) -> tuple[str, ...]:
    """Return the privileges that contain all the others, in the order of the tree."""
    held = expand(names, tree)
    contained = {
        inner.name
        for privilege in tree.walk()
        if privilege.name in held
        for part in privilege.contains
        for inner in part.walk()
    }
    return tuple(p.name for p in tree.walk() if p.name in held - contained)


def privileges_of_rights(rights: Rights, tree: Privilege) -> tuple[str, ...]:
    """Return what a grant gives, as few privileges."""
    known = {privilege.name for privilege in tree.walk()}
    return outermost(known.intersection(Access(rights).privileges()), tree)


def rights_of_privileges(names: Iterable[str], tree: Privilege) -> Rights | None:
    """Return the rights that give exactly these privileges; None where no rights do."""
    held = expand(names, tree)
    if access.EVERYTHING in held:
        return make_rights(ALL.letters, ["private", "manage"])
    letters = PRESETS["read"] if access.READ in held else ""
    if access.WRITE in held:
        letters += "".join(set(PRESETS["write"]) - set(PRESETS["read"]))
    letters += "".join(letter for name, letter in _LETTERS.items() if name in held)
    named = [right for name, right in _NAMED.items() if name in held]
    if access.READ in held:
        named = [right for right in named if right != "free-busy"]
    rights = make_rights(letters, named)
    given = expand(privileges_of_rights(rights, tree), tree)
    return rights if given - _IMPLIED == held - _IMPLIED and rights else None


_LETTERS: Final = {access.BIND: "i", access.UNBIND: "t", access.WRITE_CONTENT: "w"}
_NAMED: Final = {
    access.FREE_BUSY: "free-busy",
    access.WRITE_ACL: "manage",
    access.PRIVATE: "private",
}
