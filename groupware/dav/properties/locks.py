"""Properties of locks (RFC 4918 §15.8, §15.10)."""

from collections.abc import Mapping
from typing import Final

from groupware.core.clock import epoch
from groupware.dav.locks import Lock
from groupware.dav.names import dav, element
from groupware.dav.properties.getter import Getter, href
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource

_WRITE: Final = element(dav("locktype"), element(dav("write")))
_SCOPES: Final = tuple(
    element(dav("lockscope"), element(dav(scope))) for scope in ("exclusive", "shared")
)
_SUPPORTED: Final = b"".join(element(dav("lockentry"), scope + _WRITE) for scope in _SCOPES)


def active_lock(lock: Lock, collection_path: str) -> bytes:
    """Return a DAV:activelock (RFC 4918 §14.1)."""
    seconds = max(lock.expires_at - epoch(), 0)
    return element(
        dav("activelock"),
        _SCOPES[lock.is_shared]
        + _WRITE
        + element(dav("depth"), b"infinity" if lock.is_deep else b"0")
        + lock.note.encode()
        + element(dav("timeout"), b"Second-%d" % seconds)
        + element(dav("locktoken"), element(dav("href"), lock.token.encode()))
        + element(dav("lockroot"), href(collection_path + lock.href)),
    )


def locks_of(resource: Resource) -> list[Lock]:
    """Return the locks that cover a resource."""
    if resource.info is None or resource.kind not in (Kind.COLLECTION, Kind.OBJECT):
        return []
    locks = resource.known.locks_of(resource.info.collection_id)
    return [lock for lock in locks if lock.covers(resource.segment)]


def _discovery(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind not in (Kind.COLLECTION, Kind.OBJECT):
        return None
    base = resource.path[: len(resource.path) - len(resource.segment)]
    return b"".join(active_lock(lock, base) for lock in locks_of(resource))


def _supported(resource: Resource, _request: Request) -> bytes | None:
    return _SUPPORTED if resource.kind in (Kind.COLLECTION, Kind.OBJECT) else None


PROPERTIES: Final[Mapping[str, Getter]] = {
    dav("lockdiscovery"): _discovery,
    dav("supportedlock"): _supported,
}
