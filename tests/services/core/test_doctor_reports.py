"""Examinations in the background: a turn at a time, what was cut off goes on, one at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from groupware.core import audit, doctor
from groupware.core.audit import AuditFilter
from groupware.core.clock import now
from groupware.core.doctor import Examination, Fault, Finding, Note, reports
from groupware.core.models import Account, DoctorReport, ReportState
from tests.services.conftest import ann, domain, own_data
from tests.services.damage import DAMAGES, damage, fill_inbox

__all__ = ["ann", "domain", "own_data"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


@pytest.fixture
def one_check_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "TURN_SECONDS", -1.0)


def examined() -> DoctorReport:
    """Have everything examined, however many turns that takes."""
    asked = reports.ask()
    for _ in range(2 * reports.count_checks()):
        if reports.find_pending() is None:
            break
        assert reports.work_off() > 0
    asked.refresh_from_db()
    return asked


def test_a_clean_store_is_told_to_be_clean(ann: Account) -> None:
    fill_inbox(ann)
    report = examined()
    assert (report.state, report.faults) == (ReportState.DONE, 0)
    assert report.counted["accounts"] == 1
    assert report.counted["messages"] > 0
    assert report.ended_at is not None
    assert reports.find_last() == report


def test_a_fault_is_told_with_what_to_do(ann: Account) -> None:
    collection_id = fill_inbox(ann)
    damage(DAMAGES[0].sql.format(inbox=collection_id))
    expected = [found for found in doctor.examine(Examination()) if isinstance(found, Fault)]
    report = examined()
    told = [found for found in report.findings if found["kind"] == "fault"]
    assert report.faults == len(expected) > 0
    assert [(found["where"], found["advice"]) for found in told] == [
        (found.where, found.advice) for found in expected
    ]


def test_a_turn_ends_and_the_next_one_goes_on(ann: Account, one_check_a_turn: None) -> None:
    asked = reports.ask()
    turns = 0
    while reports.find_pending() is not None:
        before = DoctorReport.objects.get(pk=asked.pk).position
        assert reports.work_off() == 1
        after = DoctorReport.objects.get(pk=asked.pk)
        assert (after.position, after.leased_until) == (before + 1, None)
        turns += 1
    assert turns == reports.count_checks()
    assert reports.work_off() == 0


def test_who_asks_twice_gets_one_and_the_log_has_it_once(ann: Account) -> None:
    before = audit.last_entry()
    first = reports.ask()
    assert reports.ask() == first
    made = audit.list_following(AuditFilter(), before, limit=10)
    assert [entry.action for entry in made] == ["doctor.examine"]


def test_what_was_cut_off_goes_on_when_its_worker_is_believed_dead(ann: Account) -> None:
    asked = reports.ask()
    taken = reports._claim()
    assert taken is not None
    assert reports.work_off() == 0
    DoctorReport.objects.update(leased_until=now() - timedelta(seconds=1))
    assert reports.work_off() == reports.count_checks()
    with pytest.raises(reports._LetGo):
        reports._write(taken, step="late")
    asked.refresh_from_db()
    assert asked.state == ReportState.DONE


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[doctor.Check]:
    """Return the checks that there are instead."""
    held: list[doctor.Check] = []
    monkeypatch.setattr(doctor, "list_checks", lambda: tuple(held))
    return held


def test_a_check_that_breaks_is_a_fault_and_the_next_is_done(checks: list[doctor.Check]) -> None:
    def check_broken(_examination: Examination) -> Iterator[Finding]:
        yield Note("broken", "so far so good")
        raise OSError("a secret path")

    def check_good(examination: Examination) -> Iterator[Finding]:
        examination.counted["blobs"] += 3
        yield Note("good", "all well")

    checks += [check_broken, check_good]
    report = examined()
    assert [found["what"] for found in report.findings] == [
        "so far so good",
        "what is stored cannot be examined to the end (OSError)",
        "all well",
    ]
    assert (report.faults, report.counted) == (1, {"blobs": 3})


def test_a_report_names_so_many_findings_and_counts_the_rest(checks: list[doctor.Check]) -> None:
    def check_many(_examination: Examination) -> Iterator[Finding]:
        for number in range(reports.MOST_FINDINGS + 7):
            yield Fault("many", f"row {number}", "it is odd", "Even it.")

    checks += [check_many, check_many]
    report = examined()
    assert len(report.findings) == reports.MOST_FINDINGS
    assert report.faults == 2 * (reports.MOST_FINDINGS + 7)


def test_progress_is_in_the_row_and_a_report_that_is_gone_ends_it(
    checks: list[doctor.Check], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports._Telling, "EVERY", timedelta(0))
    seen: list[tuple[str, float]] = []

    def check_long(examination: Examination) -> Iterator[Finding]:
        examination.on_progress("rows", 1, 4)
        row = DoctorReport.objects.get()
        seen.append((row.step, row.share))
        DoctorReport.objects.all().delete()
        examination.on_progress("rows", 2, 4)
        seen.append(("never", 1.0))
        yield Note("long", "never")

    checks.append(check_long)
    reports.ask()
    assert reports.work_off() == 0
    assert seen == [("rows", 0.25)]


def test_the_newest_reports_are_kept(checks: list[doctor.Check]) -> None:
    checks.append(lambda _examination: iter(()))
    made = [examined().pk for _ in range(reports.MOST_REPORTS + 3)]
    assert (
        list(DoctorReport.objects.order_by("pk").values_list("pk", flat=True))
        == (made[-reports.MOST_REPORTS :])
    )
