"""Examinations that run in the background, and their reports.

A row says how far one is. A turn of the duty does a check or some, so that others have theirs; what a
check found is written together with its being done: a kill costs the check in hand.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q

from groupware.core import audit, db, doctor
from groupware.core.audit import Target
from groupware.core.clock import monotonic, now
from groupware.core.doctor.findings import Check, Examination, Fault, Finding
from groupware.core.errors import Busy
from groupware.core.models import DoctorReport, ReportState

LEASE = timedelta(minutes=5)
"""For which whoever examines is believed to be alive."""
TURN_SECONDS = 15.0
"""After which others have their turn, between two checks."""
MOST_FINDINGS = 500
"""Findings that a report names; of the rest it has the number."""
MOST_REPORTS = 10
"""Reports that are kept, the newest."""
_log = structlog.get_logger("groupware.doctor")
_PENDING = (ReportState.WAITING, ReportState.RUNNING)


class _LetGo(Exception):
    """Somebody else has the report, or it is gone."""


def ask(*, is_deep: bool = False) -> DoctorReport:
    """Have the store examined; an examination that is pending is returned instead."""
    with audit.change():
        pending = DoctorReport.objects.filter(state__in=_PENDING).first()
        if pending is not None:
            return pending
        kept = DoctorReport.objects.order_by("-pk").values_list("pk", flat=True)[: MOST_REPORTS - 1]
        DoctorReport.objects.exclude(pk__in=list(kept)).delete()
        report = DoctorReport.objects.create(
            is_deep=is_deep, asked_by=audit.current_actor().login, asked_at=now()
        )
        audit.record("doctor.examine", Target("doctor", report.pk, "store"), deep=is_deep)
    return report


def find_last() -> DoctorReport | None:
    """Return the newest report that is whole."""
    return DoctorReport.objects.filter(state=ReportState.DONE).order_by("-pk").first()


def find_pending() -> DoctorReport | None:
    """Return the examination that waits or runs."""
    return DoctorReport.objects.filter(state__in=_PENDING).order_by("pk").first()


def count_checks() -> int:
    """Return of how many checks an examination consists."""
    return len(doctor.list_checks())


def work_off() -> int:
    """Go on with what is asked for, for a turn; return how many checks were done."""
    report = _claim()
    if report is None:
        return 0
    ends, done = monotonic() + TURN_SECONDS, 0
    try:
        while report.state != ReportState.DONE and (not done or monotonic() < ends):
            _do(report, doctor.list_checks()[report.position])
            done += 1
        _write(report, leased_until=None)
    except _LetGo:
        _log.info("examination goes on elsewhere", report=report.pk)
    return done


def _claim() -> DoctorReport | None:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now())
    found = DoctorReport.objects.filter(free, state__in=_PENDING).order_by("pk").first()
    if found is None:
        return None
    with db.write_transaction():
        is_mine = DoctorReport.objects.filter(free, pk=found.pk, state__in=_PENDING).update(
            state=ReportState.RUNNING, leased_until=now() + LEASE
        )
    return found if is_mine else None


def _do(report: DoctorReport, check: Check) -> None:
    """Do one check, and write what it found."""
    telling = _Telling(report)
    examination = Examination(None, report.is_deep, telling.tell)
    room = MOST_FINDINGS - len(report.findings)
    found = _collect(_until_broken(check, examination), room, telling)
    counted = Counter(report.counted) + examination.counted
    position = report.position + 1
    is_last = position >= count_checks()
    values: dict[str, Any] = {
        "position": position,
        "step": "",
        "share": 0.0,
        "findings": [*report.findings, *found.kept],
        "faults": report.faults + found.faults,
        "counted": dict(counted),
        "leased_until": now() + LEASE,
        "state": ReportState.DONE if is_last else ReportState.RUNNING,
        "ended_at": now() if is_last else None,
    }
    _write(report, **values)
    for name, value in values.items():
        setattr(report, name, value)


def _until_broken(check: Check, examination: Examination) -> Iterator[Finding]:
    """Yield what a check finds; where what it reads is so damaged that it breaks, that is a fault."""
    try:
        yield from check(examination)
    except (_LetGo, Busy):
        raise
    except Exception as error:  # noqa: BLE001 - of a damaged store anything may come
        name = check.__name__.removeprefix("check_")
        _log.exception("a check broke off", check=name)
        what = f"what is stored cannot be examined to the end ({type(error).__name__})"
        yield Fault(name, f"the check of {name}", what, "The log has the reason.")


def _write(report: DoctorReport, **values: Any) -> None:
    """Write of a report where nobody else has gone on with it meanwhile; raises `_LetGo`."""
    with db.write_transaction():
        mine = DoctorReport.objects.filter(pk=report.pk, position=report.position)
        if not mine.update(**values):
            raise _LetGo


class _Found:
    """What a check found: the first of it, and the number of faults."""

    def __init__(self) -> None:
        self.kept: list[dict[str, str]] = []
        self.faults = 0


def _collect(findings: Iterable[Finding], room: int, telling: "_Telling") -> _Found:
    found = _Found()
    for finding in findings:
        found.faults += isinstance(finding, Fault)
        if len(found.kept) < room:
            found.kept.append(_data(finding))
        telling.live()
    return found


def _data(finding: Finding) -> dict[str, str]:
    if isinstance(finding, Fault):
        texts = {"where": finding.where, "what": finding.what, "advice": finding.advice}
        return {"kind": "fault", "check": finding.check, **texts}
    return {"kind": "note", "check": finding.check, "what": finding.text}


class _Telling:
    """Says in the row how far a check is, now and then: it is also the sign of life."""

    EVERY = timedelta(seconds=3)

    def __init__(self, report: DoctorReport) -> None:
        self._report = report
        self._said: datetime = now()

    def tell(self, step: str, done: int, total: int) -> None:
        """Take in how far it is; raises `_LetGo`."""
        if now() - self._said >= self.EVERY:
            share = min(1.0, done / total) if total else 1.0
            self._write(step=step[:200], share=share)

    def live(self) -> None:
        """Show that it goes on, though nobody knows how far; raises `_LetGo`."""
        if now() - self._said >= self.EVERY:
            self._write()

    def _write(self, **values: Any) -> None:
        self._said = now()
        _write(self._report, leased_until=self._said + LEASE, **values)
