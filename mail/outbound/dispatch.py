"""Who sends: threads of one process, each with one next hop at a time and one connection to it.

What is due is leased a message at a time, so that several workers share the queue. A next hop has
so many threads at most, and only one, from time to time, while it cannot be reached.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import Error, connections

from groupware.core import crashpoints, limits
from groupware.core.clock import epoch, monotonic
from groupware.core.errors import GroupwareError
from mail.flow.relays import find_own_relay, parse_relay
from mail.flow.replies import Unreachable, found_out
from mail.outbound.attempt import Attempt, attempt
from mail.outbound.client import Client
from mail.outbound.connecting import Connection, NextHop
from mail.outbound.keeping import KeptConnections
from mail.outbound.transport import FAILED
from mail.services import sending, settling
from mail.services.sending import Due

PAGE = 500
PAGES = 8
"""How many rows are looked at for what can be sent now."""
PAUSE_SECONDS = 60.0
"""How long a next hop is left alone that could not be reached."""
SETTLE_SECONDS = 1.0
"""Between two tries to write down what a server has answered."""

_log = structlog.get_logger("groupware.queue")


@dataclass(frozen=True, slots=True)
class Job:
    """A message with recipients that are leased, for one next hop."""

    hop: NextHop
    message_id: int
    keys: tuple[int, ...]
    octets: int


class Dispatcher:
    """The threads, and what they have in hand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._choosing = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._running: Counter[str] = Counter()
        self._in_hand: dict[int, float] = {}
        self._octets = 0
        self._paused: dict[str, float] = {}
        self._clients: set[Client] = set()
        self._kept = KeptConnections()
        self._stopping = threading.Event()

    def fill(self) -> int:
        """Begin to send what is due and fits; return how many threads began. Never waits for them."""
        with self._lock:
            room = limits.QUEUE_THREADS.value - len(self._threads)
        if room <= 0 or self._stopping.is_set():
            return 0
        jobs = self._take(room)
        for job in jobs:
            thread = threading.Thread(target=self._run, args=(job,), name="queue", daemon=True)
            with self._lock:
                self._threads.add(thread)
            thread.start()
        return len(jobs)

    def tick(self) -> None:
        """Renew the leases of what is in hand, and leave servers that are no longer needed."""
        self._kept.leave_old()
        third = limits.QUEUE_LEASE.value / 3
        with self._lock:
            now = monotonic()
            for key in [key for key, until in self._paused.items() if until + 3600 < now]:
                del self._paused[key]
            self._running += Counter()  # which forgets who has none
            old = [key for key, since in self._in_hand.items() if since + third < now]
        if old:
            sending.renew(old)
            with self._lock:
                self._in_hand |= {key: now for key in old if key in self._in_hand}

    def forgive(self) -> None:
        """Try again what was left alone: a person asked for it."""
        FAILED.forget()
        with self._lock:
            self._paused.clear()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until nothing is being sent; return whether that came."""
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            with self._lock:
                thread = next(iter(self._threads), None)
            if thread is None:
                return True
            thread.join(max(0.0, deadline - monotonic()))
        return False

    def stop(self, seconds: float) -> bool:
        """Send nothing new, break off what no server has whole yet, wait for the rest so long.

        What is broken off is let go of at once; what is not done by then another takes over when
        its lease has ended. Returns whether everything came to an end.
        """
        self._stopping.set()
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            if not client.is_waiting:
                client.abort()
        is_done = self.wait_idle(seconds)
        self._kept.leave_all()
        return is_done

    def _take(self, room: int, only: NextHop | None = None) -> list[Job]:
        """Return jobs whose recipients are leased, for other threads or for one that goes on."""
        with self._choosing:
            chosen = self._choose(room, only)
            got = sending.lease([key for job in chosen for key in job.keys]) if chosen else set()
            jobs = [
                Job(job.hop, job.message_id, keys, job.octets)
                for job in chosen
                if (keys := tuple(key for key in job.keys if key in got))
            ]
            if jobs:
                crashpoints.reach("queue-leased")
            with self._lock:
                for job in jobs:
                    self._hold(job)
                    self._running[job.hop.key] += only is None
        return jobs

    def _hold(self, job: Job) -> None:
        self._octets += job.octets
        self._in_hand |= dict.fromkeys(job.keys, monotonic())

    def _let_go(self, job: Job) -> None:
        with self._lock:
            self._octets -= job.octets
            for key in job.keys:
                self._in_hand.pop(key, None)

    def _choose(self, room: int, only: NextHop | None) -> list[Job]:
        chosen: dict[tuple[str, int], Job] = {}
        free = _Free(self, only)
        most = limits.QUEUE_RECIPIENTS.value
        for due, hop in self._find(only, free):
            place = (hop.key, due.message_id)
            held = chosen.get(place)
            if held is None:
                if len(chosen) >= room:
                    break  # recipients of one message are next to each other
                if free.take(hop.key, due.size):
                    chosen[place] = Job(hop, due.message_id, (due.id,), due.size)
            elif len(held.keys) < most:
                chosen[place] = Job(hop, due.message_id, (*held.keys, due.id), due.size)
        return list(chosen.values())

    def _find(self, only: NextHop | None, free: "_Free") -> Iterator[tuple[Due, NextHop]]:
        after = (0, 0)
        narrow = only.destination if only is not None and only.relay is None else ""
        limit = PAGE if only is None else limits.QUEUE_RECIPIENTS.value + 1
        for _ in range(PAGES):
            page = sending.find_due(only=narrow, busy=free.busy(), after=after, limit=limit)
            for due in page:
                hop = next_hop(due)
                if only is None or hop.key == only.key:
                    yield due, hop
            if len(page) < limit:
                return
            after = (page[-1].next_attempt_at, page[-1].id)

    def _run(self, job: Job) -> None:
        following: Job | None = job
        try:
            while following is not None:
                self._run_hop(following)
                following = None if self._stopping.is_set() else next(iter(self._take(1)), None)
        except (GroupwareError, Error) as error:
            _log.warning("the queue waits for the database", reason=type(error).__name__)
        except Exception:  # noqa: BLE001 (logged; the rows are leased until somebody takes over)
            _log.exception("sending failed")
        finally:
            connections.close_all()
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _run_hop(self, job: Job) -> None:
        """Send what there is for one next hop."""
        connection = self._kept.take(job.hop.key)
        following: Job | None = job
        try:
            while following is not None:
                connection = self._work(following, connection)
                following = self._next(job.hop)
        finally:
            if connection is not None:
                self._kept.keep(job.hop.key, connection)
            with self._lock:
                self._running[job.hop.key] -= 1

    def _next(self, hop: NextHop) -> Job | None:
        """Return another message for the same next hop, which goes over the same connection."""
        with self._lock:
            is_paused = self._paused.get(hop.key, 0.0) > monotonic()
        if is_paused or self._stopping.is_set():
            return None
        return next(iter(self._take(1, hop)), None)

    def _work(self, job: Job, held: Connection | None) -> Connection | None:
        if held is not None and held.client.messages >= limits.QUEUE_REUSE.value:
            held.client.leave()
            held = None
        try:
            return self._send(job, held)
        finally:
            self._let_go(job)

    def _send(self, job: Job, held: Connection | None) -> Connection | None:
        batch = sending.load(job.message_id, job.keys)
        if batch is not None and not job.hop.is_own:
            batch = settling.take_back_local(batch)
        if batch is None or (not job.hop.is_own and settling.give_up_foreign(batch)):
            return held
        opened: list[Client] = [held.client] if held is not None else []

        def note(client: Client) -> None:
            if self._stopping.is_set():
                raise Unreachable(found_out("4.4.2", "This server is being stopped."))
            opened.append(client)
            with self._lock:
                self._clients.add(client)

        try:
            with self._lock:
                self._clients.update(opened)
            done = attempt(batch, job.hop, held, note)
        finally:
            with self._lock:
                self._clients.difference_update(opened)
        self._note_reach(job.hop.key, done)
        self._settle(batch, done)
        return done.connection

    def _note_reach(self, key: str, done: Attempt) -> None:
        with self._lock:
            if done.is_unreachable:
                self._paused[key] = monotonic() + PAUSE_SECONDS
            else:
                self._paused.pop(key, None)

    def _settle(self, batch: sending.Batch, done: Attempt) -> None:
        """Write it down, however long the database takes: a server may have answered for it."""
        results = done.results
        if self._stopping.is_set():
            # Who was broken off has not been tried.
            undone = [key for key, found in results.items() if _is_broken_off(found)]
            results = {key: found for key, found in results.items() if key not in undone}
            sending.give_back(undone)
        if any(result.reply.is_success for result in results.values()):
            crashpoints.reach("queue-acknowledged")
        _tell(batch, results)
        while True:
            try:
                settling.settle(batch, results, done.data)
            except (GroupwareError, Error) as error:
                _log.warning("not settled yet", message=batch.message.pk, reason=str(error))
                connections.close_all()
                if self._stopping.wait(SETTLE_SECONDS):
                    return
                continue
            crashpoints.reach("queue-settled")
            return

    def is_free(self, key: str, taken: int) -> bool:
        """Tell whether a next hop may have one thread more; `taken` are those chosen just now."""
        with self._lock:
            if self._paused.get(key, 0.0) > monotonic():
                return False
            most = 1 if key in self._paused else limits.QUEUE_DESTINATION.value
            return self._running[key] + taken < most

    def busy_keys(self) -> list[str]:
        """Return the next hops that may have no thread more."""
        with self._lock:
            keys = {*self._paused, *(key for key, number in self._running.items() if number > 0)}
        return [key for key in keys if not self.is_free(key, 0)]

    def has_memory(self, octets: int, taken: int) -> bool:
        """Tell whether a message may be held beside those in hand and those chosen just now."""
        with self._lock:
            held = self._octets + taken
        return not held or held + octets <= limits.QUEUE_MEMORY.value


class _Free:
    """What may be chosen in one go."""

    def __init__(self, dispatcher: Dispatcher, only: NextHop | None) -> None:
        self._dispatcher = dispatcher
        self._only = only
        self._taken: Counter[str] = Counter()
        self._octets = 0

    def busy(self) -> list[str]:
        """Return the destinations that are not even looked at."""
        return [] if self._only is not None else self._dispatcher.busy_keys()

    def take(self, key: str, octets: int) -> bool:
        """Take one more for a next hop if that is possible."""
        if self._only is None and not self._dispatcher.is_free(key, self._taken[key]):
            return False
        if not self._dispatcher.has_memory(octets, self._octets):
            return False
        self._taken[key] += 1
        self._octets += octets
        return True


def next_hop(due: Due) -> NextHop:
    """Return where a recipient's message goes next."""
    if (own := find_own_relay(due.account_id, due.mail_from)) is not None:
        return NextHop(due.destination, own, is_own=True)
    url: str = settings.GROUPWARE_SMARTHOST_URL
    return NextHop(due.destination, parse_relay(url) if url else None)


def _is_broken_off(result: settling.Result) -> bool:
    return not result.reply.code and result.reply.status in {"4.4.1", "4.4.2"}


def _tell(batch: sending.Batch, results: settling.Results) -> None:
    """Log what an attempt came to, a line for each recipient."""
    delay = epoch() - batch.message.created_at
    for each in batch.recipients:
        with suppress(KeyError):
            found = results[each.id]
            reply = found.reply
            outcome = "sent" if reply.is_success else "failed" if reply.is_final else "deferred"
            _log.info(
                outcome,
                message=batch.message.pk,
                inbound=batch.message.inbound,
                sender=batch.message.mail_from,
                to=each.recipient.address,
                host=found.host,
                delay=delay,
                reply=f"{reply.code or reply.status} {reply.text}"[:200],
            )
