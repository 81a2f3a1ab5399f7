"""Three people share a calendar, a task list and an address book, each with another client.

The owner has folders that vdirsyncer keeps in step, the others tsdav and python-caldav with copies
that they change while they are offline. All come back at once.
"""

import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

from tests.clients.dav.convergence import Folder, World
from tests.clients.dav.objects import Kind, invent, plain, uid_of
from tests.clients.dav.python_caldav import python_caldav
from tests.clients.dav.servers import DavServer
from tests.clients.dav.tsdav import tsdav
from tests.clients.dav.vdirsyncer import Vdirsyncer
from tests.clients.dav.visitor import Visitor
from tests.clients.people import Person
from tests.clients.told import Told

ROUNDS = 5
NAMES: Mapping[Kind, str] = {"event": "team", "task": "errands", "card": "people"}
PLACES: Mapping[Kind, str] = {"event": "calendars", "task": "calendars", "card": "addressbooks"}


class OfflineCopy:
    """What a client knows of a collection, and what was changed since it was last online.

    Where somebody else was faster with the same object, theirs stays.
    """

    def __init__(self, client: Told, url: str) -> None:
        self._client = client
        self._url = url
        self._held: dict[str, dict[str, str]] = {}
        self._changes: dict[str, bytes | None] = {}

    def contents(self) -> Mapping[str, str]:
        """Return the text of each object by its UID."""
        texts = {uid: plain(held["data"]) for uid, held in self._held.items()}
        changed = {uid: plain(data) for uid, data in self._changes.items() if data is not None}
        gone = {uid for uid, data in self._changes.items() if data is None}
        return {uid: text for uid, text in (texts | changed).items() if uid not in gone}

    def write(self, uid: str, data: bytes) -> None:
        """Put an object in, or put it in the place of the one with this UID."""
        self._changes[uid] = data

    def remove(self, uid: str) -> None:
        """Delete the object with this UID."""
        self._changes[uid] = None

    def sync(self) -> None:
        """Tell what was changed here, and learn what others did."""
        self._pull()
        for uid, data in self._changes.items():
            status = self._push(uid, data)
            assert status in {200, 201, 204, 412}, (uid, status)
        self._changes.clear()
        self._pull()

    def _pull(self) -> None:
        told = self._client.call("sync", self._url)
        gone = {row["url"] for row in told["deleted"]}
        news = {uid_of(row["data"].encode()): row for row in told["created"] + told["updated"]}
        kept = {uid: row for uid, row in self._held.items() if row["url"] not in gone}
        # What another has changed or removed meanwhile is no longer changed here.
        for uid in (self._held.keys() - kept.keys()) | news.keys():
            self._changes.pop(uid, None)
        self._held = kept | news

    def _push(self, uid: str, data: bytes | None) -> int:
        held = self._held.get(uid)
        if data is None:
            answer = self._client.call("remove", self._url, held)
        elif held is None:
            suffix = "vcf" if data.startswith(b"BEGIN:VCARD") else "ics"
            answer = self._client.call("create", self._url, f"{uid}.{suffix}", data.decode())
        else:
            answer = self._client.call("update", self._url, held | {"data": data.decode()})
        return int(answer["status"])


class Team:
    """The three, and their copies of each collection."""

    def __init__(self, program: Vdirsyncer, copies: Mapping[Kind, list[OfflineCopy]]) -> None:
        self._program = program
        self._copies = copies
        self.folders: dict[Kind, Folder] = {
            kind: Folder(
                program.folder("carddav" if kind == "card" else "caldav", name),
                "vcf" if kind == "card" else "ics",
            )
            for kind, name in NAMES.items()
        }

    def worlds(self, generator: random.Random) -> list[World]:
        """Return the three collections, each with its three copies."""
        return [World(kind, [self.folders[kind], *self._copies[kind]], generator) for kind in NAMES]

    def sync_of(self, number: int) -> None:
        """Let one of the two others sync all of it."""
        for copies in self._copies.values():
            copies[number].sync()

    def come_back(self) -> None:
        """Let all three sync at the same time, and then one after the other what came too late."""
        with ThreadPoolExecutor(3) as pool:
            futures = [pool.submit(self._program.sync)]
            futures += [pool.submit(self.sync_of, number) for number in range(2)]
            for future in futures:
                future.result()
        self.settle()

    def settle(self) -> None:
        """Let each sync once more."""
        self._program.sync()
        for number in range(2):
            self.sync_of(number)


def url_of(server: DavServer, visitor: Visitor, kind: Kind) -> str:
    """Return the URL of what a person's home lists under the name of the collection."""
    home = visitor.address_book_home if kind == "card" else visitor.calendar_home
    listed = visitor.properties(home, "<D:displayname/>", depth=1)
    [path] = [
        path
        for path, element in listed.items()
        # What another shares is told with that one's name behind it.
        if element.findtext("{DAV:}displayname", "").partition(" (")[0] == NAMES[kind]
    ]
    return urljoin(server.url, path)


@pytest.fixture
def team(
    dav: DavServer,
    visitor: Visitor,
    second_person: Person,
    third_person: Person,
    tmp_path: Path,
) -> Iterator[Team]:
    visitor.make_calendar(NAMES["event"], "VEVENT")
    visitor.make_calendar(NAMES["task"], "VTODO")
    visitor.make_address_book(NAMES["card"])
    others = (second_person, third_person)
    for kind, name in NAMES.items():
        for person in others:
            dav.share(f"{visitor.person.address}/{PLACES[kind]}/{name}", person)
    program = Vdirsyncer(tmp_path / "vdirsyncer", dav)
    calendars = {NAMES[kind]: NAMES[kind] for kind in ("event", "task")}
    program.pair("calendars", "caldav", visitor.person, calendars)
    program.pair("books", "carddav", visitor.person, {NAMES["card"]: NAMES["card"]})
    program.discover()
    with (
        tsdav(dav, second_person) as second,
        python_caldav(dav, third_person) as third,
        Visitor(dav, second_person) as seen_by_second,
        Visitor(dav, third_person) as seen_by_third,
    ):
        copies: dict[Kind, list[OfflineCopy]] = {}
        for name in ("calendars", "books"):
            second.call(name)
        for kind in NAMES:
            near = [url_of(dav, seen, kind) for seen in (seen_by_second, seen_by_third)]
            known = second.call("books" if kind == "card" else "calendars")
            [spelled] = [row["url"] for row in known if unquote(row["url"]) == near[0]]
            copies[kind] = [OfflineCopy(second, spelled), OfflineCopy(third, near[1])]
        yield Team(program, copies)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_people_with_three_clients_end_the_same_and_lose_nothing(team: Team) -> None:
    seed = random.randrange(1 << 32)
    print(f"The seed of this run is {seed}.")  # noqa: T201 - shown where the test failed
    worlds = team.worlds(random.Random(seed))
    for world in worlds:
        for copy in world.copies:
            world.fill(copy, 8)
    for _ in range(ROUNDS):
        team.come_back()
        for world in worlds:
            world.check()
            world.change()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_all_three_changed_is_the_same_for_all_of_them(team: Team) -> None:
    generator = random.Random(1)
    worlds = team.worlds(generator)
    kinds = tuple(NAMES)
    for world in worlds:
        world.fill(world.copies[0], 3)
    team.settle()
    for kind, world in zip(kinds, worlds, strict=True):
        world.check()
        contested = min(world.expected)
        versions = []
        for copy in world.copies:
            _, data = invent(kind, generator, contested)
            copy.write(contested, data)
            versions.append(plain(data))
        world.expected[contested] = versions[1]
    # The second comes back first: its version is the one that stays.
    team.sync_of(0)
    team.settle()
    for world in worlds:
        world.check()
