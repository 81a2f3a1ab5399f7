"""What is measured: functions that put one load on one server and return figures for its lines.

Before each timed request the large calendar has changed, so that no server answers from a memory
of the answer; figures are the median of `TRIES`.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Final

from benchmarks.dav import objects
from benchmarks.dav.client import NAMESPACES, Answer, Client, Refused
from benchmarks.dav.program import DavPeer
from benchmarks.side_by_side.report import OURS, Chapter, Line
from benchmarks.side_by_side.runs import Figures, Missing

TRIES = 5
WRITES = 1000
WRITE_SECONDS = 10.0
"""So many objects are written, or as many as fit into the time."""
CARDS = 2000
MULTIGET = 100
POLLERS = 50
POLLS = 20
POLL_SECONDS = 10.0
FAMILY = "Durand"
ETAG: Final = "<D:prop><D:getetag/></D:prop>"
DATA: Final = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
RANGE: Final = f'<C:time-range start="{objects.START}" end="{objects.END}"/>'
MONTH: Final = (
    '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
    f"{RANGE}</C:comp-filter></C:comp-filter></C:filter>"
)
NAMED: Final = (
    "<D:prop><D:getetag/><A:address-data/></D:prop>"
    '<A:filter><A:prop-filter name="FN"><A:text-match collation="i;unicode-casemap"'
    f' match-type="contains">{FAMILY.lower()}</A:text-match></A:prop-filter></A:filter>'
)


class Wrong(Exception):
    """The server answered something else than the load asks for."""


@dataclass(slots=True)
class Bench:
    """A server under test and what its collections hold."""

    peer: DavPeer
    events: int
    calendar: str = field(init=False, default="")
    book: str = field(init=False, default="")
    remarks: list[str] = field(init=False, default_factory=list)
    _changes: int = 0
    _collections: int = 0

    def fill(self) -> None:
        """Make the large calendar, and the address book."""
        self.calendar = self.make_calendar("large")
        self.book = self.make_address_book("people")
        members = {
            f"e{number}.ics": objects.event(number, self.events) for number in range(self.events)
        }
        self.peer.fill(self.calendar, members)
        self.peer.fill(
            self.book, {f"c{number}.vcf": objects.card(number) for number in range(CARDS)}
        )
        with self.peer.connect() as client:
            _expect(client.propfind(self.calendar, "<D:getetag/>", depth=1), self.events + 1)
            _expect(client.propfind(self.book, "<D:getetag/>", depth=1), CARDS + 1)
        self.peer.settle()

    def make_calendar(self, name: str) -> str:
        """Make a calendar that is new, and return its path."""
        self._collections += 1
        path = f"{self.peer.calendar_home()}bench-{name}-{self._collections}/"
        prop = f"<D:displayname>{name}</D:displayname>"
        body = f"<C:mkcalendar {NAMESPACES}><D:set><D:prop>{prop}</D:prop></D:set></C:mkcalendar>"
        with self.peer.connect() as client:
            client.ask("MKCALENDAR", path, body, Content_Type="text/xml")
        return path

    def make_address_book(self, name: str) -> str:
        """Make an address book that is new, and return its path."""
        self._collections += 1
        path = f"{self.peer.address_book_home()}bench-{name}-{self._collections}/"
        kind = "<D:resourcetype><D:collection/><A:addressbook/></D:resourcetype>"
        prop = f"{kind}<D:displayname>{name}</D:displayname>"
        body = f"<D:mkcol {NAMESPACES}><D:set><D:prop>{prop}</D:prop></D:set></D:mkcol>"
        with self.peer.connect() as client:
            client.ask("MKCOL", path, body, Content_Type="text/xml")
        return path

    def change(self, client: Client) -> None:
        """Write another version of one event of the large calendar."""
        self._changes += 1
        number = self._changes * 11 % self.events
        data = objects.event(number, self.events, sequence=self._changes)
        client.put(f"{self.calendar}e{number}.ics", data)

    def fresh_uid(self) -> str:
        """Return what makes UIDs that are nowhere yet."""
        self._changes += 1
        return f"fresh-{self._changes}"


def _expect(answer: Answer, count: int) -> None:
    found = answer.count()
    if found != count:
        raise Wrong(f"{found} responses came instead of {count}: {answer.body[:300]!r}")


def _remark(bench: Bench, answer: Answer, count: int, what: str) -> None:
    """Note where a server tells more than is asked for; less than that is wrong."""
    found = answer.count()
    if found > count and bench.peer.name != OURS:
        remark = f"{bench.peer.name} tells more {what} than it was asked for"
        bench.remarks += [remark] * (remark not in bench.remarks)
    else:
        _expect(answer, count)


def _after_changes(
    bench: Bench, ask: Callable[[Client], Answer], count: int, what: str = "members"
) -> float:
    """Return the median of some tries, each after a change; each answer must have so many parts."""
    waits = []
    with bench.peer.connect() as client:
        for _ in range(TRIES):
            bench.change(client)
            start = time.perf_counter()
            answer = ask(client)
            waits.append(time.perf_counter() - start)
            _remark(bench, answer, count, what)
    return statistics.median(waits)


def _write(bench: Bench, path: str, members: Iterator[tuple[str, bytes]], end: float) -> int:
    """Write members until there are no more or the time is over; return how many there were."""
    count = 0
    with bench.peer.connect() as client:
        for name, data in members:
            client.put(f"{path}{name}", data)
            count += 1
            if time.perf_counter() > end:
                break
    return count


def _rate(bench: Bench, path: str, kind: str, connections: int) -> float:
    """Return how many objects a second are written over so many connections."""
    uid = bench.fresh_uid()

    def members(share: int) -> Iterator[tuple[str, bytes]]:
        for number in range(share, WRITES, connections):
            if kind == "card":
                yield f"c{number}.vcf", objects.card(number, uid)
            else:
                yield f"e{number}.ics", objects.event(number, WRITES, uid)

    shares = [list(members(share)) for share in range(connections)]
    start = time.perf_counter()
    end = start + WRITE_SECONDS
    with ThreadPoolExecutor(connections) as pool:
        counts = pool.map(lambda share: _write(bench, path, iter(share), end), shares)
        return sum(counts) / (time.perf_counter() - start)


def put(bench: Bench) -> Figures:
    """Write events into calendars that are empty, over one and over four connections."""
    return {
        "put.one": _rate(bench, bench.make_calendar("one"), "event", 1),
        "put.four": _rate(bench, bench.make_calendar("four"), "event", 4),
    }


def month(bench: Bench) -> Figures:
    """Ask for the events of a month, and for their etags alone."""
    count = objects.in_month(bench.events)

    def ask(inner: str) -> Callable[[Client], Answer]:
        return lambda client: client.report(bench.calendar, "C:calendar-query", inner + MONTH)

    return {
        "month.data": _after_changes(bench, ask(DATA), count, "events of a month"),
        "month.etags": _after_changes(bench, ask(ETAG), count, "events of a month"),
    }


def propfind(bench: Bench) -> Figures:
    """Ask for the etags of all."""
    members = _members(bench)

    def ask(client: Client) -> Answer:
        return client.propfind(bench.calendar, "<D:getetag/>", depth=1)

    return {"propfind.etags": _after_changes(bench, ask, len(members) + 1)}


def _members(bench: Bench) -> list[str]:
    with bench.peer.connect() as client:
        answer = client.propfind(bench.calendar, "<D:getetag/>", depth=1)
    return [href for href in answer.hrefs() if href.endswith(".ics")]


def _sync(client: Client, path: str, token: str) -> Answer:
    inner = f"<D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>{ETAG}"
    return client.report(path, "D:sync-collection", inner, depth=0)


def sync(bench: Bench) -> Figures:
    """Ask for all that there is, and for one change."""
    count = len(_members(bench))
    first = _after_changes(bench, lambda client: _sync(client, bench.calendar, ""), count)
    waits = []
    with bench.peer.connect() as client:
        token = _sync(client, bench.calendar, "").inner("sync-token")
        for _ in range(TRIES):
            bench.change(client)
            start = time.perf_counter()
            answer = _sync(client, bench.calendar, token)
            waits.append(time.perf_counter() - start)
            _remark(bench, answer, 1, "changes")
            token = answer.inner("sync-token")
    return {"sync.first": first, "sync.change": statistics.median(waits)}


def multiget(bench: Bench) -> Figures:
    """Ask for a hundred events by their hrefs."""
    members = _members(bench)
    generator = random.Random(1)

    def ask(client: Client) -> Answer:
        chosen = generator.sample(members, min(MULTIGET, len(members)))
        hrefs = "".join(f"<D:href>{href}</D:href>" for href in chosen)
        return client.report(bench.calendar, "C:calendar-multiget", DATA + hrefs)

    return {"multiget": _after_changes(bench, ask, min(MULTIGET, len(members)))}


def freebusy(bench: Bench) -> Figures:
    """Ask when somebody is busy in a month."""
    waits = []
    with bench.peer.connect() as client:
        for _ in range(TRIES):
            bench.change(client)
            start = time.perf_counter()
            try:
                answer = client.report(bench.calendar, "C:free-busy-query", RANGE)
            except Refused as refused:
                raise Missing(f"{bench.peer.name} answers no free-busy-query") from refused
            waits.append(time.perf_counter() - start)
            if answer.body.count(b"FREEBUSY") < objects.MONTH[0].day:
                raise Wrong(f"Nobody is busy: {answer.body[:300]!r}")
    return {"freebusy": statistics.median(waits)}


def large(bench: Bench) -> Figures:
    """Write a new event into the large calendar, outside the month that is asked for."""
    waits = []
    with bench.peer.connect() as client:
        for _ in range(TRIES):
            uid = bench.fresh_uid()
            path = f"{bench.calendar}{uid}.ics"
            data = objects.event(1, bench.events, uid)
            start = time.perf_counter()
            client.put(path, data)
            waits.append(time.perf_counter() - start)
    return {"put.large": statistics.median(waits)}


def cards(bench: Bench) -> Figures:
    """Write cards into an address book that is empty, and look for a name in another one."""
    rate = _rate(bench, bench.make_address_book("cards"), "card", 1)
    waits = []
    with bench.peer.connect() as client:
        for _ in range(TRIES):
            bench.change(client)
            start = time.perf_counter()
            answer = client.report(bench.book, "A:addressbook-query", NAMED)
            waits.append(time.perf_counter() - start)
            _remark(bench, answer, objects.named(FAMILY, CARDS), "cards")
    return {"cards": rate, "cards.query": statistics.median(waits)}


def _poll(bench: Bench, barrier: Barrier, token: str) -> list[float]:
    waits = []
    with bench.peer.connect() as client:
        client.propfind(bench.calendar, "<D:sync-token/>")
        barrier.wait()
        end = time.perf_counter() + POLL_SECONDS
        for _ in range(POLLS):
            start = time.perf_counter()
            answer = _sync(client, bench.calendar, token)
            now = time.perf_counter()
            waits.append(now - start)
            token = answer.inner("sync-token")
            if now > end:
                break
    return waits


def poll(bench: Bench) -> Figures:
    """Let fifty clients ask at once, again and again, what is new since one change."""
    with bench.peer.connect() as client:
        token = _sync(client, bench.calendar, "").inner("sync-token")
        bench.change(client)
    barrier = Barrier(POLLERS)
    with ThreadPoolExecutor(POLLERS) as pool:
        futures = [pool.submit(_poll, bench, barrier, token) for _ in range(POLLERS)]
        try:
            waits = [wait for future in futures for wait in future.result()]
        except ConnectionError as error:
            what = f"{bench.peer.name} drops connections while {POLLERS} clients poll"
            raise Missing(what) from error
    return {
        "poll.p50": statistics.median(waits),
        "poll.p99": statistics.quantiles(waits, n=100)[98],
    }


LOADS: dict[str, Callable[[Bench], Figures]] = {
    "put": put,
    "month": month,
    "propfind": propfind,
    "sync": sync,
    "multiget": multiget,
    "freebusy": freebusy,
    "large": large,
    "cards": cards,
    "poll": poll,
}
CHAPTER = Chapter(
    name="dav",
    heading="## CalDAV and CardDAV beside others",
    title="How many times better than the best of the others",
    lines=(
        Line("put.one", "PUT of events, one connection", "a second"),
        Line("put.four", "PUT of events, four connections", "a second"),
        Line("put.large", "PUT of a new event into the large calendar"),
        Line("month.data", "calendar-query of a month"),
        Line("month.etags", "calendar-query of a month, etags alone"),
        Line("propfind.etags", "PROPFIND of all etags"),
        Line("sync.first", "sync-collection, first"),
        Line("sync.change", "sync-collection after one change"),
        Line("multiget", "calendar-multiget of 100"),
        Line("freebusy", "free-busy-query of a month"),
        Line("cards", "PUT of cards, one connection", "a second"),
        Line("cards.query", "addressbook-query for a name"),
        Line("poll.p50", "50 clients poll at once, median"),
        Line("poll.p99", "50 clients poll at once, 99 of 100"),
    ),
)
