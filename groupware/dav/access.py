"""What a requester may do with a collection, as rights of the store and as DAV's privileges.

| right | privilege |
|---|---|
| r | DAV:read, and with it CALDAV:read-free-busy |
| free-busy | CALDAV:read-free-busy |
| i | DAV:bind (new members) |
| t | DAV:unbind (members go) |
| w | DAV:write-content, DAV:write-properties |
| a, or manage | DAV:read-acl, DAV:write-acl |
| private | sees what is private and confidential: our own privilege `read-private` |

An owner has every right. What nothing is granted on is not there for the requester.
"""

from dataclasses import dataclass
from typing import Final

from groupware.core.rights import ALL, NONE, Rights
from groupware.dav.names import caldav, dav

READ: Final = dav("read")
WRITE: Final = dav("write")
FREE_BUSY: Final = caldav("read-free-busy")
BIND: Final = dav("bind")
UNBIND: Final = dav("unbind")
WRITE_CONTENT: Final = dav("write-content")
WRITE_PROPERTIES: Final = dav("write-properties")
READ_ACL: Final = dav("read-acl")
WRITE_ACL: Final = dav("write-acl")
OWN_PRIVILEGES: Final = dav("read-current-user-privilege-set")
UNLOCK: Final = dav("unlock")
EVERYTHING: Final = dav("all")
PRIVATE: Final = "{urn:groupware:dav}read-private"
"""No standard has it: to see what is private or confidential in a calendar."""
_WRITES: Final = (BIND, UNBIND, WRITE_CONTENT, WRITE_PROPERTIES)


@dataclass(frozen=True, slots=True)
class Access:
    """What one requester may do in one place; `is_fixed` is what nobody writes by DAV."""

    rights: Rights
    is_owner: bool = False
    is_fixed: bool = False

    def __bool__(self) -> bool:
        """Whether the place is there for the requester at all."""
        return self.reads or self.reads_free_busy

    @property
    def reads(self) -> bool:
        """Whether members can be read."""
        return "r" in self.rights

    @property
    def reads_free_busy(self) -> bool:
        """Whether it can be learned when its owner is busy."""
        return self.reads or "free-busy" in self.rights

    @property
    def sees_private(self) -> bool:
        """Whether private and confidential members are shown as they are."""
        return self.is_owner or "private" in self.rights

    @property
    def administers(self) -> bool:
        """Whether grants can be read and changed."""
        return "a" in self.rights or "manage" in self.rights

    def holds(self, privilege: str) -> bool:
        """Tell whether a privilege is held."""
        return privilege in self.privileges()

    def privileges(self) -> tuple[str, ...]:
        """Return the privileges that are held, aggregates before what they contain."""
        held = [READ, OWN_PRIVILEGES] if self.reads else []
        held += [FREE_BUSY] if self.reads_free_busy else []
        writes = [privilege for privilege in _WRITES if self._writes(privilege)]
        held += [WRITE] if len(writes) == len(_WRITES) else []
        held += writes
        held += [UNLOCK] if writes else []
        held += [READ_ACL, WRITE_ACL] if self.administers else []
        held += [PRIVATE] if "private" in self.rights else []
        return (EVERYTHING, *held) if self.is_owner and not self.is_fixed else tuple(held)

    def _writes(self, privilege: str) -> bool:
        if self.is_fixed:
            return privilege == WRITE_PROPERTIES and self.is_owner
        letter = {BIND: "i", UNBIND: "t"}.get(privilege, "w")
        return letter in self.rights


OWNER: Final = Access(ALL, is_owner=True)
NOTHING: Final = Access(NONE)
READER: Final = Access(Rights("lr"), is_fixed=True)
"""Of principals and other places that everybody of the domain may look at."""
