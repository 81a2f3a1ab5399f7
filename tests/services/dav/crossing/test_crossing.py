"""No sequence of requests shows or changes what was not granted to the user who sends them.

An independent model (`model`) says who may see and change what; the texts that nobody else has
(`world`) say what an answer tells.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, currently_in_test_context, given, note, settings
from hypothesis import strategies as st

from groupware.core.directory import add_member, create_group
from groupware.core.models import Account, Collection, Resource, ResourceCollection, ResourceData
from groupware.core.rights import find_grantee, grant, parse_rights
from groupware.dav.handlers.report import REPORTS
from groupware.dav.models import DeadProperty
from tests.services.dav.client import Answer
from tests.services.dav.crossing.model import Held, hold
from tests.services.dav.crossing.moves import Chooser, Move, propfind, report
from tests.services.dav.crossing.world import (
    MARK,
    Place,
    World,
    make_world,
    state_of_others,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = (
    *("", "free-busy", "read", "read private", "r", "ri", "rt", "rw", "i", "free-busy i"),
    *("private", "free-busy write", "read manage"),
    *("write", "write", "write private", "write manage") * 3,
)
ACCOUNT_WORDS = ("", "", "", "read", "free-busy", "delegate-read", "delegate-write", "private")
GRANTEES = ("ben@example.test", "team@example.test", "@example.test")
NUMBERS = st.integers(0, 1 << 32)
EXAMPLES = 40
READING = ("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT")


def say(text: str) -> None:
    """Tell what led to a failure."""
    if currently_in_test_context():
        note(text)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo all that happens within."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Watcher:
    """Holds each answer and each change against the model."""

    def __init__(self, world: World, held: dict[int, Held]) -> None:
        self.world = world
        self.held = held
        self.secrets = {text.encode() for text in world.foreign}
        for place in world.places:
            self.secrets |= {text.encode() for text in self._secrets_of(place)}
        self.known: set[bytes] = set()
        self.state = state_of_others(world.people["ben"])

    def _secrets_of(self, place: Place) -> Iterator[str]:
        held = self.held[place.collection_id]
        if not held.knows:
            yield from place.texts
        if not held.sees("PRIVATE", whole=True) and place.is_calendar:
            yield from place.whole
        if not held.reads:
            yield from place.whole
        for thing in place.things:
            if not held.sees(thing.classification, whole=False):
                yield from thing.there
            if not held.sees(thing.classification, whole=True):
                yield from thing.inside

    def send(self, move: Move) -> None:
        """Send one request and look at what it told and did."""
        self.known |= {text for text in self.secrets if text in move.said}
        answer = self.world.bens.request(move.method, move.path, move.body, **move.headers)
        say(f"{move} -> {answer.status}")
        assert answer.status in (507, *range(200, 500)), answer
        self._check_told(answer)
        if move.method not in READING:
            self.check_done()

    def _check_told(self, answer: Answer) -> None:
        told = answer.body + repr(sorted(answer.headers.items())).encode()
        leaked = {text for text in self.secrets - self.known if text in told}
        assert not leaked, (leaked, answer)

    def check_done(self) -> None:
        before, self.state = self.state, state_of_others(self.world.people["ben"])
        changed = {
            row
            for row in before.keys() | self.state.keys()
            if before.get(row) != self.state.get(row)
        }
        for row in changed:
            may = self._may_change(row, before.get(row), self.state.get(row))
            assert may, (row, before.get(row), self.state.get(row))

    def _may_change(self, row: Any, before: Any, after: Any) -> bool:
        table, *key = row
        if table == "ResourceData":
            return True  # what is in it is told by the entity tag of its row
        if table == "Resource":
            return self._may_write(key[0], key[1], before, after)
        if table == "ResourceCollection":
            held = self.held.get(key[0], Held())
            return after is not None and before is not None and held.may("w")
        if table == "Grant":
            return key[1] is not None and self.held.get(key[1], Held()).manages
        if table == "DeadProperty":
            held = self.held.get(key[1], Held()) if key[1] is not None else Held()
            return held.may("w") or held.may("i") or held.may("t")
        return table == "DavLock" and after is None and self._is_gone(before)

    def _may_write(self, collection_id: int, href: str, before: Any, after: Any) -> bool:
        held = self.held.get(collection_id, Held())
        if before is None:
            return held.may("i")
        is_seen = all(
            held.sees(thing.classification, whole=True)
            for place in self.world.places
            for thing in place.things
            if place.collection_id == collection_id and thing.path.endswith(f"/{href}")
        )
        return is_seen and held.may("t" if after is None else "w")

    def _is_gone(self, lock: Any) -> bool:
        collection_id, href, *_ = lock
        return bool(href) and ("Resource", collection_id, href) not in self.state

    def check_own(self) -> None:
        """Look at what lies in the user's own store at the end: nothing that is secret."""
        ben = self.world.people["ben"]
        mine = list(Collection.objects.filter(account=ben).values_list("pk", flat=True))
        data = ResourceData.objects.filter(resource__collection_id__in=mine)
        told = [bytes(held) for held in data.values_list("data", flat=True)]
        told += [str(row).encode() for row in _texts_of(ben, mine)]
        for text in self.secrets - self.known:
            assert not any(text in held for held in told), text


def _texts_of(ben: Account, mine: list[int]) -> Iterator[Any]:
    yield from ResourceCollection.objects.filter(collection_id__in=mine).values_list()
    yield from Resource.objects.filter(collection_id__in=mine).values_list("href", "ical_uid")
    yield from DeadProperty.objects.filter(account=ben).values_list("name", "value")


def test_no_sequence_of_requests_crosses_what_is_granted() -> None:
    world = make_world()
    create_group("team@example.test")
    add_member("team@example.test", "ben@example.test")
    anns = [place for place in world.places if place.owner == "ann"]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        seed=st.integers(0, 1 << 32),
        numbers=st.lists(NUMBERS, min_size=20, max_size=40, unique=True),
    )
    def run(seed: int, numbers: list[int]) -> None:
        with rolled_back():
            watcher = Watcher(world, _grant(world, anns, Random(seed)))
            for number in numbers:
                watcher.send(Chooser(world, seed, number).move())
            watcher.check_done()
            watcher.check_own()

    run()


@pytest.mark.parametrize("seed", range(4))
def test_no_place_shows_what_is_not_granted(seed: int) -> None:
    world = make_world()
    create_group("team@example.test")
    anns = [place for place in world.places if place.owner == "ann"]
    watcher = Watcher(world, _grant(world, anns, Random(seed)))
    for path in world.paths:
        watcher.send(Move("GET", path))
        for depth in ("0", "1"):
            watcher.send(propfind(path, depth, "each"))
        for name in sorted(REPORTS):
            watcher.send(report(name, path, anns[0].whole[0], world.near, "UID"))


def _grant(world: World, places: list[Place], random: Random) -> dict[int, Held]:
    """Share ann's places with ben in some way, and return what he holds."""
    ann, grantee = world.people["ann"], find_grantee(random.choice(GRANTEES))
    held = {place.collection_id: Held() for place in world.places}
    on_account = random.choice(ACCOUNT_WORDS)
    for collection in Collection.objects.filter(account=ann).exclude(kind="mail"):
        is_calendar = collection.kind == "calendars"
        held[collection.pk] = hold("", on_account, is_calendar=is_calendar)
    if on_account:
        grant(ann, None, grantee, parse_rights(on_account))
    for place in places:
        words = random.choice(WORDS)
        if words:
            collection = Collection.objects.get(pk=place.collection_id)
            grant(ann, collection, grantee, parse_rights(words))
        held[place.collection_id] = hold(words, on_account, is_calendar=place.is_calendar)
    say(f"granted: {held}")
    return held


def test_every_secret_is_found_where_it_is_told() -> None:
    """The watcher cannot fail to see what is told: the owner's answers hold all of it."""
    world = make_world()
    for place in world.places:
        from tests.services.dav.client import client_of

        client = client_of(world.people[place.owner])
        told = client.request("GET", place.path).body
        for thing in place.things:
            assert thing.inside[0].encode() in told
            assert MARK.search(told)
