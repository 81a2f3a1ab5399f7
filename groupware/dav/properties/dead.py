"""Dead properties of what a path stands for."""

from collections.abc import Mapping, Sequence

from groupware.dav.queries import Dead, Holder, read_dead, read_dead_of_members
from groupware.dav.resources import Kind, Resource


def holder_of(resource: Resource) -> Holder | None:
    """Return where the dead properties of a resource are kept; None where it has none.

    Of a collection that is shared with somebody they are those of the home that it is seen in: what
    a reader's programs note there is nobody else's. Those of a principal are its own affair, and
    those of a member are for readers who see it as it is.
    """
    if resource.owner is None:
        return None
    if resource.kind is Kind.PRINCIPAL:
        return Holder(resource.owner.account_id) if resource.access.is_owner else None
    if resource.info is None:
        return None
    if resource.kind is Kind.OBJECT and resource.members.veiled([resource.segment]):
        return None
    if resource.kind is Kind.COLLECTION:
        return Holder(resource.owner.account_id, resource.info.collection_id)
    if resource.kind is Kind.OBJECT and resource.row is not None:
        info = resource.info
        return Holder(info.account_id, info.collection_id, resource.row.resource_id)
    return None


def dead_of_members(place: Resource, names: Sequence[str] | None = None) -> Mapping[str, Dead]:
    """Return the dead properties of a collection's members by href, in one query; of `names` alone.

    Not of those that the requester does not see as they are, as `holder_of` says.
    """
    if place.info is None:
        return {}
    found = read_dead_of_members(place.info.collection_id, names)
    veiled = place.members.veiled(list(found)) if found else ()
    return {href: dead for href, dead in found.items() if href not in veiled}


def dead_of(resource: Resource) -> Dead:
    """Return the dead properties of a resource; of a home's collections in one query for all."""
    holder = holder_of(resource)
    if holder is None:
        return {}
    if resource.kind is Kind.COLLECTION and holder.collection_id is not None:
        return resource.known.dead_of(holder.collection_id)
    return read_dead(holder)
