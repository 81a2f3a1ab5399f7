"""Each method and each report: with too few rights it is refused, with one more it works.

A case is a request of ben's on what is ann's: the rights with which it is refused, and those with
which the same request works. Where no right is enough, the owner's own request is the twin.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from groupware.core.models import Account, Collection
from groupware.core.rights import grant, parse_rights
from groupware.dav.handlers.options import METHODS
from groupware.dav.handlers.report import REPORTS
from groupware.dav.names import DECLARATIONS, split_name
from tests.services.dav.client import DavClient, client_of, url_of
from tests.services.dav.crossing.moves import Move, report
from tests.services.dav.crossing.test_crossing import rolled_back
from tests.services.dav.crossing.world import (
    LOCK,
    NOTE,
    Place,
    World,
    card,
    event,
    make_world,
    state_of_others,
)

pytestmark = pytest.mark.django_db

OWNER = "the owner"
_DECLARED = DECLARATIONS.decode()
_NAME = (
    '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>X</D:displayname></D:prop>'
    "</D:set></D:propertyupdate>"
)
_ASKED = '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
Build = Callable[[World, Place], Move]


@dataclass(frozen=True)
class Case:
    """A request, and the words with which it is refused and with which it works."""

    name: str
    refused: str
    works: str
    build: Build
    is_calendar: bool = True

    @property
    def method(self) -> str:
        return self.name.split()[0]


PUBLIC, PRIVATE, CONFIDENTIAL = range(3)


def _on(method: str, thing: int, **headers: str) -> Build:
    return lambda _world, place: Move(method, place.things[thing].path, headers=headers)


def _put(thing: int) -> Build:
    def build(_world: World, place: Place) -> Move:
        held = place.things[thing]
        body = (
            event(held.uid, "New", "Here", "PUBLIC") if place.is_calendar else card(held.uid, "N")
        )
        return Move("PUT", held.path, body)

    return build


def _put_new(_world: World, place: Place) -> Move:
    body = event("new", "New", "Here", "PUBLIC") if place.is_calendar else card("new", "New")
    return Move("PUT", f"{place.path}new", body)


def _post(world: World, place: Place) -> Move:
    put = _put_new(world, place)
    return replace(put, method="POST", path=place.path)


def _out(method: str, thing: int) -> Build:
    def build(world: World, place: Place) -> Move:
        kind = "calendar" if place.is_calendar else "contacts"
        to = url_of(f"/{world.people['ben'].pk}/{kind}/taken")
        return Move(method, place.things[thing].path, headers={"Destination": to})

    return build


def _onto(method: str, target: str) -> Build:
    """Put something of ben's own at a path of ann's."""

    def build(world: World, place: Place) -> Move:
        kind = "calendar" if place.is_calendar else "contacts"
        path = f"/{world.people['ben'].pk}/{kind}/own"
        uid = place.things[int(target)].uid if target.isdigit() else "own"
        body = event(uid, "Own", "Here", "PUBLIC") if place.is_calendar else card(uid, "Own")
        assert world.bens.request("PUT", path, body).status == 201
        to = place.things[int(target)].path if target.isdigit() else f"{place.path}{target}"
        return Move(method, path, headers={"Destination": url_of(to)})

    return build


def _asked(path: str, depth: str) -> Build:
    return lambda _world, place: Move(
        "PROPFIND",
        place.path if path == "." else place.things[int(path)].path,
        _ASKED.encode(),
        {"Depth": depth},
    )


def _patch(body: str, thing: int = -1) -> Build:
    return lambda _world, place: Move(
        "PROPPATCH", place.path if thing < 0 else place.things[thing].path, body.encode()
    )


def _lock(thing: int) -> Build:
    return lambda _world, place: Move(
        "LOCK", place.things[thing].path, LOCK.encode(), {"Depth": "0"}
    )


def _token(place: Place) -> str:
    """Return the token of ann's lock."""
    return next(text for text in place.things[-1].there if text.startswith("urn:"))


def _unlock(_world: World, place: Place) -> Move:
    return Move("UNLOCK", place.things[-1].path, headers={"Lock_Token": f"<{_token(place)}>"})


def _acl(_world: World, place: Place) -> Move:
    return Move("ACL", place.path, f"<D:acl {_DECLARED}/>".encode())


def _report(name: str) -> Build:
    def build(_world: World, place: Place) -> Move:
        hrefs = [thing.path for thing in place.things]
        return report(name, place.path, place.whole[0], hrefs, "UID")

    return build


def _make(method: str) -> Build:
    def build(world: World, place: Place) -> Move:
        body = (
            f"<D:mkcol {_DECLARED}><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/>"
            "</D:resourcetype></D:prop></D:set></D:mkcol>"
        )
        path = f"/{world.people['ann'].pk}/made/"
        return Move(method, path, body.encode() if method == "MKCOL" else b"")

    return build


def _whole(method: str) -> Build:
    """Do something with the collection itself."""

    def build(world: World, place: Place) -> Move:
        to = f"/{world.people['ann'].pk}/moved/"
        states = f"<{url_of(place.things[-1].path)}> (<{_token(place)}>)"
        return Move(method, place.path, headers={"Destination": url_of(to), "If": states})

    return build


def _delegates(world: World, _place: Place) -> Move:
    body = (
        f"<D:propertyupdate {_DECLARED}><D:set><D:prop><D:group-member-set><D:href>"
        f"/dav/{world.people['ben'].pk}/</D:href></D:group-member-set></D:prop></D:set>"
        "</D:propertyupdate>"
    )
    return Move("PROPPATCH", f"/{world.people['ann'].pk}/calendar-proxy-write/", body.encode())


CASES = (
    Case("GET", "free-busy", "read", _on("GET", PUBLIC)),
    Case("GET of what is private", "write", "read private", _on("GET", PRIVATE)),
    Case("HEAD", "free-busy", "read", _on("HEAD", PUBLIC)),
    Case("HEAD of what is private", "write", "read private", _on("HEAD", PRIVATE)),
    Case("GET of a card", "free-busy", "read", _on("GET", PUBLIC), is_calendar=False),
    Case("PROPFIND", "i", "free-busy", _asked(".", "0")),
    Case("PROPFIND of a member", "free-busy", "read", _asked("0", "0")),
    Case("PROPFIND of what is private", "write", "read private", _asked("1", "0")),
    Case("PUT", "rwt", "ri", _put_new),
    Case("PUT of a card", "rwt", "ri", _put_new, is_calendar=False),
    Case("PUT over", "rit", "rw", _put(PUBLIC)),
    Case("PUT over what is private", "write", "write private", _put(PRIVATE)),
    Case("POST", "rwt", "ri", _post),
    Case("DELETE", "riw", "rt", _on("DELETE", PUBLIC)),
    Case("DELETE of what is private", "write", "rt private", _on("DELETE", PRIVATE)),
    Case("DELETE of a calendar", "write private manage", OWNER, _whole("DELETE")),
    Case("COPY", "free-busy", "read", _out("COPY", PUBLIC)),
    Case("COPY of what is confidential", "write", "read private", _out("COPY", CONFIDENTIAL)),
    Case("COPY of what is private", "write", "read private", _out("COPY", PRIVATE)),
    Case("COPY into", "rwt", "ri", _onto("COPY", "new")),
    Case("COPY over", "rit", "rw", _onto("COPY", "0")),
    Case("COPY over what is private", "write", "rw private", _onto("COPY", "1")),
    Case("COPY of a calendar into another's home", "write private manage", OWNER, _whole("COPY")),
    Case("MOVE", "riw", "rt", _out("MOVE", PUBLIC)),
    Case("MOVE of what is private", "write", "rt private", _out("MOVE", PRIVATE)),
    Case("MOVE into", "rwt", "ri", _onto("MOVE", "new")),
    Case("MOVE over what is private", "write", "rw private", _onto("MOVE", "1")),
    Case("MOVE of a calendar", "write private manage", OWNER, _whole("MOVE")),
    Case("MKCALENDAR", "write private manage", OWNER, _make("MKCALENDAR")),
    Case("MKCOL", "write private manage", OWNER, _make("MKCOL")),
    Case("PROPPATCH", "rit", "rw", _patch(_NAME)),
    Case("PROPPATCH of a member", "rit", "rw", _patch(NOTE.format("Mine"), PUBLIC)),
    Case("PROPPATCH of what is private", "write", "rw private",
         _patch(NOTE.format("Mine"), PRIVATE)),
    Case("PROPPATCH of delegates", "write private manage", OWNER, _delegates),
    Case("LOCK", "read private", "write", _lock(PUBLIC)),
    Case("LOCK of what is private", "write", "write private", _lock(PRIVATE)),
    Case("UNLOCK of another's lock", "write private manage", OWNER, _unlock),
    Case("ACL", "write private", "read manage", _acl),
    *(
        Case(f"REPORT {split_name(name)[1]}", "free-busy", "read", _report(name),
             is_calendar="addressbook" not in name)
        for name in REPORTS
        if split_name(name)[1] in {"calendar-query", "calendar-multiget", "addressbook-query",
                                   "addressbook-multiget"}
    ),
    Case("REPORT sync-collection", "free-busy", "read private",
         _report("{DAV:}sync-collection")),
    Case("REPORT free-busy-query", "i", "free-busy",
         _report("{urn:ietf:params:xml:ns:caldav}free-busy-query")),
    Case("REPORT acl-principal-prop-set", "write private", "read manage",
         _report("{DAV:}acl-principal-prop-set")),
    Case("REPORT expand-property", "i", "read", _report("{DAV:}expand-property")),
    Case("REPORT principal-property-search", "i", "read",
         _report("{DAV:}principal-property-search")),
    Case("REPORT principal-search-property-set", "i", "read",
         _report("{DAV:}principal-search-property-set")),
    Case("REPORT principal-match", "i", "read", _report("{DAV:}principal-match")),
)  # fmt: skip


def test_every_method_and_every_report_has_a_case() -> None:
    assert {case.method for case in CASES} == set(METHODS) - {"OPTIONS"}
    told = {case.name.split()[1] for case in CASES if case.method == "REPORT"}
    assert told == {split_name(name)[1] for name in REPORTS}


@pytest.fixture
def world() -> World:
    return make_world()


def send(client: DavClient, move: Move) -> int:
    answer = client.request(move.method, move.path, move.body, **move.headers)
    if answer.status == 207 and move.method == "PROPPATCH":
        return 403 if b"HTTP/1.1 403" in answer.body else 207
    return answer.status


def share(ann: Account, place: Place, words: str) -> None:
    grant(ann, Collection.objects.get(pk=place.collection_id), _ben(), parse_rights(words))


def _ben() -> Account:
    return Account.objects.get(login="ben@example.test")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_refused_works_with_one_right_more(case: Case, world: World) -> None:
    ann = world.people["ann"]
    place = next(
        place
        for place in world.places
        if place.owner == "ann" and place.is_calendar == case.is_calendar
    )
    for words in ("", case.refused):
        with rolled_back():
            if words:
                share(ann, place, words)
            move = case.build(world, place)
            before = state_of_others(world.people["ben"])
            assert send(world.bens, move) in (403, 404, 409, 412, 423), (words, move)
            assert state_of_others(world.people["ben"]) == before
    if case.works == OWNER:
        client = client_of(ann)
    else:
        share(ann, place, case.works)
        client = world.bens
    assert send(client, case.build(world, place)) in (200, 201, 204, 207)
