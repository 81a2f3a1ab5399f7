"""COPY and MOVE (RFC 4918 §9.8, §9.9): members between collections, and whole collections.

A member goes anywhere that the requester may write, across accounts too. A collection is copied
into the requester's own home, and moved within it: it gets another name there, and nothing else
about it changes.
"""

from dataclasses import dataclass

from groupware.core import db
from groupware.core.resources.items import Check, Written
from groupware.core.resources.moving import Then
from groupware.dav import resources
from groupware.dav.access import READ, UNBIND
from groupware.dav.conditions import failed, read_conditions
from groupware.dav.errors import DavError, need_privileges, not_found
from groupware.dav.guards import (
    check_locks,
    check_states,
    check_uid,
    needed_to_write,
    refuse_unseen,
    remove_guard,
    require,
)
from groupware.dav.handlers.delete import refuse_other_collections
from groupware.dav.handlers.mkcol import refuse_place
from groupware.dav.ifheader import If, parse_if
from groupware.dav.names import caldav
from groupware.dav.properties.dead import dead_of
from groupware.dav.queries import Holder
from groupware.dav.request import INFINITY, Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Response
from groupware.dav.services.collections import copy_collection, move_collection
from groupware.dav.services.holding import hold_accounts
from groupware.dav.services.locks import forget_locks
from groupware.dav.services.members import put_member
from groupware.dav.services.properties import carry_dead
from groupware.dav.writing import Refusals, place_of, writer_of


@dataclass(frozen=True, slots=True)
class Transfer:
    """What goes where; `target` is a place where something or nothing is."""

    request: Request
    source: Resource
    target: Resource
    is_move: bool
    overwrites: bool
    states: If


def handle_copy(request: Request) -> Response:
    """Copy what is at the path to the Destination."""
    return _handle(request, is_move=False)


def handle_move(request: Request) -> Response:
    """Move what is at the path to the Destination."""
    return _handle(request, is_move=True)


def _handle(request: Request, *, is_move: bool) -> Response:
    overwrite = request.header("Overwrite", "T").strip().upper()
    if overwrite not in ("T", "F"):
        raise DavError(400, "The Overwrite header is T or F.")
    destination = request.header("Destination")
    if not destination:
        raise DavError(400, "The Destination header says where to.")
    path, states = request.inner_path(destination), parse_if(request.header("If"))
    with db.read_snapshot():
        source = resources.find(request.path, request.account_id)
        if source is None or source.kind is Kind.MISSING:
            raise not_found()
        if source.kind not in (Kind.OBJECT, Kind.COLLECTION):
            raise DavError(403, "Principals and homes stay where they are.")
        target = resources.find(path, request.account_id)
        if source.kind is Kind.COLLECTION and target is None:
            raise refuse_place(path, request.account_id)
    if target is None:
        raise DavError(409, "There is no calendar or address book at the Destination.")
    transfer = Transfer(request, source, target, is_move, overwrite == "T", states)
    if source.kind is Kind.OBJECT:
        return _transfer_member(transfer)
    return _transfer_collection(transfer)


def _transfer_member(transfer: Transfer) -> Response:
    source, target = transfer.source, transfer.target
    _check_target_of_member(source, target)
    require(source, UNBIND if transfer.is_move else READ)
    dead, place = dead_of(source), place_of(target)

    def carry(written: Written) -> None:
        if dead or not written.is_new:
            holder = Holder(place.account_id, place.collection_id, written.resource_id)
            carry_dead(dead, holder)

    transfer_member = _move_member if transfer.is_move else _copy_member
    with Refusals(target):
        written = transfer_member(transfer, _Overwriting(target, transfer), carry)
    return Response(201 if written.is_new else 204)


def _check_target_of_member(source: Resource, target: Resource) -> None:
    if target.kind is Kind.MISSING and target.info is None:
        raise DavError(409, "Make a calendar or an address book first.")
    if target.info is None or target.kind is Kind.COLLECTION:
        raise DavError(403, "A collection is not replaced by what could be in it.")
    assert source.info is not None
    if place_of(source) == place_of(target):
        raise DavError(403, "The Destination is the same place.")
    if source.info.kind != target.info.kind:
        name = writer_of(target).supported_data
        text = "Events and tasks are in calendars, cards in address books."
        raise DavError(403, text, writer_of(target).name(name))


class _Overwriting:
    """Checks the Destination: rights, privacy, locks, and whether it may be written over."""

    def __init__(self, target: Resource, transfer: Transfer) -> None:
        self._target = target
        self._transfer = transfer

    def __call__(self, etag: str | None) -> None:
        """Raise `DavError` unless what has this entity tag, None for nothing, may be written."""
        transfer = self._transfer
        require(self._target, needed_to_write(etag))
        if etag is not None and not transfer.overwrites:
            raise failed()
        refuse_unseen(self._target, etag)
        source = transfer.source.row
        check_uid(self._target, etag, source.ical_uid if source is not None else None)
        check_locks(self._target, transfer.request, transfer.states, membership=etag is None)


def _move_member(transfer: Transfer, target_guard: Check, carry: Then) -> Written:
    """Move a member; conditions are of the request's own path, so of the source."""

    def finish(written: Written) -> None:
        forget_locks(guard.destroyed)
        carry(written)

    source, request = transfer.source, transfer.request
    guard = remove_guard(source, request)
    return writer_of(transfer.target).move(
        place_of(source),
        place_of(transfer.target),
        check=target_guard,
        source_check=guard,
        then=finish,
    )


def _copy_member(transfer: Transfer, target_guard: Check, carry: Then) -> Written:
    """Write what the requester sees of a member to another place; locks do not forbid reading."""
    source, request = transfer.source, transfer.request
    with db.read_snapshot():
        stored = source.members.read(source.segment)
    if stored is None:
        raise not_found()
    refuse_unseen(source, stored.etag)
    read_conditions(request.header).check_write(
        stored.etag, source.row.changed_at if source.row else None
    )
    check_states(request, source, stored.etag, transfer.states)
    prepared = writer_of(transfer.target).prepare(stored.data)
    return put_member(prepared, place_of(transfer.target), target_guard, carry)


def _transfer_collection(transfer: Transfer) -> Response:
    source, target = transfer.source, transfer.target
    depth = transfer.request.depth(INFINITY)
    if depth == "1" or (transfer.is_move and depth != INFINITY):
        raise DavError(400, "A collection goes with Depth: infinity, a copy of it also with 0.")
    replaced = _check_target_of_collection(transfer)
    if transfer.is_move:
        refuse_other_collections(source)
    elif not source.access.reads:
        raise need_privileges(source.path, READ)
    assert target.owner is not None
    if transfer.is_move:
        with hold_accounts([target.owner.account_id]):
            _check_target_is_open(transfer, replaced)
            forget_locks(check_locks(source, transfer.request, transfer.states, whole=True))
            move_collection(source, target, replaced)
    else:
        _check_target_is_open(transfer, replaced)
        copy_collection(source, target, replaced, with_members=depth == INFINITY)
    return Response(201 if replaced is None else 204)


def _check_target_is_open(transfer: Transfer, replaced: Resource | None) -> None:
    check_states(transfer.request, transfer.source, None, transfer.states)
    if replaced is not None:
        check_locks(replaced, transfer.request, transfer.states, whole=True)


def _check_target_of_collection(transfer: Transfer) -> Resource | None:
    """Return the collection that is to be replaced, None where there is none."""
    source, target = transfer.source, transfer.target
    if target.kind in (Kind.OBJECT, Kind.MISSING) and target.info is not None:
        condition = caldav("calendar-collection-location-ok")
        raise DavError(403, "There are no collections in calendars and address books.", condition)
    if target.kind is Kind.MISSING:
        return None
    if target.kind is not Kind.COLLECTION:
        raise DavError(403, "There is something at the Destination that stays.")
    assert source.info is not None
    assert target.info is not None
    if source.info.collection_id == target.info.collection_id:
        raise DavError(403, "The Destination is the same place.")
    if not transfer.overwrites:
        raise failed()
    refuse_other_collections(target)
    return target
