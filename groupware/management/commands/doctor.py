"""`manage.py doctor`: examine the store, beside running servers, and say what to do."""

from argparse import Namespace
from collections import Counter
from functools import lru_cache
from typing import Any

from groupware.core.clock import monotonic
from groupware.core.directory import get_account
from groupware.core.doctor import Examination, Fault, Note, Repair, examine
from groupware.core.errors import GroupwareError
from groupware.management.base import Answer, GroupwareCommand, argument
from groupware.management.tables import counted, printable

COUNTED = ("accounts", "mailboxes", "messages", "blobs")
PROGRESS_SECONDS = 0.2


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
    )
    _told_at = 0.0

    def run(self, options: Namespace) -> Answer:
        """Look at everything; faults go out as they are found, the summary last."""
        account_id = get_account(options.account).pk if options.account else None
        examination = Examination(account_id, options.deep, self._tell_progress)
        report = _Report()
        for finding in examine(examination):
            if isinstance(finding, Note):
                report.notes.append({"check": finding.check, "text": finding.text})
                line = f"Note: {finding.text}"
            else:
                line = report.add(finding, repair=options.repair)
            if not options.json:
                self._clear_progress()
                self.stdout.write(printable(line))
                self.stdout.flush()
        self._clear_progress()
        return report.answer(examination.counted)

    def _tell_progress(self, step: str, done: int, total: int) -> None:
        if self.stderr.isatty() and monotonic() - self._told_at > PROGRESS_SECONDS:
            self._told_at = monotonic()
            self._write_progress(f"{step}: {done} of {total}")

    def _clear_progress(self) -> None:
        if self._told_at:
            self._write_progress("")
            self._told_at = 0.0

    def _write_progress(self, text: str) -> None:
        """Write over the terminal's line, in no colour: progress is no error."""
        self.stderr.write(f"\r\x1b[K{text}", style_func=str, ending="")
        self.stderr.flush()


class _Report:
    """What was found so far."""

    def __init__(self) -> None:
        self.faults: list[dict[str, Any]] = []
        self.notes: list[dict[str, str]] = []
        # Faults that one call repairs come one after the other.
        self._repair = lru_cache(maxsize=1000)(_repair)

    def add(self, fault: Fault, *, repair: bool) -> str:
        """Note a fault, repaired where that was asked for and can be; return its line."""
        end, repaired = fault.advice, False
        if repair and fault.repair is not None:
            refusal = self._repair(fault.repair)
            end, repaired = refusal or "Repaired.", not refusal
        self.faults.append(
            {
                "check": fault.check,
                "where": fault.where,
                "what": fault.what,
                "advice": end,
                "repaired": repaired,
            }
        )
        return f"{fault.where}: {fault.what}. {end}"

    def answer(self, numbers: Counter[str]) -> Answer:
        """Return the summary; faults that are left make it a failure."""
        repaired = sum(fault["repaired"] for fault in self.faults)
        left = len(self.faults) - repaired
        examined = ", ".join(f"{numbers[name]} {name}" for name in COUNTED)
        data = {
            "clean": left == 0,
            "faults": self.faults,
            "notes": self.notes,
            "examined": {name: numbers[name] for name in COUNTED},
        }
        found = f"{counted(len(self.faults), 'fault')} found in {examined}"
        if left == 0:
            text = f"{found}: all repaired." if repaired else f"No fault found in {examined}."
            return Answer(data, text)
        return Answer(data, "", f"{found}, {repaired} repaired." if repaired else f"{found}.")


def _repair(repair: Repair) -> str:
    """Run a repair; return why it cannot be done, or nothing."""
    try:
        repair.run()
    except GroupwareError as error:
        return f"Not repaired: {error.message}"
    return ""
