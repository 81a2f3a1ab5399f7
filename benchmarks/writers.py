"""How long a write waits while processes write to accounts of their own in one SQLite store.

    .venv/bin/python -m benchmarks.writers [--seconds 60] [--processes 8] [--scratch DIR]

Each process appends, flags, moves and expunges through the services and the group commit, as a
server does, one write at a time and without a pause. Prints the longest wait, the 99th per cent,
the median and the writes a second; exits with 1 when a write failed, waited for a second or more,
or is not there afterwards. `--writes N` ends each process after so many instead. The scratch
directory must lie on a real disk, not in memory.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

DOMAIN = "example.test"
LONGEST_ALLOWED = 1.0
KEPT = 50
"""Messages of an account from which on it removes rather than appends."""
MAX_ERRORS = 10
"""Failed writes after which a process stops."""
WEIGHTS = {"append": 6, "store": 3, "move": 1, "expunge": 2}


@dataclass(slots=True)
class Account:
    """Where one process writes: its account and two mailboxes of it."""

    account_id: int
    inbox: int
    archive: int


@dataclass(slots=True)
class Written:
    """What one process did: seconds that each write took, failures, and what must be there now."""

    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    held: dict[tuple[int, int], int] = field(default_factory=dict)


class Writer:
    """The writes of one process."""

    def __init__(self, account: Account) -> None:
        from groupware.core import aio

        self.written = Written()
        self._account = account
        self._random = random.Random(account.account_id)
        self._committer = aio.crossing().committer

    def write(self) -> None:
        """Do one write, chosen by weight, and note how long it took."""
        name = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if not self._in_inbox():
            name = "append"
        elif len(self.written.held) > KEPT:
            name = "expunge"
        calls: dict[str, Callable[[], None]] = {
            "append": partial(self._append, self._message()),
            "store": self._store,
            "move": self._move,
            "expunge": self._expunge,
        }
        start = time.perf_counter()
        try:
            calls[name]()
        except Exception as error:  # noqa: BLE001 - counted, and told at the end
            self.written.errors.append(f"{name}: {type(error).__name__}: {error}")
        self.written.waits.append(time.perf_counter() - start)

    def _in_inbox(self) -> list[int]:
        return [uid for collection, uid in self.written.held if collection == self._account.inbox]

    def _submit(self, service: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return self._committer.submit(partial(service, *args, **options)).result()

    def _message(self) -> bytes:
        body = self._random.randbytes(self._random.randrange(200, 4000)).hex()
        lines = "\r\n".join(body[start : start + 76] for start in range(0, len(body), 76))
        number = len(self.written.waits)
        head = f"From: a@{DOMAIN}\r\nMessage-ID: <{self._account.account_id}.{number}@{DOMAIN}>"
        return f"{head}\r\nSubject: Number {number}\r\n\r\n{lines}\r\n".encode()

    def _append(self, message: bytes) -> None:
        from mail.services.messages import append_message, prepare_message

        account = self._account
        prepared = prepare_message(message)
        done = self._submit(append_message, account.account_id, account.inbox, prepared)
        self.written.held[account.inbox, done.uid] = 0

    def _store(self) -> None:
        from mail.services.flags import StoreOp, store_flags

        account, uid = self._account, self._random.choice(self._in_inbox())
        flags = self._random.choice([1, 4, 5])
        where = (account.account_id, account.inbox, [(uid, uid)])
        self._submit(store_flags, *where, StoreOp.SET, flags, ())
        self.written.held[account.inbox, uid] = flags

    def _move(self) -> None:
        from mail.services.copying import move_messages

        account, uid = self._account, self._random.choice(self._in_inbox())
        where = (account.account_id, account.inbox, [(uid, uid)])
        moved = self._submit(move_messages, *where, account.account_id, account.archive)
        flags = self.written.held.pop((account.inbox, uid))
        self.written.held[account.archive, moved.target_uids[0]] = flags

    def _expunge(self) -> None:
        """Remove any message: two writes, timed as one."""
        from mail.services.flags import StoreOp, store_flags
        from mail.services.messages import expunge_messages

        collection, uid = self._random.choice(list(self.written.held))
        where = (self._account.account_id, collection, [(uid, uid)])
        self._submit(store_flags, *where, StoreOp.ADD, 8, ())
        self._submit(expunge_messages, *where)
        del self.written.held[collection, uid]


def create_store(directory: Path, processes: int) -> list[Account]:
    """Make a store in the directory, with an account for each process."""
    for name in [name for name in os.environ if name.startswith("GROUPWARE_")]:
        del os.environ[name]
    os.environ["GROUPWARE_DATA"] = str(directory)
    os.environ["DJANGO_SETTINGS_MODULE"] = "groupware.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from groupware.core.directory import NewAccount, create_account, create_domain
    from groupware.core.models import Collection

    call_command("migrate", verbosity=0, interactive=False)
    create_domain(DOMAIN)
    accounts = []
    for number in range(processes):
        key = create_account(NewAccount(f"person{number}@{DOMAIN}")).pk
        ids = dict(Collection.objects.filter(account_id=key).values_list("name", "id"))
        accounts.append(Account(key, ids["INBOX"], ids["Archive"]))
    connections.close_all()
    return accounts


def fork_writer(account: Account, output: Path, turns: Callable[[], Iterator[None]]) -> int:
    """Start a process that writes at each of the turns; return its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        from groupware.core import aio

        writer = Writer(account)
        for _ in turns():
            writer.write()
            if len(writer.written.errors) == MAX_ERRORS:
                break
        aio.close_crossing()
        held = [[*place, flags] for place, flags in writer.written.held.items()]
        output.write_text(json.dumps([writer.written.waits, writer.written.errors, held]))
        code = 0
    except BaseException:  # noqa: BLE001 - told by the exit code, with its traceback
        traceback.print_exc()
    finally:
        os._exit(code)


def read_written(output: Path, pid: int) -> Written:
    """Wait for a process, and return what it did."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        return Written(errors=[f"a process ended with exit code {code}"])
    waits, errors, held = json.loads(output.read_text())
    return Written(waits, errors, {(collection, uid): flags for collection, uid, flags in held})


def list_missing(accounts: list[Account], written: list[Written]) -> list[str]:
    """Return the accounts whose messages are not those that their process was told of."""
    from mail.flagrows import list_flags
    from mail.uidset import EVERY_UID

    missing = []
    for account, done in zip(accounts, written, strict=True):
        there = {
            (mailbox, uid): flags
            for mailbox in (account.inbox, account.archive)
            for uid, flags, _, _ in list_flags(mailbox, EVERY_UID)
        }
        if there != done.held:
            missing.append(
                f"account {account.account_id}: {set(there.items()) ^ set(done.held.items())}"
            )
    return missing


def measure(directory: Path, processes: int, turns: Callable[[], Iterator[None]]) -> dict[str, Any]:
    """Let the processes write, and return the figures."""
    accounts = create_store(directory, processes)
    outputs = [directory / f"written{number}" for number in range(processes)]
    start = time.perf_counter()
    pids = [
        fork_writer(account, output, turns)
        for account, output in zip(accounts, outputs, strict=True)
    ]
    try:
        written = [read_written(output, pid) for output, pid in zip(outputs, pids, strict=True)]
    except BaseException:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        raise
    seconds = time.perf_counter() - start
    waits = sorted(wait for done in written for wait in done.waits) or [0.0]
    return {
        "writes": sum(len(done.waits) for done in written),
        "seconds": seconds,
        "longest": waits[-1],
        "p99": waits[int(len(waits) * 0.99)],
        "median": statistics.median(waits),
        "errors": [error for done in written for error in done.errors],
        "missing": list_missing(accounts, written),
    }


def take_turns(seconds: float, writes: int) -> Iterator[None]:
    """Yield `writes` times, or until the seconds are over where that is 0."""
    end = time.perf_counter() + seconds
    count = 0
    while count < writes if writes else time.perf_counter() < end:
        count += 1
        yield


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--writes", type=int, default=0)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--scratch", type=Path, default=Path("/var/tmp"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="groupware-writers-", dir=options.scratch))
    try:
        figures = measure(
            directory, options.processes, partial(take_turns, options.seconds, options.writes)
        )
    finally:
        shutil.rmtree(directory)
    if options.json:
        print(json.dumps(figures))
    else:
        print(
            f"{options.processes} processes, {figures['writes']} writes in"
            f" {figures['seconds']:.0f} s: {figures['writes'] / figures['seconds']:.0f} writes/s;"
            f" longest wait {figures['longest'] * 1000:.0f} ms, 99 % {figures['p99'] * 1000:.1f} ms,"
            f" median {figures['median'] * 1000:.1f} ms"
        )
        print(*figures["errors"], *figures["missing"], sep="\n")
    failed = figures["errors"] or figures["missing"] or figures["longest"] >= LONGEST_ALLOWED
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
