"""Live properties: a table from an element's name to what makes its content.

A getter returns the XML inside the property's element, b"" for an empty one, or None where the
resource has no such property. Modules of this package each bring a table.
"""

from collections.abc import Mapping
from typing import Final

from groupware.dav.names import dav
from groupware.dav.properties import acl, calendars, contacts, locks, principals, webdav
from groupware.dav.properties.getter import Getter

LIVE: Final[Mapping[str, Getter]] = {
    **webdav.PROPERTIES,
    **principals.PROPERTIES,
    **acl.PROPERTIES,
    **calendars.PROPERTIES,
    **contacts.PROPERTIES,
    **locks.PROPERTIES,
}
ALLPROP: Final = webdav.ALLPROP
"""What allprop stands for (RFC 4918 §9.1: those of WebDAV itself)."""
VARYING: Final = frozenset({dav("lockdiscovery")})
"""Those that differ between members of a collection and are no column of their rows."""
