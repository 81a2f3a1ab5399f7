"""The page of the doctor: asked by a button, worked off by a duty, findings with what to do."""

from html import unescape

import pytest

from groupware.core.doctor import reports
from groupware.core.models import DoctorReport
from groupware.duties import find_duty
from tests.panel.people import People, browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


def shown(people: People) -> str:
    response = browser_of(people.root).get("/admin/doctor/")
    return unescape(response.content.decode())


def test_the_store_is_examined_by_a_duty_and_the_report_is_kept(people: People) -> None:
    assert "Examine now" in shown(people)
    answer = browser_of(people.root).post("/admin/doctor/", {"deep": "on"}, follow=True)
    page = unescape(answer.content.decode())
    assert "The store is being examined" in page
    assert "asked for by root@example.test" in page
    assert "Examine now" not in page
    assert DoctorReport.objects.get().is_deep
    find_duty("doctor").do()
    page = shown(people)
    assert "no fault" in page
    assert "every message parsed" in page
    assert "Examine again" in page


def test_how_far_it_is_is_told(people: People) -> None:
    reports.ask()
    half = reports.count_checks() // 2
    DoctorReport.objects.update(state="running", position=half, share=0.5, step="blobs")
    page = shown(people)
    percent = int(100 * (half + 0.5) / reports.count_checks())
    assert f"{percent} % done" in page
    assert "blobs" in page


def test_faults_are_told_with_what_to_do_and_how_many_more(people: People) -> None:
    reports.ask()
    reports.work_off()
    found = {"kind": "fault", "check": "x", "where": "ann/mail/INBOX", "what": "it is odd"}
    DoctorReport.objects.update(faults=3, findings=[{**found, "advice": "Run --repair <now>."}])
    page = shown(people)
    assert "3 faults" in page
    assert "Run --repair <now>." in page
    assert "2 more faults are not named here" in page


def test_it_is_for_who_administers_everything(people: People) -> None:
    for account in (people.admin, people.help_desk, people.others_admin):
        client = browser_of(account)
        assert client.get("/admin/doctor/").status_code == 403
        assert client.post("/admin/doctor/", {}).status_code == 403
    assert not DoctorReport.objects.exists()
