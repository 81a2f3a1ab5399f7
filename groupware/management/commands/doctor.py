"""`manage.py doctor`: examine the store, beside running servers, and say what to do."""

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from groupware.core.directory import get_account
from groupware.core.doctor import Examination, Fault, Finding, Note, Repair, examine
from groupware.core.doctor.restored import begin_all_anew
from groupware.core.errors import GroupwareError
from groupware.management.base import Answer, GroupwareCommand, argument
from groupware.management.progress import Progress
from groupware.management.tables import counted, printable

COUNTED = {
    "accounts": "accounts",
    "mailboxes": "mailboxes",
    "messages": "messages",
    "calendars": "calendars",
    "addressbooks": "address books",
    "resources": "events, tasks and cards",
    "blobs": "blobs",
}
"""What the summary tells the numbers of, and what a person calls it."""


class Command(GroupwareCommand):
    """Examine the store."""

    help = "Examine the store; exits with 1 when something is wrong. Servers may be running."
    arguments = (
        argument("--account", metavar="ADDRESS", help="only what this account owns"),
        argument("--deep", action="store_true", help="parse every message again and compare"),
        argument(
            "--repair",
            action="store_true",
            help="make anew what can be derived: counters, their order, the index",
        ),
        argument(
            "--restored",
            action="store_true",
            help="after a restore from a backup: let every client load everything again",
        ),
    )

    def run(self, options: Namespace) -> Answer:
        """Look at everything; faults go out as they are found, the summary last."""
        account_id = get_account(options.account).pk if options.account else None
        report = _Report(keeps=options.json, repairs=options.repair)
        with Progress(self.stderr) as progress:
            examination = Examination(account_id, options.deep, progress.tell)
            for finding in _find(examination, is_restored=options.restored):
                line = report.add(finding)
                if not options.json:
                    progress.clear()
                    self.stdout.write(printable(line))
                    self.stdout.flush()
        return report.answer(examination.counted)


def _find(examination: Examination, *, is_restored: bool) -> Iterator[Finding]:
    """Yield what is found; after a restore clients are told first that they know nothing."""
    if is_restored:
        number = begin_all_anew(examination.account_id)
        what = counted(number, "collection")
        yield Note("restored", f"{what} began anew: every client loads everything again.")
    yield from examine(examination)


class _Report:
    """What was found so far; `keeps` what was found, which a person has read already."""

    def __init__(self, *, keeps: bool, repairs: bool) -> None:
        self._keeps = keeps
        self._repairs = repairs
        self._found = self._repaired = 0
        self._faults: list[dict[str, Any]] = []
        self._notes: list[dict[str, str]] = []
        # Faults that one call repairs come one after the other.
        self._repair = lru_cache(maxsize=1000)(_repair)

    def add(self, finding: Finding) -> str:
        """Take a finding in, repaired where that was asked for and can be; return its line."""
        if isinstance(finding, Note):
            if self._keeps:
                self._notes.append({"check": finding.check, "text": finding.text})
            return f"Note: {finding.text}"
        return self._add_fault(finding)

    def _add_fault(self, fault: Fault) -> str:
        end, repaired = fault.advice, False
        if self._repairs and fault.repair is not None:
            refusal = self._repair(fault.repair)
            end, repaired = refusal or "Repaired.", not refusal
        self._found += 1
        self._repaired += repaired
        if self._keeps:
            kept = {"check": fault.check, "where": fault.where, "what": fault.what}
            self._faults.append({**kept, "advice": end, "repaired": repaired})
        return f"{fault.where}: {fault.what}. {end}"

    def answer(self, numbers: Counter[str]) -> Answer:
        """Return the summary; faults that are left make it a failure."""
        examined = ", ".join(f"{numbers[name]} {label}" for name, label in COUNTED.items())
        is_clean = self._found == self._repaired
        data = {
            "clean": is_clean,
            "faults": self._faults,
            "notes": self._notes,
            "examined": {name: numbers[name] for name in COUNTED},
        }
        if not self._found:
            return Answer(data, f"No fault found in {examined}.")
        found = f"{counted(self._found, 'fault')} found in {examined}"
        if is_clean:
            return Answer(data, f"{found}: all repaired.")
        return Answer(
            data, "", f"{found}, {self._repaired} repaired." if self._repairs else f"{found}."
        )


def _repair(repair: Repair) -> str:
    """Run a repair; return why it cannot be done, or nothing."""
    try:
        repair.run()
    except GroupwareError as error:
        return f"Not repaired: {error.message}"
    return ""
