"""Radicale's storage plug-in over the services and queries of the store.

Whose request it is comes with `acquire_lock`; what is found is what that account may see.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from radicale.item import Item
from radicale.storage import BaseCollection, BaseStorage

from groupware.core import db
from groupware.core.resources.items import anything
from groupware.dav import resources
from groupware.dav.engine import COMPONENTS, KINDS, Collection, Place, as_value_errors, wishes_of
from groupware.dav.properties import wishes
from groupware.dav.resources import Kind, Resource, principal_path
from groupware.dav.services.collections import make_collection
from groupware.dav.services.holding import hold_accounts
from groupware.dav.writing import place_of, writer_of

_requester: ContextVar[int] = ContextVar("requester", default=0)


class Storage(BaseStorage):
    """Finds and makes what is at a path."""

    _supports_unicode = True
    _supports_trailing_whitespace = True
    _supports_problematic_chars = True

    def discover(
        self, path: str, depth: str = "0", *_args: Any, **_options: Any
    ) -> Iterator[BaseCollection | Item]:
        """Yield what is at a path, and to a depth what is right below it.

        Hot: Radicale asks for the requester's principal before each request, and no further.
        """
        own = principal_path(_requester.get())
        if path == own:
            yield Place(own)
            own_found = resources.find(path, _requester.get()) if depth != "0" else None
            yield from map(_collection_of, _below(own_found) if own_found is not None else [])
            return
        found = resources.find(path, _requester.get())
        if found is None or found.kind is Kind.MISSING:
            return
        if found.kind is Kind.OBJECT:
            yield from _item_of(found)
            return
        if found.kind is not Kind.COLLECTION:
            yield Place(found.path)
            if depth != "0":
                yield from map(_collection_of, _below(found))
            return
        collection = _collection_of(found)
        yield collection
        if depth != "0":
            yield from collection.get_all()

    def move(self, item: Item, to_collection: BaseCollection, to_href: str) -> None:
        """Move a member to another place, over what may be there."""
        assert isinstance(item.collection, Collection)
        assert isinstance(to_collection, Collection)
        source = place_of(item.collection.resource)._replace(href=item.href or "")
        target = place_of(to_collection.resource)._replace(href=to_href)
        move = writer_of(to_collection.resource).move
        with as_value_errors():
            move(source, target, check=anything, source_check=anything)

    def create_collection(
        self,
        href: str,
        items: Iterable[Item] | None = None,
        props: Mapping[str, str] | None = None,
    ) -> tuple[BaseCollection, dict[str, Item], list[str]]:
        """Make a calendar or an address book, in place of what is there; with items, with those.

        Raises `ValueError` for a collection that is neither, and elsewhere than in a home.
        """
        account_id = _requester.get()
        found = resources.find(href, account_id)
        if props is None and items is None and found is not None and found.kind is Kind.PRINCIPAL:
            return Place(found.path), {}, []
        given = dict(props or {})
        kind = KINDS.get(given.pop("tag", ""))
        is_place = found is not None and found.owner is not None and found.segment
        if kind is None or found is None or not (is_place or found.kind is Kind.COLLECTION):
            raise ValueError("A home holds calendars and address books.")
        components = given.pop(COMPONENTS, "")
        table = wishes.OF_CALENDAR if kind == "calendars" else wishes.OF_ADDRESS_BOOK
        asked = wishes_of(given, table)
        asked.components = tuple(name for name in components.split(",") if name)
        slug = found.segment
        if found.kind is Kind.COLLECTION and found.info is not None:
            slug = found.info.slug
            _collection_of(found).delete()
        with as_value_errors():
            make_collection(account_id, kind, slug, asked)
        [made] = self.discover(href)
        assert isinstance(made, Collection)
        hrefs = [made.upload(item.href or f"{item.uid}.ics", item)[0].href for item in items or ()]
        return made, {}, [href for href in hrefs if href]

    @contextmanager
    def acquire_lock(
        self, mode: str, user: str = "", *_args: Any, path: str = "", to_path: str = "", **_: Any
    ) -> Iterator[None]:
        """Hold one state of the store for a reader; for a writer the locks of who is concerned.

        Those are the owners of what is at `path` and `to_path`, never all accounts.
        """
        requester_id = int(user) if user else 0
        token = _requester.set(requester_id)
        try:
            if mode != "w":
                with db.read_snapshot():
                    yield
                return
            with db.read_snapshot():
                owners = {_owner_of(place, requester_id) for place in (path, to_path)}
            with hold_accounts(owners):
                yield
        finally:
            _requester.reset(token)


def _owner_of(path: str, requester_id: int) -> int:
    """Return whose store a path is in; the requester's own where nothing is."""
    found = resources.find(path, requester_id) if path else None
    if found is None or found.owner is None:
        return requester_id
    return found.info.account_id if found.info is not None else found.owner.account_id


def _collection_of(resource: Resource) -> Collection:
    return Collection(resource, partial(resources.find, resource.path, _requester.get()))


def _item_of(member: Resource) -> Iterator[Item]:
    path = member.path[: len(member.path) - len(member.segment)]
    found = resources.find(path, _requester.get())
    if found is not None:
        [(_, item)] = _collection_of(found).get_multi([member.segment])
        if item is not None:
            yield item


def _below(resource: Resource) -> list[Resource]:
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return []
    return resources.home_of(resource.owner, _requester.get())
