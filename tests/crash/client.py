"""A mail client of one person, and the mail server in front: writes to real servers over sockets.

It notes what it was told as the writers of `tests.crash.writer` do. When a connection breaks it
leaves the messages alone of which it knows nothing now, connects anew and goes on.
"""

import random
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mail.flags import FLAG_NAMES
from tests.crash.model import Journal, Key, Model, Place, Result, Step, message_bytes
from tests.crash.store import PASSWORD
from tests.crash.wires import ImapWire, LmtpWire, Refused

MAX_HELD = 30
WEIGHTS = {"append": 6, "append_large": 1, "deliver": 4, "store": 4, "move": 3, "remove": 4}


class Client:
    """Writes to the mailboxes of the person who owns `own`; `told` steps were acknowledged."""

    def __init__(self, own: Sequence[Place], inboxes: Sequence[Place], journal: Path) -> None:
        self.told = 0
        self.breaks = 0
        self.owner = f"client of {own[0].login}"
        self._own = {place.collection_id: place for place in own}
        self._others = [place for place in inboxes if place.account_id != own[0].account_id]
        self._inbox = next(place for place in own if place.name == "INBOX")
        self._journal = Journal(journal)
        self._prefix = f"{journal.name}.{own[0].account_id}"
        self._random = random.Random(self._prefix)
        self._model = Model()
        self._count = 0

    def take_over(self, model: Model) -> None:
        """Go on with the messages that were this client's before, where it can reach them."""
        keys = [key for key in model.keys_of(self.owner) if key[1] in self._own]
        self._model.held = {key: model.held[key] for key in keys}

    def run(self, ports: tuple[int, int], ending: threading.Event) -> None:
        """Write until `ending` is set; raises what is no lost connection."""
        try:
            while not ending.is_set():
                try:
                    self._connected(ports, ending)
                except ConnectionError:
                    self.breaks += 1
        finally:
            self._journal.close()

    def _connected(self, ports: tuple[int, int], ending: threading.Event) -> None:
        login = self._inbox.login
        with ImapWire(ports[0], login, PASSWORD) as imap, LmtpWire(ports[1]) as lmtp:
            steps: dict[str, Callable[[], None]] = {
                "append": partial(self._append, imap, "small"),
                "append_large": partial(self._append, imap, "large"),
                "deliver": partial(self._deliver, lmtp),
                "store": partial(self._store, imap),
                "move": partial(self._move, imap),
                "remove": partial(self._remove, imap),
            }
            while not ending.is_set():
                steps[self._choose()]()

    def _choose(self) -> str:
        if len(self._model.held) > MAX_HELD:
            return "remove"
        name = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        alone = {"append", "append_large", "deliver"}
        return name if name in alone or self._model.held else "append"

    def _begin(self, op: str, **fields: Any) -> Step:
        self._count += 1
        step = Step(f"{self._prefix}.{self._count}", self.owner, op, **fields)
        self._journal.begin(step)
        return step

    def _tell(self, step: Step, result: Result) -> None:
        self._journal.tell(step, result)
        self._model.apply(step, result)
        for key in [key for key in self._model.held if key[1] not in self._own]:
            del self._model.held[key]
        self.told += 1

    def _take(self, work: Callable[[Result], None], op: str, **fields: Any) -> None:
        step = self._begin(op, **fields)
        result = Result()
        try:
            work(result)
        except ConnectionError:
            for key in (*step.removes, *step.marks):
                del self._model.held[key]  # nothing is known of it now
            raise
        self._tell(step, result)

    def _new_token(self, kind: str) -> str:
        return f"{kind}-{self._prefix}.{self._count + 1}@example.test"

    def _select(self, imap: ImapWire) -> tuple[Key, Place, int]:
        """Select the mailbox of any message; return its key, the mailbox and the message's UID."""
        key = self._random.choice(list(self._model.held))
        place, held = self._own[key[1]], self._model.held[key]
        imap.select(place.name)
        if not held.uid:  # a delivered one, of which the session is told at a command's end
            imap.command("NOOP")
            command = f"UID SEARCH HEADER Message-ID <{key[0]}>"
            (held.uid,) = imap.numbers(b"* SEARCH #", command)
        return key, place, held.uid

    def _append(self, imap: ImapWire, kind: str) -> None:
        place = self._random.choice(list(self._own.values()))
        flags = self._random.choice([0, 1, 4, 5])
        token = self._new_token(kind)

        def work(result: Result) -> None:
            command = f"APPEND {place.name} ({_names(flags)})"
            answer = imap.numbers(b"[APPENDUID # #]", command, message_bytes(token))
            result.uids[place.collection_id] = answer[1]

        self._take(work, "append", adds=[(token, place.collection_id)], flags=flags)

    def _deliver(self, lmtp: LmtpWire) -> None:
        """Deliver to oneself and another; each is told, and noted, on its own."""
        places = [self._inbox, self._random.choice(self._others)]
        self._random.shuffle(places)
        token = self._new_token("small")
        steps = {
            place.login: self._begin("deliver", adds=[(token, place.collection_id)])
            for place in places
        }
        for recipient in lmtp.deliver(message_bytes(token), list(steps)):
            self._tell(steps[recipient], Result())

    def _store(self, imap: ImapWire) -> None:
        key, place, uid = self._select(imap)
        flags = self._random.choice([0, 1, 2, 4, 7])

        def work(result: Result) -> None:
            command = f"UID STORE {uid} FLAGS.SILENT ({_names(flags)})"
            modseqs = imap.numbers(b" FETCH (UID %d MODSEQ (#))" % uid, command)
            if modseqs:  # none where the flags were so before
                (result.modseqs[place.account_id],) = modseqs

        self._take(work, "store", marks=[key], flags=flags)

    def _move(self, imap: ImapWire) -> None:
        key, source, uid = self._select(imap)
        (target,) = (place for place in self._own.values() if place != source)

        def work(result: Result) -> None:
            command = f"UID MOVE {uid} {target.name}"
            _, moved, result.uids[target.collection_id] = imap.numbers(b"[COPYUID # # #]", command)
            if moved != uid:
                raise Refused(f"{command} moved {moved}")

        flags = self._model.held[key].flags
        adds = [(key[0], target.collection_id)]
        self._take(work, "move", adds=adds, removes=[key], flags=flags)

    def _remove(self, imap: ImapWire) -> None:
        key, _, uid = self._select(imap)

        def work(_: Result) -> None:
            imap.command(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
            if not imap.numbers(b"* # EXPUNGE", f"UID EXPUNGE {uid}"):
                raise Refused(f"UID EXPUNGE {uid} removed nothing")

        self._take(work, "remove", removes=[key])


def _names(flags: int) -> str:
    return " ".join(name for bit, name in FLAG_NAMES.items() if flags & bit)
