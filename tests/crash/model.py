"""What a store must hold after a crash: the messages of the test, and a journal of what was told.

A writer notes what it is about to do, does it, and notes the result once it is durable, as a
server does when it answers. Every message is changed by one writer only, one change at a time, so
a change without a result is the only thing about a message that may have happened or not.
"""

import json
import os
import random
from base64 import encodebytes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[str, int]
"""(token, collection_id): a message is in a mailbox at most once."""

Mailbox = tuple[int, str]
"""(account_id, name) of a mailbox that a writer made."""

MAILBOX_PREFIX = "Made by "
"""What the names of the mailboxes begin with that writers make."""
LARGE_OCTETS = 280_000
"""Octets of a large message before base64, so that compressed it is a file of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A mailbox that writers write to."""

    collection_id: int
    account_id: int
    login: str
    name: str


@dataclass(slots=True)
class Held:
    """One message in one mailbox, as its owner last heard of it; `uid` 0 where it was not told."""

    uid: int
    flags: int
    owner: str


@dataclass(slots=True)
class Step:
    """One change: what it adds, removes and marks with `flags`; mailboxes it makes and deletes."""

    id: str
    owner: str
    op: str
    adds: list[Key] = field(default_factory=list)
    removes: list[Key] = field(default_factory=list)
    marks: list[Key] = field(default_factory=list)
    flags: int = 0
    address: str = ""
    creates: list[Mailbox] = field(default_factory=list)
    deletes: list[Mailbox] = field(default_factory=list)


@dataclass(slots=True)
class Result:
    """What was told of a step: UIDs by collection, modseq and UIDVALIDITY by account."""

    uids: dict[int, int] = field(default_factory=dict)
    modseqs: dict[int, int] = field(default_factory=dict)
    validities: dict[int, int] = field(default_factory=dict)


def message_bytes(token: str) -> bytes:
    """Return the message of a token; those that begin with `large` do not compress."""
    source = random.Random(token)
    large = token.startswith("large")
    size = LARGE_OCTETS if large else source.randrange(0, 6000)
    body = encodebytes(source.randbytes(size)).replace(b"\n", b"\r\n")
    head = (
        f"Message-ID: <{token}>\r\nFrom: writer@example.test\r\nSubject: {token}\r\n"
        "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + body


class Journal:
    """A file to which each line is one write that no other writer breaks up."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)

    @contextmanager
    def step(self, step: Step) -> Iterator[Result]:
        """Note a step, run the block that does it, and note the result that the block fills in."""
        result = Result()
        self.begin(step)
        yield result
        self.tell(step, result)

    def begin(self, step: Step) -> None:
        """Note what is about to be done."""
        self._write(asdict(step))

    def tell(self, step: Step, result: Result) -> None:
        """Note that it was done, and what was told of it."""
        told = {name: sorted(pairs.items()) for name, pairs in asdict(result).items()}
        self._write({"done": step.id, **told})

    def close(self) -> None:
        """Write no more."""
        os.close(self._descriptor)

    def _write(self, record: dict[str, Any]) -> None:
        os.write(self._descriptor, json.dumps(record).encode() + b"\n")


def read_journal(path: Path) -> tuple[list[Step], dict[str, Result]]:
    """Return the steps in their order, and the results by their steps' ids."""
    steps: list[Step] = []
    results: dict[str, Result] = {}
    for line in path.read_bytes().split(b"\n")[:-1]:  # a line that was cut off was not told
        record = json.loads(line)
        if "done" in record:
            step_id = record.pop("done")
            results[step_id] = Result(**{name: dict(pairs) for name, pairs in record.items()})
            continue
        for name in ("adds", "removes", "marks", "creates", "deletes"):
            record[name] = [(first, second) for first, second in record[name]]
        steps.append(Step(**record))
    return steps, results


class Model:
    """Which messages and mailboxes there are, and every number that was ever seen of them."""

    def __init__(self) -> None:
        self.held: dict[Key, Held] = {}
        self.seen_uids: dict[tuple[int, int], str] = {}
        self.seen_modseqs: set[tuple[int, int]] = set()
        self.mailboxes: dict[Mailbox, int] = {}
        self.seen_validities: set[tuple[int, int]] = set()
        self.faults: list[str] = []

    def apply(self, step: Step, result: Result) -> None:
        """Do to the model what the store was told to have done."""
        for key in step.removes:
            del self.held[key]
        for key in step.marks:
            self.held[key].flags = step.flags
        for key in step.adds:
            uid = result.uids.get(key[1], 0)
            self.held[key] = Held(uid, step.flags, step.owner)
            if uid:
                self.note_uid(key, uid)
        for pair in result.modseqs.items():
            if pair in self.seen_modseqs:
                self.faults.append(f"the modseq {pair} was told twice")
            self.seen_modseqs.add(pair)
        for mailbox in step.deletes:
            del self.mailboxes[mailbox]
        for mailbox in step.creates:
            self.note_mailbox(mailbox, result.validities[mailbox[0]])

    def note_uid(self, key: Key, uid: int) -> None:
        """Remember whose UID this is; it is a fault when it was another's."""
        token, collection_id = key
        before = self.seen_uids.setdefault((collection_id, uid), token)
        if before != token:
            self.faults.append(f"UID {uid} of {collection_id} was {before}, now {token}")

    def note_mailbox(self, mailbox: Mailbox, uid_validity: int) -> None:
        """Remember a new mailbox; a UIDVALIDITY that the account had before is a fault."""
        self.mailboxes[mailbox] = uid_validity
        pair = (mailbox[0], uid_validity)
        if pair in self.seen_validities:
            self.faults.append(f"{mailbox} has the UIDVALIDITY of an earlier one, {uid_validity}")
        self.seen_validities.add(pair)

    def keys_of(self, owner: str) -> list[Key]:
        """Return the messages that a writer may change."""
        return [key for key, held in self.held.items() if held.owner == owner]


def save_model(model: Model, path: Path) -> None:
    """Write a model to a file, whole or not at all."""
    held = [[*key, place.uid, place.flags, place.owner] for key, place in model.held.items()]
    seen = [[*key, token] for key, token in model.seen_uids.items()]
    stored = {
        "held": held,
        "seen": seen,
        "modseqs": sorted(model.seen_modseqs),
        "mailboxes": [[*mailbox, number] for mailbox, number in model.mailboxes.items()],
        "validities": sorted(model.seen_validities),
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(stored))
    partial.rename(path)


def load_model(path: Path) -> Model:
    """Read a model from its file; there is none yet in a new store."""
    model = Model()
    if path.exists():
        stored = json.loads(path.read_text())
        for token, collection_id, *place in stored["held"]:
            model.held[token, collection_id] = Held(*place)
        model.seen_uids = {(cid, uid): token for cid, uid, token in stored["seen"]}
        model.seen_modseqs = {(account, modseq) for account, modseq in stored["modseqs"]}
        model.mailboxes = {(account, name): old for account, name, old in stored["mailboxes"]}
        model.seen_validities = {(account, old) for account, old in stored["validities"]}
    return model


def replay(model: Model, journals: Iterable[Path]) -> list[Step]:
    """Apply every journal to the model; return the steps that were begun and not told done.

    A writer's messages are its own, so the order of the journals does not matter.
    """
    pending: list[Step] = []
    for path in journals:
        steps, results = read_journal(path)
        for step in steps:
            result = results.get(step.id)
            if result is None:
                pending.append(step)
            else:
                model.apply(step, result)
    return pending
