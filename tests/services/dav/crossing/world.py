"""Accounts with things that are marked: whatever somebody may not see has a text of its own.

ben is the user. ann shares with him, cai of the same domain nothing, eve of another one nothing.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from calendar_app.services.calendars import create_calendar
from contacts.services.addressbooks import create_address_book
from groupware.core.delegates import DELEGATE_READ, set_delegates
from groupware.core.directory import create_domain
from groupware.core.models import Account, Collection, Grant, Resource, ResourceData
from groupware.core.models.resources import ReaderFace, ResourceCollection
from groupware.core.resources.collections import Face
from groupware.core.resources.queries import find_collection
from groupware.dav.models import DavLock, DeadProperty
from tests.services.dav.client import DavClient, client_of
from tests.services.dav.samples import calendar
from tests.services.store import create

CLASSES = ("PUBLIC", "PRIVATE", "CONFIDENTIAL")
MARK = re.compile(rb"mk[0-9]{4}x")
LOCK = (
    '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
    "<D:locktype><D:write/></D:locktype></D:lockinfo>"
)
NOTE = (
    '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><note xmlns="urn:notes">{}</note></D:prop>'
    "</D:set></D:propertyupdate>"
)
_numbers = itertools.count(1)


def mark() -> str:
    """Return a text that stands nowhere else."""
    return f"mk{next(_numbers):04d}x"


@dataclass
class Thing:
    """An object of somebody's, and the texts that tell of it: that it is there, and what it is."""

    path: str
    classification: str
    there: list[str]
    inside: list[str]
    uid: str


@dataclass
class Place:
    """A collection of somebody else's: its texts, and those that only a whole view has."""

    owner: str
    collection_id: int
    is_calendar: bool
    path: str
    shared_path: str
    texts: list[str]
    whole: list[str]
    things: list[Thing] = field(default_factory=list)


@dataclass
class World:
    """All of it; `hints` are what a bold user might guess: tokens, tags, UIDs.

    `near` are the paths that lead to what is ann's, and where ben may put something himself;
    `cards` are those of cards, `uids` what is at them.
    """

    people: dict[str, Account]
    bens: DavClient
    places: list[Place]
    foreign: list[str]
    near: list[str] = field(default_factory=list)
    homes: list[str] = field(default_factory=list)
    cards: set[str] = field(default_factory=set)
    uids: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def make_world() -> World:
    """Make accounts, collections, objects, locks and notes in the caller's transaction."""
    create_domain("example.test")
    create_domain("other.test")
    people = {
        name: create(f"{name}@{'other' if name == 'eve' else 'example'}.test", name=f"{name}by")
        for name in ("ann", "ben", "cai", "eve")
    }
    world = World(people, client_of(people["ben"]), [], ["eve@other.test", "eveby"])
    for name in ("ann", "cai", "eve"):
        client = client_of(people[name])
        for is_calendar in (True, False):
            world.places.append(_make_place(world, name, client, is_calendar=is_calendar))
        client.request("PROPPATCH", f"/{people[name].pk}/", NOTE.format(_foreign(world)))
    set_delegates(people["cai"], DELEGATE_READ, [people["ann"]])
    world.paths += list(_other_paths(world))
    ben = people["ben"].pk
    world.homes += [f"/{ben}/", f"/{people['ann'].pk}/"]
    world.near += [*world.homes, f"/{ben}/new/", f"/{ben}/calendar/mine", f"/{ben}/contacts/mine"]
    world.cards.add(f"/{ben}/contacts/mine")
    return world


def _foreign(world: World) -> str:
    world.foreign.append(mark())
    return world.foreign[-1]


def _make_place(world: World, name: str, client: DavClient, *, is_calendar: bool) -> Place:
    account, slug, shown, said = world.people[name], mark(), mark(), mark()
    make: Callable[..., int] = create_calendar if is_calendar else create_address_book
    collection_id = make(account.pk, Face(display_name=shown, description=said), slug=slug)
    object_id = Collection.objects.get(pk=collection_id).object_id
    path, shared = f"/{account.pk}/{slug}/", f"/{world.people['ben'].pk}/~{object_id}/"
    place = Place(name, collection_id, is_calendar, path, shared, [slug, shown, said], [])
    for classification in CLASSES if is_calendar else CLASSES[:1]:
        place.things.append(_make_thing(client, place, classification))
    client.request("PROPPATCH", path, NOTE.format(mark()))
    if is_calendar:
        answer = client.request("LOCK", place.things[-1].path, LOCK, Depth="0")
        assert answer.status == 200
        token = answer.headers["lock-token"].strip("<>")
        place.things[-1].there.append(token)
        world.hints.append(token)
    info = find_collection(collection_id)
    assert info is not None
    place.whole += [info.sync_token]
    place.texts.append(object_id)
    world.hints += [info.sync_token, object_id, *(thing.uid for thing in place.things)]
    paths = [path, shared, f"{path}guessed", *(thing.path for thing in place.things)]
    paths += [thing.path.replace(path, shared) for thing in place.things]
    world.paths += paths
    world.near += paths if name == "ann" else []
    world.cards |= set() if place.is_calendar else {*paths}
    for thing in place.things:
        world.uids |= {path: thing.uid for path in paths if path.endswith(f"/{thing.there[0]}")}
    return place


def _make_thing(client: DavClient, place: Place, classification: str) -> Thing:
    href, uid, summary, where, note = (mark() for _ in range(5))
    body = event(uid, summary, where, classification) if place.is_calendar else card(uid, summary)
    path = f"{place.path}{href}"
    answer = client.request("PUT", path, body)
    assert answer.status == 201, answer.body
    assert client.request("PROPPATCH", path, NOTE.format(note)).status == 207
    etag = answer.headers["etag"].strip('"')
    return Thing(path, classification, [href, uid], [summary, where, note, etag], uid)


def event(uid: str, summary: str, where: str, classification: str) -> bytes:
    return calendar(
        "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", "DTSTART:20260302T090000Z",
        "DURATION:PT1H", f"SUMMARY:{summary}", f"LOCATION:{where}", f"CLASS:{classification}",
        "BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{summary}", "TRIGGER:-PT5M", "END:VALARM",
        "END:VEVENT",
    )  # fmt: skip


def card(uid: str, name: str) -> bytes:
    lines = ("BEGIN:VCARD", "VERSION:4.0", f"UID:{uid}", f"FN:{name}", "END:VCARD", "")
    return "\r\n".join(lines).encode()


def _other_paths(world: World) -> Iterator[str]:
    yield from ("/", "/999999/", "/x/y/z", "/groups/1/")
    for account in world.people.values():
        yield f"/{account.pk}/"
        for end in ("calendar/", "contacts/", "birthdays/", "directory/", "calendar-proxy-write/",
                    "calendar/guessed", "new/"):  # fmt: skip
            yield f"/{account.pk}/{end}"
        yield f"/domains/{account.domain_id}/"


def state_of_others(ben: Account) -> dict[Any, Any]:
    """Return all that is stored and is not ben's own, by what it is."""
    state: dict[Any, Any] = {}
    for model, key, columns in _TABLES:
        for row in model.objects.values_list(*key, *columns):
            state[(model.__name__, *row[: len(key)])] = tuple(map(_plain, row[len(key) :]))
    mine = set(Collection.objects.filter(account=ben).values_list("pk", flat=True))
    resources = dict(Resource.objects.values_list("pk", "collection_id"))
    own: Mapping[str, Callable[[Any], bool]] = {
        "Resource": lambda row: row[1] in mine,
        "ResourceData": lambda row: resources[row[1]] in mine,
        "ResourceCollection": lambda row: row[1] in mine,
        "Grant": lambda row: row[1] == ben.pk,
        "ReaderFace": lambda row: row[1] == ben.pk,
        "DeadProperty": lambda row: row[1] == ben.pk,
        "DavLock": lambda row: row[2] == ben.pk,
    }
    return {row: value for row, value in state.items() if not own[row[0]](row)}


_TABLES: tuple[tuple[Any, tuple[str, ...], tuple[str, ...]], ...] = (
    (Resource, ("collection_id", "href"), ("etag", "ical_uid")),
    (ResourceData, ("resource_id",), ("data",)),
    (ResourceCollection, ("collection_id",), ("slug", "display_name", "description", "color",
                                              "position", "role")),
    (Grant, ("account_id", "collection_id", "pk"), ("grantee_account_id", "grantee_group_id",
                                                    "grantee_domain_id", "rights",
                                                    "named_rights")),
    (ReaderFace, ("reader_id", "collection_id"), ("display_name", "color", "position")),
    (DeadProperty, ("account_id", "collection_id", "resource_id", "name"), ("value",)),
    (DavLock, ("token", "holder_id"), ("collection_id", "href", "is_deep", "is_shared")),
)  # fmt: skip


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
