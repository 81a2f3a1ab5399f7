"""Kills at random: python -m tests.crash.kills MODEL KILLS

A process that has set Django up, but holds no connection and no thread, forks the writers and the
checks: a kill costs milliseconds, not the start of Python. Several writing processes are killed
one after the other, each while the rest go on; when all are dead the store is checked. It lives
on through all kills. Prints a `Report` as JSON.
"""

import importlib
import json
import os
import random
import select
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import django

from groupware.core.clock import monotonic
from groupware.serve.children import die_with_parent
from tests.crash.model import load_model, read_journal
from tests.crash.verify import verify
from tests.crash.writer import SCENARIOS, run_writers

PROCESSES = 3
LONGEST_LIFE = 0.12
"""Seconds after its first write within which a writer is killed."""
START_SECONDS = 20.0
LOOK_SECONDS = 0.002
IMPORTED = (
    "groupware.core.aio",
    "groupware.core.directory",
    "groupware.core.doctor",
    "mail.services.delivery",
    "mail.services.flags",
    "mail.services.mailboxes",
    "tests.crash.invariants",
)
"""What writers and checks import when they run: once, before any of them is forked."""


@dataclass(slots=True)
class Report:
    """What came of it; `told` steps were acknowledged, `cut` ones were not."""

    kills: int = 0
    told: int = 0
    cut: int = 0
    faults: list[str] = field(default_factory=list)


class Child:
    """A forked process and a descriptor that tells when it has ended."""

    def __init__(self, work: Callable[[], None]) -> None:
        parent = os.getpid()
        self._pid = os.fork()
        if not self._pid:
            _run(work, parent)
        self._descriptor = os.pidfd_open(self._pid)

    def lives(self, seconds: float) -> bool:
        """Wait for its end, and return whether that did not come."""
        return not select.select([self._descriptor], [], [], seconds)[0]

    def kill(self) -> int:
        """Kill it now; return its exit code, which tells whether it lived until then."""
        signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        return self.wait()

    def wait(self) -> int:
        """Return its exit code when it has ended."""
        os.close(self._descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def _run(work: Callable[[], None], parent: int) -> None:
    """Do the work of a forked process, which ends here and never returns into the parent's."""
    code = 1
    try:
        die_with_parent(signal.SIGKILL, parent=parent)
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - told by the exit code, with its traceback
        traceback.print_exc()
    finally:
        os._exit(code)


class Killer:
    """One store and what happens to it."""

    def __init__(self, model: Path) -> None:
        self.report = Report()
        self._model = model
        self._rounds = 0

    def run(self, kills: int) -> None:
        """Kill so many writers, or until something is wrong."""
        while self.report.kills < kills and not self.report.faults:
            self._rounds += 1
            self._kill_some(min(PROCESSES, kills - self.report.kills))

    def _kill_some(self, processes: int) -> None:
        """Start writers, kill each while the others write, then look at what is left."""
        model = load_model(self._model)
        children: dict[Path, Child] = {}
        for number in range(processes):
            journal = self._model.with_name(f"kills-{self._rounds}-{number}")
            name = f"process{number}-thread"
            children[journal] = Child(
                partial(run_writers, SCENARIOS["everything"], name, journal, model)
            )
        for journal in random.sample(list(children), processes):
            self._kill(children[journal], journal)
        self._check(list(children))

    def _kill(self, child: Child, journal: Path) -> None:
        deadline = monotonic() + START_SECONDS
        while not journal.exists() and child.lives(LOOK_SECONDS) and monotonic() < deadline:
            pass
        child.lives(random.uniform(0, LONGEST_LIFE))
        code = child.kill()
        self.report.kills += 1
        if code != -signal.SIGKILL:
            self.report.faults.append(f"a writer ended by itself, with exit code {code}")

    def _check(self, journals: list[Path]) -> None:
        answer = self._model.with_name("faults")
        code = Child(partial(_note_faults, answer, self._model, journals)).wait()
        if code:
            self.report.faults.append(f"the check ended with exit code {code}")
            return
        self.report.faults += json.loads(answer.read_text())
        for journal in journals:
            steps, results = read_journal(journal)
            self.report.told += len(results)
            self.report.cut += len(steps) - len(results)


def _note_faults(answer: Path, model: Path, journals: list[Path]) -> None:
    answer.write_text(json.dumps(verify(model, journals)))


def main(model: str, kills: str) -> None:
    """Kill, check and print."""
    django.setup()
    for name in IMPORTED:
        importlib.import_module(name)
    killer = Killer(Path(model))
    killer.run(int(kills))
    print(json.dumps(asdict(killer.report)))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
