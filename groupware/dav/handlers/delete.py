"""DELETE (RFC 4918 §9.6): a member, or a collection with all that is in it."""

from groupware.core import db
from groupware.core.models import CollectionRole
from groupware.dav import resources
from groupware.dav.access import UNBIND
from groupware.dav.conditions import failed, read_conditions
from groupware.dav.errors import DavError, need_privileges, not_found
from groupware.dav.guards import check_locks, check_states, remove_guard, require
from groupware.dav.ifheader import parse_if
from groupware.dav.request import INFINITY, Request
from groupware.dav.resources import Kind, Resource, principal_path
from groupware.dav.responses import Response
from groupware.dav.services.holding import hold_accounts
from groupware.dav.services.locks import forget_locks
from groupware.dav.writing import place_of, writer_of


def handle(request: Request) -> Response:
    """Remove what is at the path."""
    with db.read_snapshot():
        found = resources.find(request.path, request.account_id)
    if found is None or found.kind is Kind.MISSING:
        raise not_found()
    if found.kind is Kind.OBJECT:
        require(found, UNBIND)
        guard = remove_guard(found, request)
        place = place_of(found)
        with hold_accounts([place.account_id]):
            writer_of(found).remove(place, check=guard)
            forget_locks(guard.destroyed)
        return Response(204)
    if found.kind is not Kind.COLLECTION:
        raise DavError(403, "Principals and what they all have are not removed by DAV.")
    _delete_collection(found, request)
    return Response(204)


def _delete_collection(collection: Resource, request: Request) -> None:
    if request.depth(INFINITY) != INFINITY:
        raise DavError(400, "A collection is removed with Depth: infinity (RFC 4918 §9.6.1).")
    refuse_other_collections(collection)
    conditions = read_conditions(request.header)
    if conditions.match is not None and not conditions.match.is_any:
        raise failed()
    info, states = collection.info, parse_if(request.header("If"))
    assert info is not None
    with hold_accounts([info.account_id]):
        check_states(request, collection, None, states)
        check_locks(collection, request, states, whole=True)
        writer_of(collection).delete_collection(info.account_id, info.collection_id)


def refuse_other_collections(collection: Resource) -> None:
    """Raise unless it is the requester's own, and none that the server fills itself."""
    assert collection.info is not None
    if not collection.access.is_owner:
        raise need_privileges(principal_path(collection.info.account_id), UNBIND)
    if collection.access.is_fixed and collection.info.role != CollectionRole.SUBSCRIBED:
        raise DavError(403, "The server keeps this calendar itself: it stays.")
