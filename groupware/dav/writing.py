"""Which services write what a collection holds: calendar objects and cards alike for a handler."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from calendar_app.ical.errors import InvalidObject
from calendar_app.services.calendars import delete_calendar
from calendar_app.services.objects import prepare_object, put_object, remove_object
from calendar_app.services.placing import move_object
from contacts.services.addressbooks import delete_address_book
from contacts.services.cards import move_card, parse_card, put_card, remove_card
from contacts.vcard.cards import InvalidCard
from groupware.core.errors import TooLarge
from groupware.core.models import CollectionKind
from groupware.core.resources.items import Check, UidTaken, Written
from groupware.core.resources.moving import Place, Then, nothing
from groupware.dav.errors import DavError
from groupware.dav.names import caldav, carddav, dav, element
from groupware.dav.resources import Resource
from groupware.dav.responses import quote_path


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was read and can be put, before any lock."""

    uid: str | None
    put: Callable[[Place, Check], Written]


class Move(Protocol):
    """Moves a member."""

    def __call__(
        self,
        source: Place,
        target: Place,
        *,
        check: Check,
        source_check: Check,
        then: Then = nothing,
    ) -> Written:
        """Do as `moving.move_resource` does."""
        ...


class Remove(Protocol):
    """Removes a member."""

    def __call__(self, place: Place, *, check: Check) -> int:
        """Do as `items.remove_resource` does."""
        ...


@dataclass(frozen=True, slots=True)
class Writer:
    """The services of an app, and how its specification names what it refuses."""

    name: Callable[[str], str]
    media_types: frozenset[str]
    supported_data: str
    prepare: Callable[[bytes], Prepared]
    remove: Remove
    move: Move
    delete_collection: Callable[[int, int], None]


def _prepare_card(data: bytes) -> Prepared:
    card = parse_card(data)

    def put(place: Place, check: Check) -> Written:
        return put_card(place, data, check=check, card=card)

    return Prepared(card.uid, put)


def _prepare_object(data: bytes) -> Prepared:
    prepared = prepare_object(data)

    def put(place: Place, check: Check) -> Written:
        return put_object(*place, prepared, check=check)

    return Prepared(prepared.content.ical_uid, put)


def _remove_object(place: Place, *, check: Check) -> int:
    return remove_object(*place, check=check)


_OBJECTS: Final = Writer(
    name=caldav,
    media_types=frozenset({"text/calendar"}),
    supported_data="supported-calendar-data",
    prepare=_prepare_object,
    remove=_remove_object,
    move=move_object,
    delete_collection=delete_calendar,
)
_CARDS: Final = Writer(
    name=carddav,
    media_types=frozenset({"text/vcard", "text/x-vcard", "text/directory"}),
    supported_data="supported-address-data",
    prepare=_prepare_card,
    remove=remove_card,
    move=move_card,
    delete_collection=delete_address_book,
)
_WRITERS: Final = {
    CollectionKind.CALENDAR.value: _OBJECTS,
    CollectionKind.ADDRESS_BOOK.value: _CARDS,
}


def writer_of(resource: Resource) -> Writer:
    """Return what writes members of the collection that a resource is or lies in."""
    assert resource.info is not None
    return _WRITERS[resource.info.kind]


def place_of(resource: Resource) -> Place:
    """Return where the store has a member, or is to have it."""
    assert resource.info is not None
    return Place(resource.info.account_id, resource.info.collection_id, resource.segment)


@dataclass(frozen=True, slots=True)
class Refusals:
    """Tells outcomes of writing to a place by the conditions that the specifications name."""

    target: Resource

    def __enter__(self) -> None:
        """Go on."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, InvalidObject):
            raise DavError(403, error.text, caldav(error.precondition)) from error
        if isinstance(error, InvalidCard):
            raise DavError(403, error.text, carddav(error.precondition)) from error
        if isinstance(error, UidTaken):
            self._refuse_uid(error)
        if isinstance(error, TooLarge):
            condition = writer_of(self.target).name("max-resource-size")
            raise DavError(403, error.message, condition) from error

    def _refuse_uid(self, error: UidTaken) -> NoReturn:
        """Say where the UID is (RFC 4791 §5.3.2.1, RFC 6352 §6.3.2.1), to whoever may know."""
        condition = writer_of(self.target).name("no-uid-conflict")
        if self.target.members.find(error.href) is None:
            text = "The collection has this UID already, in what is private."
            raise DavError(409, text, condition) from error
        path = self.target.collection_path + error.href
        content = element(dav("href"), quote_path(path))
        raise DavError(409, error.message, condition, content=content) from error
