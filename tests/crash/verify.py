"""The check after a crash, in a process that was not there: python -m tests.crash.verify MODEL JOURNAL…

Prints what is wrong, as a JSON list, and writes the model of what is there now for the next run.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import django

from tests.crash.model import (
    MAILBOX_PREFIX,
    Held,
    Key,
    Model,
    Step,
    load_model,
    message_bytes,
    read_journal,
    replay,
    save_model,
)
from tests.serve.running import wait_for

FAR_FUTURE = 2**40
DELETED = 8
MAX_SWEEPS = 50


class Found:
    """What the store holds of the test's messages."""

    def __init__(self) -> None:
        from mail.flagrows import list_flags
        from mail.models import Message
        from mail.uidset import EVERY_UID

        self.messages: dict[Key, Held] = {}
        self.wrong: list[str] = []
        collections = Message.objects.values_list("collection_id", flat=True).distinct()
        flags = {
            (collection_id, uid): mask
            for collection_id in collections
            for uid, mask, _, _ in list_flags(collection_id, EVERY_UID)
        }
        rows = Message.objects.values_list(
            "collection_id",
            "uid",
            "blob__messagecontent__message_id",
            "blob__location",
            "prefix__data",
            "prefix_size",
        )
        for collection_id, uid, message_id, location, prefix, prefix_size in rows:
            key = (message_id, collection_id)
            if key in self.messages:
                self.wrong.append(f"{key} is there twice")
            self.messages[key] = Held(uid, flags.get((collection_id, uid), -1), "")
            self._check_bytes(key, location, prefix, prefix_size)

    def _check_bytes(
        self, key: Key, location: str, prefix: bytes | memoryview | None, size: int
    ) -> None:
        from groupware.core import blobs

        try:
            data = blobs.read_location(location)
        except blobs.BlobMissing:
            self.wrong.append(f"the bytes of {key} are lost")
            return
        if data != message_bytes(key[0]):
            self.wrong.append(f"{key} has other bytes than were written")
        if len(prefix or b"") != size:
            self.wrong.append(f"the prefix of {key} has another size")


def wait_for_backends() -> None:
    """Return when PostgreSQL has ended what it still did for processes that are dead."""
    from django.db import connection

    from groupware.core.db import is_sqlite

    query = (
        "SELECT COUNT(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def alone() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return bool(cursor.fetchone()[0] == 0)

    if not is_sqlite():
        wait_for(alone, "the connections of dead processes to end")


def find_keys() -> set[Key]:
    """Return which messages the store holds."""
    from mail.models import Message

    rows = Message.objects.values_list("blob__messagecontent__message_id", "collection_id")
    return set(rows)


def check_moves(found: set[Key], pending: Iterable[Step]) -> list[str]:
    """Return moves that left a message in neither place, before anything is worked off."""
    return [
        f"the move {step.id} left its message nowhere"
        for step in pending
        if step.op == "move" and found.isdisjoint([*step.adds, *step.removes])
    ]


def compare(model: Model, found: Found, pending: Sequence[Step]) -> list[str]:
    """Return the differences that no unfinished step explains; bring the model up to date."""
    faults = list(found.wrong)
    open_keys: dict[Key, Step] = {}
    for step in pending:
        open_keys.update(dict.fromkeys([*step.adds, *step.removes, *step.marks], step))
        if step.op == "move" and len(found.messages.keys() & {*step.adds, *step.removes}) != 1:
            faults.append(f"the move {step.id} was not finished")
    for key, there in found.messages.items():
        held = model.held.get(key)
        model.note_uid(key, there.uid)
        faults += _compare_one(key, there, held, open_keys.get(key))
    for key, held in model.held.items():
        step_of_key = open_keys.get(key)
        if key not in found.messages and (step_of_key is None or key not in step_of_key.removes):
            faults.append(f"{key} is lost, {held.owner} was told of UID {held.uid}")
    owners = {key: step.owner for key, step in open_keys.items()}
    owners.update({key: held.owner for key, held in model.held.items()})
    model.held = {
        key: Held(there.uid, there.flags, owners.get(key, "nobody"))
        for key, there in found.messages.items()
    }
    return faults + model.faults


def _compare_one(key: Key, there: Held, held: Held | None, step: Step | None) -> list[str]:
    if held is None:
        if step is None or key not in step.adds:
            return [f"{key} is there again, UID {there.uid}"]
        return [] if there.flags == step.flags else [f"{key} has flags {there.flags}"]
    allowed = {held.flags}
    if step is not None and key in step.marks:
        allowed.add(step.flags)
    if step is not None and key in step.removes:
        allowed.add(held.flags | DELETED)
    faults = [] if there.flags in allowed else [f"{key} has flags {there.flags}, not {allowed}"]
    if held.uid not in {0, there.uid}:
        faults.append(f"{key} has UID {there.uid}, {held.uid} was told")
    return faults


def compare_mailboxes(model: Model, pending: Iterable[Step]) -> list[str]:
    """Return the mailboxes that came, went or changed untold; bring the model up to date."""
    from groupware.core.models import Collection

    rows = Collection.objects.filter(name__startswith=MAILBOX_PREFIX)
    found = {
        (account_id, name): uid_validity
        for account_id, name, uid_validity in rows.values_list("account_id", "name", "uid_validity")
    }
    steps = list(pending)
    created = {mailbox for step in steps for mailbox in step.creates}
    deleted = {mailbox for step in steps for mailbox in step.deletes}
    faults = [
        f"the mailbox {mailbox} has another UIDVALIDITY than was told"
        for mailbox in found.keys() & model.mailboxes.keys()
        if found[mailbox] != model.mailboxes[mailbox]
    ]
    for mailbox in found.keys() - model.mailboxes.keys():
        model.note_mailbox(mailbox, found[mailbox])
        if mailbox not in created:
            faults.append(f"the mailbox {mailbox} is there again")
    lost = model.mailboxes.keys() - found.keys()
    for mailbox in lost:
        del model.mailboxes[mailbox]
    return faults + [f"the mailbox {mailbox} is lost" for mailbox in lost - deleted]


def check_accounts(steps: Iterable[Step]) -> list[str]:
    """Return the accounts that were told of and are not there."""
    from groupware.core.models import Account

    known = set(Account.objects.values_list("login", flat=True))
    return [
        f"{step.address} is lost" for step in steps if step.address and step.address not in known
    ]


def sweep_everything() -> list[str]:
    """Work off the outbox, then collect what nothing points at; the writers are all dead."""
    from groupware.core import blobs, outbox
    from groupware.core.blobs import collector
    from groupware.core.blobs.service import store
    from groupware.core.models import Blob
    from mail.services import expunged

    for _ in range(MAX_SWEEPS):
        if not outbox.sweep(now=FAR_FUTURE):
            break
    blobs.carry_over()
    expunged.let_go_before(2**40)
    collector.collect_unreferenced(min_age=0)
    collector.sweep_unnamed(min_age=-2)
    named = set(Blob.objects.values_list("location", flat=True))
    left = set(store().locations(older_than=FAR_FUTURE))
    return [f"{location} is left without a row" for location in sorted(left - named)]


def ask_doctor() -> list[str]:
    """Return what `manage.py doctor` would find."""
    from groupware.core.doctor import Examination, Fault, examine

    return [
        f"doctor: {finding.check}, {finding.where}: {finding.what}"
        for finding in examine(Examination())
        if isinstance(finding, Fault)
    ]


def verify(model_path: Path, journals: Sequence[Path]) -> list[str]:
    """Return every fault of the store after a crash."""
    from tests.crash.invariants import find_faults

    wait_for_backends()
    model = load_model(model_path)
    pending = replay(model, journals)
    faults = check_moves(find_keys(), pending)
    faults += sweep_everything()
    faults += compare_mailboxes(model, pending)
    faults += compare(model, Found(), pending)
    faults += find_faults()
    faults += ask_doctor()
    unfinished = {step.id for step in pending}
    for path in journals:
        steps = read_journal(path)[0]
        faults += check_accounts(step for step in steps if step.id not in unfinished)
    save_model(model, model_path)
    return faults


if __name__ == "__main__":
    django.setup()
    print(json.dumps(verify(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])))  # noqa: T201
