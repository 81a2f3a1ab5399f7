"""What is measured: functions that put one load on one server and return figures for its lines.

Before each timed command the mailbox has changed, so that no server answers from a memory of the
answer; warm figures are the median of `TRIES`, each on a connection of its own.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from benchmarks.imap.client import Client
from benchmarks.imap.messages import subjects, usual_word
from benchmarks.imap.peers import ImapPeer
from benchmarks.side_by_side.report import Chapter, Line
from benchmarks.side_by_side.runs import Figures, Missing
from benchmarks.side_by_side.servers import USERS

TRIES = 3
BIG = b"bench-big"
COPIES = b"bench-copy"
ONE = b"bench-one"
FOUR = b"bench-four"
PIPELINED = 50
APPENDED = 1000
BODIES = 1000
SINGLE_STORES = 1000
LOGINS = 200
NOOPS = 5000
NOTICES = 40
IDLE_CONNECTIONS = 200
METADATA: Final = b"UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"
HEADER: Final = b"UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (From To Subject Date)])"
FLAGS: Final = b"UID FETCH 1:* (UID FLAGS)"


class Wrong(Exception):
    """The server answered something else than the load asks for."""


@dataclass(slots=True)
class Bench:
    """A server under test and what its mailboxes hold."""

    peer: ImapPeer
    messages: Sequence[bytes]
    word: bytes = field(init=False)
    subject_word: bytes = field(init=False)
    remarks: list[str] = field(init=False, default_factory=list)
    _changes: int = 0

    def __post_init__(self) -> None:
        self.word = usual_word(self.messages[:2000])
        self.subject_word = usual_word(subjects(self.messages[:2000]), share=0.02)

    def fill(self) -> None:
        """Make the big mailbox."""
        with self.peer.connect() as client:
            client.command(b"CREATE " + BIG)
            for start in range(0, len(self.messages), PIPELINED):
                client.append_pipelined(BIG, self.messages[start : start + PIPELINED])
        self.peer.settle()

    def fresh(self, count: int) -> list[bytes]:
        """Return messages that are not stored yet."""
        self._changes += 1
        first = self._changes % max(1, len(self.messages) - count + 1)
        head = b"X-Change: %d\r\n" % self._changes
        return [head + message for message in self.messages[first : first + count]]

    def change(self) -> None:
        """Append a message to the big mailbox, and flag another one."""
        [message] = self.fresh(1)
        number = self._changes % len(self.messages)
        with self.peer.connect() as client:
            client.append(BIG, message)
            client.command(b"SELECT " + BIG)
            client.command(b"STORE %d FLAGS.SILENT (\\Answered)" % (number + 1))

    @contextlib.contextmanager
    def changed(self) -> Iterator[Client]:
        """Change the big mailbox, and open it on a connection of its own."""
        self.change()
        with self.peer.connect() as client:
            client.command(b"SELECT " + BIG)
            yield client

    def needs(self, capability: bytes) -> None:
        """Raise `Missing` where the server does not announce it."""
        with self.peer.connect() as client:
            if capability not in client.command(b"CAPABILITY").upper().split():
                raise Missing(f"{self.peer.name} does not announce {capability.decode()}")

    def empty(self, *mailboxes: bytes) -> None:
        """Make mailboxes anew."""
        with self.peer.connect() as client:
            answer = bytes(client.command(b'LIST "" "bench-*"'))  # the next one takes its place
            listed = answer.replace(b'"', b" ").split()
            for name in mailboxes:
                if name in listed:
                    client.command(b"DELETE " + name)
                client.command(b"CREATE " + name)


def timed(run: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def timed_command(client: Client, command: bytes, responses: int = 0) -> float:
    """Return the seconds that a command takes that finds something.

    It answers with at least so many FETCH responses; raises `Wrong` where it does not.
    """
    seconds = timed(lambda: client.command(command))
    empty = any(b"* %b\r\n" % name in client.answer for name in (b"SEARCH", b"SORT", b"THREAD"))
    if empty or client.answer.count(b" FETCH (") < responses:
        raise Wrong(f"{command!r} was answered with {client.answer[:200]!r}")
    return seconds


def warm(bench: Bench, command: bytes, responses: int = 0) -> float:
    """Return the median of some tries, each after a change."""

    def one() -> float:
        with bench.changed() as client:
            return timed_command(client, command, responses)

    return statistics.median(one() for _ in range(TRIES))


def cold(bench: Bench, command: bytes, responses: int = 0) -> float:
    """Return how long the first such command takes after all processes began anew."""
    bench.change()
    bench.peer.restart()
    with bench.peer.connect() as client:
        client.command(b"SELECT " + BIG)
        return timed_command(client, command, responses)


def _append_share(bench: Bench, mailbox: bytes, messages: Sequence[bytes]) -> None:
    with bench.peer.connect() as client:
        for message in messages:
            client.append(mailbox, message)


def append(bench: Bench) -> Figures:
    """Append a thousand messages that are not stored yet, over one and over four connections."""
    bench.empty(ONE, FOUR)
    fresh = bench.fresh(2 * APPENDED)
    one, rest = fresh[: len(fresh) // 2], fresh[len(fresh) // 2 :]
    seconds = timed(lambda: _append_share(bench, ONE, one))
    with ThreadPoolExecutor(4) as pool:
        shares = [rest[number::4] for number in range(4)]
        share = partial(_append_share, bench, FOUR)
        four = timed(lambda: list(pool.map(share, shares)))
    return {"append.one": len(one) / seconds, "append.four": len(rest) / four}


def fetch(bench: Bench) -> Figures:
    """Fetch what clients show of ten thousand messages."""
    count = len(bench.messages)
    return {
        "fetch.metadata": warm(bench, METADATA, count),
        "fetch.metadata.cold": cold(bench, METADATA, count),
        "fetch.header": warm(bench, HEADER, count),
        "fetch.header.cold": cold(bench, HEADER, count),
        "fetch.flags": warm(bench, FLAGS, count),
    }


def bodies(bench: Bench) -> Figures:
    """Fetch a thousand whole messages."""
    count = min(BODIES, len(bench.messages))
    first = (len(bench.messages) - count) // 2 + 1
    numbers = range(first, first + count)
    together = b"FETCH %d:%d (UID BODY.PEEK[])" % (numbers[0], numbers[-1])

    def each(client: Client) -> None:
        for number in numbers:
            client.command(b"FETCH %d (UID BODY.PEEK[])" % number)

    seconds = warm(bench, together, count)
    with bench.changed() as client:
        single = timed(lambda: each(client))
    return {"bodies.one": seconds, "bodies.each": count / single}


def search(bench: Bench) -> Figures:
    """Search text and subject for a word that some of the messages have."""
    text = b'UID SEARCH TEXT "%b"' % bench.word
    subject = b'UID SEARCH SUBJECT "%b"' % bench.subject_word
    return {"search.text": warm(bench, text), "search.subject": warm(bench, subject)}


def sort(bench: Bench) -> Figures:
    """Sort all by date."""
    bench.needs(b"SORT")
    return {"sort.date": warm(bench, b"UID SORT (DATE) UTF-8 ALL")}


def thread(bench: Bench) -> Figures:
    """Thread all: first in a session, and again in it after another message came."""
    bench.needs(b"THREAD=REFERENCES")
    command = b"UID THREAD REFERENCES UTF-8 ALL"
    first, again = [], []
    for _ in range(TRIES):
        with bench.changed() as client:
            first.append(timed_command(client, command))
            bench.change()
            client.command(b"NOOP")
            again.append(timed_command(client, command))
    return {"thread.first": statistics.median(first), "thread.again": statistics.median(again)}


def store(bench: Bench) -> Figures:
    """Flag all at once, and a thousand one by one."""
    count = min(SINGLE_STORES, len(bench.messages))
    with bench.changed() as client:
        silent = timed_command(client, b"UID STORE 1:* +FLAGS.SILENT (\\Seen)")
        told = b"UID STORE 1:* +FLAGS (\\Flagged)"
        responses = timed_command(client, told, len(bench.messages))
        client.command(b"UID STORE 1:* -FLAGS.SILENT (\\Seen \\Flagged)")

        def each() -> None:
            for number in range(1, count + 1):
                client.command(b"STORE %d +FLAGS.SILENT (\\Seen)" % number)

        single = timed(each)
        client.command(b"UID STORE 1:* -FLAGS.SILENT (\\Seen)")
    return {"store.silent": silent, "store.told": responses, "store.each": count / single}


def copy(bench: Bench) -> Figures:
    """Copy all to another mailbox, and expunge all there."""
    bench.empty(COPIES)
    with bench.changed() as client:
        copied = timed_command(client, b"UID COPY 1:* " + COPIES)
        client.command(b"SELECT " + COPIES)
        client.command(b"STORE 1:* +FLAGS.SILENT (\\Deleted)")
        expunged = timed_command(client, b"EXPUNGE")
        if client.answer.count(b" EXPUNGE\r\n") < len(bench.messages):
            raise Wrong(f"EXPUNGE was answered with {client.answer[:200]!r}")
    return {"copy.all": copied, "expunge.all": expunged}


def login(bench: Bench) -> Figures:
    """Connect, log in, open a mailbox of a thousand, log out: one after the other, and four."""
    bench.empty(ONE)
    with bench.peer.connect() as client:
        client.command(b"SELECT " + BIG)
        client.command(b"COPY 1:%d %b" % (min(APPENDED, len(bench.messages)), ONE))

    def run(count: int) -> None:
        for _ in range(count):
            with bench.peer.connect() as client:
                client.command(b"SELECT " + ONE)

    one = timed(lambda: run(LOGINS))
    with ThreadPoolExecutor(4) as pool:
        four = timed(lambda: list(pool.map(run, [LOGINS // 2] * 4)))
    return {"login.one": LOGINS / one, "login.four": 2 * LOGINS / four}


def noop(bench: Bench) -> Figures:
    """Ask for news where there are none."""
    with bench.changed() as client:
        waits = [timed(lambda: client.command(b"NOOP")) for _ in range(NOOPS)]
    return {"noop.rate": NOOPS / sum(waits), "noop.p50": statistics.median(waits)}


def idle(bench: Bench) -> Figures:
    """Measure from another session's APPEND being sent to the notice of it."""
    bench.empty(ONE)
    message = min(bench.messages[:100], key=len)
    waits = []
    with bench.peer.connect() as writer, bench.peer.connect() as reader:
        reader.command(b"SELECT " + ONE)
        with reader.idling(), ThreadPoolExecutor(1) as pool:
            for number in range(1, NOTICES + 1):
                start = time.perf_counter()
                appending = pool.submit(writer.append, ONE, message)
                reader.await_line(b"* %d EXISTS" % number)
                waits.append(time.perf_counter() - start)
                appending.result()
    return {"idle.notice": statistics.median(waits)}


def _open_idle(bench: Bench, stack: contextlib.ExitStack, count: int) -> None:
    for number in range(count):
        client = stack.enter_context(bench.peer.connect(number % USERS))
        client.command(b"SELECT INBOX")
        stack.enter_context(client.idling())


def memory(bench: Bench) -> Figures:
    """Measure what an idle IDLE connection takes of the memory of all processes.

    They are new, so that nothing fits into what other loads left free.
    """
    bench.peer.restart()
    with contextlib.ExitStack() as stack:
        _open_idle(bench, stack, IDLE_CONNECTIONS // 10)
        bench.peer.settle()
        before = bench.peer.memory()
        _open_idle(bench, stack, IDLE_CONNECTIONS)
        bench.peer.settle()
        after = bench.peer.memory()
    return {"memory.idle": (after - before) / IDLE_CONNECTIONS}


LOADS: dict[str, Callable[[Bench], Figures]] = {
    "append": append,
    "fetch": fetch,
    "bodies": bodies,
    "search": search,
    "sort": sort,
    "thread": thread,
    "store": store,
    "copy": copy,
    "login": login,
    "noop": noop,
    "idle": idle,
    "memory": memory,
}
CHAPTER = Chapter(
    name="imap",
    heading="## IMAP beside Dovecot",
    title="How many times better than Dovecot",
    apart={"IDLE's two": frozenset({"idle.notice", "memory.idle"})},
    lines=(
        Line("append.one", "APPEND, one connection", "a second"),
        Line("append.four", "APPEND, four connections", "a second"),
        Line("fetch.metadata", "FETCH metadata, envelope, structure: warm"),
        Line("fetch.metadata.cold", "FETCH metadata, envelope, structure: cold"),
        Line("fetch.header", "FETCH four header fields: warm"),
        Line("fetch.header.cold", "FETCH four header fields: cold"),
        Line("fetch.flags", "FETCH UID FLAGS"),
        Line("bodies.one", "1,000 bodies, one command"),
        Line("bodies.each", "1,000 bodies, one at a time", "a second"),
        Line("search.text", "SEARCH TEXT"),
        Line("search.subject", "SEARCH SUBJECT"),
        Line("sort.date", "SORT DATE"),
        Line("thread.first", "THREAD REFERENCES, first"),
        Line("thread.again", "THREAD REFERENCES, again"),
        Line("store.silent", "STORE on all, silent"),
        Line("store.told", "STORE on all, with responses"),
        Line("store.each", "STORE on one, 1,000 times", "a second"),
        Line("copy.all", "COPY all"),
        Line("expunge.all", "EXPUNGE all"),
        Line("login.one", "login, SELECT, LOGOUT", "a second"),
        Line("login.four", "login, SELECT, LOGOUT, four at once", "a second"),
        Line("noop.rate", "NOOP", "a second"),
        Line("noop.p50", "NOOP, median"),
        Line("idle.notice", "IDLE: notice of another's APPEND, median"),
        Line("memory.idle", "memory of an idle IDLE connection", "octets"),
    ),
)
