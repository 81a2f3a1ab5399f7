"""The delta law of DAV as a state machine: four clients, two calendars, and whatever they may do.

Two clients are the owner's; one is somebody's who may write and sees private details, one
somebody's who may read and does not. Each follows both calendars in pieces of its own size.
"""

import itertools

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from groupware.core import retention
from groupware.core.clock import epoch
from groupware.core.models import Account
from groupware.core.rights import grant, parse_rights
from tests.delta.dav.follower import Follower
from tests.services.dav.client import client_of, url_of
from tests.services.dav.samples import event
from tests.services.store import create

_numbers = itertools.count(1)
SLUGS = ("calendar", "other")
CLASSES = ("", "CLASS:PRIVATE", "CLASS:CONFIDENTIAL")

HREFS = ("a.ics", "b.ics", "c.ics", "d.ics", "\u00e9 %25.ics")
hrefs = st.sampled_from(HREFS)
uids = st.sampled_from(["u1", "u2", "u3", "u4", "u5"])
numbers = st.integers(0, 1)
places = st.tuples(numbers, hrefs)
writers = st.integers(0, 2)
limits = st.sampled_from([None, 1, 2, 3])


class DavMachine(RuleBasedStateMachine):
    """Clients that change calendars, and follow them."""

    def __init__(self) -> None:
        super().__init__()
        ann, ben, cleo = self._make_people()
        own = [f"/{ann.pk}/{slug}/" for slug in SLUGS]
        anns, bens, cleos = map(client_of, (ann, ben, cleo))
        made = anns.request("MKCALENDAR", own[1])
        assert made.status == 201, made.body
        for collection in ann.collections.filter(kind="calendars", face__slug__in=SLUGS):
            grant(ann, collection, ben, parse_rights("write private"))
            grant(ann, collection, cleo, parse_rights("read"))
        shared = [f"/{ben.pk}/~{ann.collections.get(face__slug=slug).object_id}/" for slug in SLUGS]
        self._clients = [
            Follower("phone", anns, own),
            Follower("laptop", anns, own),
            Follower("ben", bens, shared),
            Follower("cleo", cleos, own),
        ]
        for number, href in enumerate(HREFS[:3]):
            self.put(0, 0, href, f"u{number}", CLASSES[0])

    def _make_people(self) -> list[Account]:
        names = [f"{name}{next(_numbers)}@example.test" for name in ("ann", "ben", "cleo")]
        return [create(name) for name in names]

    @rule(who=writers, number=numbers, href=hrefs, uid=uids, said=st.sampled_from(CLASSES))
    def put(self, who: int, number: int, href: str, uid: str, said: str) -> None:
        """Put an object, which the calendar may refuse for its UID."""
        client = self._clients[who]
        lines = [said] if said else []
        data = event(uid, f"Version {next(_numbers)}", *lines)
        answer = client.client.request("PUT", client.paths[number] + href, data)
        assert answer.status in {201, 204, 403, 409}, answer.body

    @rule(who=writers, number=numbers, href=hrefs)
    def delete(self, who: int, number: int, href: str) -> None:
        """Delete an object, if it is there."""
        client = self._clients[who]
        answer = client.client.request("DELETE", client.paths[number] + href)
        assert answer.status in {204, 404}, answer.body

    @rule(who=writers, source=places, destination=places, method=st.sampled_from(["MOVE", "COPY"]))
    def move(
        self, who: int, source: tuple[int, str], destination: tuple[int, str], method: str
    ) -> None:
        """Move or copy an object over whatever is there."""
        client = self._clients[who]
        (number, href), (other, name) = source, destination
        url = url_of(client.paths[other] + name)
        answer = client.client.request(
            method, client.paths[number] + href, Destination=url, Overwrite="T"
        )
        assert answer.status in {201, 204, 403, 404, 409}, answer.body

    @rule()
    def expire(self) -> None:
        """Let all tombstones go: tokens of before are too old."""
        retention.expire_tombstones(older_than=epoch() + 10)

    @rule(who=st.integers(0, 3), number=numbers, limit=limits, with_data=st.booleans())
    def sync(self, *, who: int, number: int, limit: int | None, with_data: bool) -> None:
        """Follow by one answer, which may not be all."""
        self._clients[who].sync(number, limit, with_data=with_data)

    @rule(who=st.integers(0, 3), number=numbers)
    def begin_anew(self, who: int, number: int) -> None:
        """Lose what was known."""
        self._clients[who].memories[number].forget()

    @rule(who=st.integers(0, 3), number=numbers, limit=limits, with_data=st.booleans())
    def catch_up(self, *, who: int, number: int, limit: int | None, with_data: bool) -> None:
        """Follow to the end: then the law holds."""
        self._clients[who].sync_all(number, limit, with_data=with_data)
        self._clients[who].check(number)

    @invariant()
    def hidden_things_stay_hidden(self) -> None:
        """Whoever may not see what is private was told of nothing in it."""
        for memory in self._clients[3].memories:
            for data in memory.data.values():
                assert "CLASS:PRIVATE" not in data
                assert "CLASS:CONFIDENTIAL" not in data or "SUMMARY:Busy" in data

    def teardown(self) -> None:
        """At the end everybody catches up."""
        for client in self._clients:
            for number in range(len(SLUGS)):
                client.sync_all(number, 2, with_data=False)
                client.check(number)
