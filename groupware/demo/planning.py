"""Filing what the team has planned: calendars, task lists, address books, who may see which."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from calendar_app.services.calendars import create_calendar
from calendar_app.services.objects import Prepared, prepare_object, put_object
from contacts.services.addressbooks import create_address_book
from contacts.services.cards import put_card
from groupware.core import rights
from groupware.core.directory import get_account
from groupware.core.models import Account, Collection, CollectionKind, CollectionRole
from groupware.core.resources import moving
from groupware.core.resources.collections import Face
from groupware.core.resources.queries import find_by_role
from groupware.demo.agenda import Agenda, Place
from groupware.demo.appointments import Secretary
from groupware.demo.cards import uid_of, write_card, write_group
from groupware.demo.people import People
from groupware.demo.workdays import OFFICE

_COMPONENTS = {"calendar": ("VEVENT",), "tasks": ("VTODO",)}


@dataclass(frozen=True, slots=True)
class _Written:
    """An object on its way into a place; `kind` is that of the place where it is a person's."""

    place: str
    kind: str
    href: str
    prepared: Prepared


@dataclass(frozen=True, slots=True)
class Plans:
    """What is to be filed: written and read before anything is locked."""

    objects: list[_Written]
    cards: list[tuple[str, str, bytes]]


def write_plans(agenda: Agenda, people: People, now: datetime) -> Plans:
    """Compose everything that the team has planned, and whom it knows."""
    secretary = Secretary(people, now)
    today = now.astimezone(OFFICE).date()
    cards = [
        (card.book, uid_of(card.book, card.who), write_card(card, people, today))
        for card in agenda.cards
    ]
    cards += [
        (group.book, uid_of(group.book, group.name), write_group(group)) for group in agenda.groups
    ]
    return Plans(list(_write_objects(agenda, secretary)), cards)


def _write_objects(agenda: Agenda, secretary: Secretary) -> Iterator[_Written]:
    owners = {place.key: place.owner for place in agenda.places}
    for event in agenda.events:
        owner = owners.get(event.place, event.place)
        prepared = prepare_object(secretary.write_event(event, owner))
        for place in (event.place, *event.others):
            yield _Written(place, "calendar", f"{event.id}.ics", prepared)
    for task in agenda.tasks:
        prepared = prepare_object(secretary.write_task(task))
        yield _Written(task.place, "tasks", f"{task.id}.ics", prepared)


class Planner:
    """Files plans, inside the caller's transaction."""

    def __init__(self, people: People, agenda: Agenda) -> None:
        self._people = people
        self._agenda = agenda
        self._accounts: dict[str, Account] = {
            one.key: get_account(one.address) for one in people.accounts
        }
        self._places: dict[tuple[str, str], tuple[int, int]] = {}

    def file(self, plans: Plans) -> None:
        """Make the places, share them, and put everything into them."""
        for place in self._agenda.places:
            self._make(place)
        for share in self._agenda.shares:
            self._share(share.place, share.others, share.rights)
        for one in plans.objects:
            put_object(*self._find(one.place, one.kind), one.href, one.prepared)
        for book, uid, data in plans.cards:
            put_card(moving.Place(*self._find(book, "book"), f"{uid}.vcf"), data)

    def _make(self, place: Place) -> None:
        owner = self._accounts[place.owner].pk
        face = Face(place.name, place.description or None, place.color or None)
        if place.kind == "book":
            made = create_address_book(owner, face, slug=place.key)
        else:
            components = _COMPONENTS[place.kind]
            made = create_calendar(owner, face, slug=place.key, components=components)
        self._places[place.key, place.kind] = owner, made

    def _share(self, place: str, others: str, text: str) -> None:
        """Share a place that was made, or the calendar that a person begins with."""
        kinds = [kind for key, kind in self._places if key == place] or ["calendar"]
        account_id, collection_id = self._find(place, kinds[0])
        collection = Collection.objects.get(pk=collection_id)
        owner = next(one for one in self._accounts.values() if one.pk == account_id)
        grantee = rights.find_grantee(self._people[others].address)
        rights.grant(owner, collection, grantee, rights.parse_rights(text))

    def _find(self, place: str, kind: str) -> tuple[int, int]:
        """Return account and collection of a place, a person's first one of the kind."""
        found = self._places.get((place, kind))
        if found is None:
            account = self._accounts[place]
            store = CollectionKind.ADDRESS_BOOK if kind == "book" else CollectionKind.CALENDAR
            role = CollectionRole.TASKS if kind == "tasks" else CollectionRole.DEFAULT
            info = find_by_role(account.pk, store, role)
            assert info is not None, f"{account.login} has no {kind}"
            found = self._places[place, kind] = account.pk, info.collection_id
        return found
