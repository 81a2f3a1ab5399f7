"""A process that writes as a server does: services through the group commit, from many threads.

    python -m tests.crash.writer SCENARIO MODEL JOURNAL

It notes each step in the journal before and after it, and ends when it is killed, or after
MAX_STEPS with exit code 3, which says that the crash point was never reached.
"""

import random
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import django

from tests.crash.model import (
    MAILBOX_PREFIX,
    Journal,
    Key,
    Model,
    Place,
    Result,
    Step,
    load_model,
    message_bytes,
)

THREADS = 3
MAX_STEPS = 2000
ALONE = frozenset(
    {"append", "append_large", "deliver", "carry", "collect", "create_account", "mailbox"}
)
"""Steps that need no message which is there."""
MAX_HELD = 30
"""Messages of one writer, so that a check of all of them stays quick."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the writers do, by weight; `grouped` is whether through the group commit."""

    weights: Mapping[str, int]
    grouped: bool = True


SCENARIOS: dict[str, Scenario] = {
    "append": Scenario({"append": 3, "deliver": 1}),
    "append-large": Scenario({"append_large": 1}),
    "change": Scenario({"append": 4, "store": 2, "copy": 1, "move": 1, "move_across": 1}),
    "move-across": Scenario({"append": 2, "move_across": 2}),
    "move-across-alone": Scenario({"append": 2, "move_across": 2}, grouped=False),
    "collect": Scenario({"append": 4, "append_large": 1, "remove": 4, "collect": 1}),
    "carry": Scenario({"append": 4, "deliver": 1, "remove": 1, "carry": 1}),
    "create-account": Scenario({"create_account": 1}),
    "everything": Scenario(
        {
            "append": 8,
            "append_large": 1,
            "append_again": 2,
            "deliver": 4,
            "store": 4,
            "copy": 3,
            "move": 2,
            "move_across": 3,
            "remove": 6,
            "carry": 1,
            "collect": 1,
            "mailbox": 1,
        }
    ),
}


def list_places() -> list[Place]:
    """Return INBOX and Archive of every person."""
    from groupware.core.models import Collection

    rows = Collection.objects.filter(name__in=("INBOX", "Archive"), account__kind="person")
    return [
        Place(*row) for row in rows.values_list("id", "account_id", "account__login", "name")[:8]
    ]


class Writer:
    """One thread's steps on its own messages."""

    def __init__(
        self, owner: str, places: Sequence[Place], journal: Journal, model: Model, run: str
    ) -> None:
        self.owner = owner
        self._places = {place.collection_id: place for place in places}
        self._journal = journal
        self._model = Model()
        self._model.held = {key: model.held[key] for key in model.keys_of(owner)}
        self._mailbox = MAILBOX_PREFIX + owner
        self._model.mailboxes = {
            mailbox: number
            for mailbox, number in model.mailboxes.items()
            if mailbox[1] == self._mailbox
        }
        self._random = random.Random(f"{owner} {run}")
        self._prefix = f"{run}.{owner}"
        self._count = 0
        self.submit: Callable[[Callable[[], Any]], Any] = lambda call: call()

    def one_step(self, weights: Mapping[str, int]) -> None:
        """Take one step chosen by weight; what needs a message waits until there is one."""
        names = list(weights)
        name = self._random.choices(names, list(weights.values()))[0]
        keys = list(self._model.held)
        if len(keys) > MAX_HELD and "remove" in weights:
            name = "remove"
        if name not in ALONE and not keys:
            name = "append"
        methods: dict[str, Callable[[], None]] = {
            "append": self.append,
            "append_large": partial(self.append, "large"),
            "append_again": self.append_again,
            "deliver": self.deliver,
            "store": self.store,
            "copy": partial(self.transfer, "copy"),
            "move": partial(self.transfer, "move"),
            "move_across": partial(self.transfer, "move", across=True),
            "remove": self.remove,
            "carry": self.carry,
            "collect": self.collect,
            "create_account": self.create_account,
            "mailbox": self.mailbox,
        }
        methods[name]()

    def _take(self, op: str, work: Callable[[Result], None], **fields: Any) -> None:
        self._count += 1
        step = Step(f"{self._prefix}.{self._count}", self.owner, op, **fields)
        with self._journal.step(step) as result:
            work(result)
        self._model.apply(step, result)

    def _new_token(self, kind: str) -> str:
        return f"{kind}-{self._prefix}.{self._count + 1}@example.test"

    def _any_held(self) -> Key:
        return self._random.choice(list(self._model.held))

    def _uid(self, key: Key) -> int:
        """Return the UID of a message; for a delivered one, as a client would find it."""
        from mail.models import Message

        held = self._model.held[key]
        if not held.uid:
            held.uid = Message.objects.filter(
                collection_id=key[1], blob__messagecontent__message_id=key[0]
            ).values_list("uid", flat=True)[0]
        return held.uid

    def append(self, kind: str = "small", token: str = "") -> None:
        """Append one message."""
        place = self._random.choice(list(self._places.values()))
        token = token or self._new_token(kind)
        if (token, place.collection_id) in self._model.held:
            return
        flags = self._random.choice([0, 1, 4, 5])

        def work(result: Result) -> None:
            appended = self._append_prepared(token, place, flags)
            result.uids[place.collection_id] = appended.uid
            result.modseqs[place.account_id] = appended.modseq

        self._take("append", work, adds=[(token, place.collection_id)], flags=flags)

    def _append_prepared(self, token: str, place: Place, flags: int) -> Any:
        from groupware.core.blobs import BlobGone
        from mail.services.messages import append_message, prepare_message

        while True:
            prepared = prepare_message(message_bytes(token))
            try:
                return self.submit(
                    partial(
                        append_message,
                        place.account_id,
                        place.collection_id,
                        prepared,
                        flags=flags,
                    )
                )
            except BlobGone:  # the collector took it in between: as the servers do
                continue

    def append_again(self) -> None:
        """Append bytes that the store holds, or held until a collector came."""
        self.append(token=self._any_held()[0])

    def deliver(self) -> None:
        """Deliver one message to two accounts."""
        from groupware.core import aio
        from mail.services.delivery import Trace, deliver, resolve_recipient

        inboxes = [place for place in self._places.values() if place.name == "INBOX"]
        chosen = self._random.sample(inboxes, 2)
        token = self._new_token("small")

        def work(result: Result) -> None:
            trace = Trace("sender@example.test", "crash", "127.0.0.1", "test", "LMTP", "1")
            recipients = [resolve_recipient(place.login) for place in chosen]
            outcomes = deliver(message_bytes(token), recipients, trace, aio.crossing().committer)
            if any(outcomes):
                raise RuntimeError(f"not delivered: {outcomes}")

        self._take("deliver", work, adds=[(token, place.collection_id) for place in chosen])

    def store(self) -> None:
        r"""Set the flags of one message, without `\Deleted`."""
        from mail.services.flags import StoreOp, store_flags

        key = self._any_held()
        place, uid = self._places[key[1]], self._uid(key)
        flags = self._random.choice([0, 1, 2, 4, 7])

        def work(result: Result) -> None:
            stored = self.submit(
                partial(
                    store_flags,
                    place.account_id,
                    place.collection_id,
                    [(uid, uid)],
                    StoreOp.SET,
                    flags,
                    (),
                )
            )
            if stored.modseq:
                result.modseqs[place.account_id] = stored.modseq

        self._take("store", work, marks=[key], flags=flags)

    def transfer(self, op: str, *, across: bool = False) -> None:
        """Copy or move one message, across accounts or within one."""
        from mail.services.copying import copy_messages, move_messages

        key = self._any_held()
        source, uid = self._places[key[1]], self._uid(key)
        targets = [
            place
            for place in self._places.values()
            if (place.account_id != source.account_id) == across
            and (key[0], place.collection_id) not in self._model.held
        ]
        if not targets:
            return
        target = self._random.choice(targets)
        service = copy_messages if op == "copy" else move_messages

        def work(result: Result) -> None:
            copied = self.submit(
                partial(
                    service,
                    source.account_id,
                    source.collection_id,
                    [(uid, uid)],
                    target.account_id,
                    target.collection_id,
                )
            )
            if copied.source_uids != [uid]:
                raise RuntimeError(f"{op} of {uid} took {copied.source_uids}")
            result.uids[target.collection_id] = copied.target_uids[0]

        removes = [key] if op == "move" else []
        flags = self._model.held[key].flags
        adds = [(key[0], target.collection_id)]
        self._take(op, work, adds=adds, removes=removes, flags=flags)

    def remove(self) -> None:
        r"""Mark one message `\Deleted` and expunge it."""
        from mail.services.flags import StoreOp, store_flags
        from mail.services.messages import expunge_messages

        key = self._any_held()
        place, uid = self._places[key[1]], self._uid(key)

        def work(_: Result) -> None:
            where = (place.account_id, place.collection_id, [(uid, uid)])
            self.submit(partial(store_flags, *where, StoreOp.ADD, 8, ()))
            gone = self.submit(partial(expunge_messages, *where))
            if gone != [uid]:
                raise RuntimeError(f"expunge of {uid} removed {gone}")

        self._take("remove", work, removes=[key])

    def carry(self) -> None:
        """Carry small bytes over to where blobs lie."""
        from groupware.core import blobs

        self._take("carry", lambda _: _ignore(blobs.carry_over()))

    def collect(self) -> None:
        """Let go of what was expunged and run the collector, however young anything is."""
        from groupware.core.blobs import collector
        from mail.services import expunged

        def work(_: Result) -> None:
            expunged.let_go_before(2**40)
            collector.collect_unreferenced(min_age=0)

        self._take("collect", work)

    def mailbox(self) -> None:
        """Delete the mailbox that is this writer's own, or make it, with a new UIDVALIDITY."""
        from mail.services.mailboxes import create_mailbox, delete_mailbox

        if self._model.mailboxes:
            (mailbox,) = self._model.mailboxes
            delete = partial(delete_mailbox, *mailbox)
            self._take("delete", lambda _: self.submit(delete), deletes=[mailbox])
            return
        account_id = self._random.choice(list(self._places.values())).account_id

        def work(result: Result) -> None:
            made = self.submit(partial(create_mailbox, account_id, self._mailbox))
            result.validities[account_id] = made.uid_validity

        self._take("create", work, creates=[(account_id, self._mailbox)])

    def create_account(self) -> None:
        """Create an account."""
        from groupware.core.directory import NewAccount, create_account

        address = f"{self._prefix}.{self._count + 1}@example.test"
        self._take(
            "account",
            lambda _: _ignore(create_account(NewAccount(address))),
            address=address,
        )


def _ignore(_: object) -> None:
    """Take a value that nobody wants."""


def run_writers(scenario: Scenario, name: str, journal: Path, model: Model) -> None:
    """Let the threads of one process write until it is killed; raises what a writer raised."""
    from django.db import connections

    from groupware.core import aio

    places = list_places()
    connections.close_all()
    file = Journal(journal)
    failed: list[BaseException] = []

    def write(writer: Writer) -> None:
        try:
            for _ in range(MAX_STEPS):
                if failed:
                    break
                writer.one_step(scenario.weights)
        except BaseException as error:  # noqa: BLE001 - raised where the process ends
            failed.append(error)
        finally:
            connections.close_all()

    threads = []
    for number in range(THREADS):
        writer = Writer(f"{name}{number}", places, file, model, journal.stem)
        if scenario.grouped:
            writer.submit = lambda call: aio.crossing().committer.submit(call).result()
        threads.append(threading.Thread(target=write, args=(writer,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def main(scenario: str, model: str, journal: str) -> int:
    """Write until killed; 3 when that never happened."""
    django.setup()
    run_writers(SCENARIOS[scenario], "writer", Path(journal), load_model(Path(model)))
    return 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
