"""Administrators are told by mail what wants to be looked at: whom it concerns, once a day."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from groupware.core import blobs, clock, limits, roles
from groupware.core.blobs import Disk
from groupware.core.clock import epoch
from groupware.core.directory import create_domain, set_active
from groupware.core.errors import DiskReserve
from groupware.core.models import Account
from groupware.core.tls import ensure_certificate, own_certificate_files
from mail.models import AdminNotice, QueuedMessage, QueuedRecipient, SubmissionUse
from mail.services import adminnotices, fanout
from mail.services.adminnotices import DAY
from tests.conftest import SetLimit
from tests.services.mail.outbound.queueing import queued, to
from tests.services.mail.taking import parsed
from tests.services.store import create, mailbox

pytestmark = pytest.mark.django_db(transaction=True)
Know = dict[str, Account]


@pytest.fixture
def people(
    ann: Account, tmp_path: Path, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> Know:
    """Return who administers what; nothing is amiss yet."""
    create_domain("other.test")
    found = {"ann": ann}
    for name, role in (
        ("root@example.test", ("global", "")),
        ("dora@example.test", ("domain", "example.test")),
        ("hilde@example.test", ("help-desk", "example.test")),
        ("odo@other.test", ("domain", "other.test")),
        ("gone@example.test", ("global", "")),
    ):
        found[name.partition("@")[0]] = create(name)
        roles.grant_role(name, *role)
    set_active("gone@example.test", active=False)
    disks, files = [Disk(tmp_path, 90 << 30, 100 << 30)], own_certificate_files(tmp_path)
    monkeypatch.setattr(blobs, "measure_disks", lambda: disks)
    monkeypatch.setattr(adminnotices, "certificate_files", lambda: files)
    return found


def told(people: Know) -> dict[str, list[str]]:
    """Let what is written arrive; return the subjects that each has, of those who have any."""
    fanout.work_off(now=epoch() + 10)
    subjects = {
        name: [str(found["Subject"]) for found in parsed(account)]
        for name, account in people.items()
    }
    return {name: found for name, found in subjects.items() if found}


def queue_old(account: Account, hours: int) -> None:
    message = queued(account, *to("x@third.test"), mail_from=account.login)
    QueuedMessage.objects.filter(pk=message.pk).update(created_at=epoch() - hours * 3600)


def send_much(account: Account, recipients: int) -> None:
    for minute in (0, 1):
        SubmissionUse.objects.create(
            account=account,
            minute=epoch() // 60 - minute,
            messages=1,
            recipients=recipients // 2,
        )


def test_where_all_is_well_nobody_is_told(people: Know, tmp_path: Path) -> None:
    queue_old(people["ann"], 1)
    send_much(people["ann"], 50)
    ensure_certificate(tmp_path, ["example.test"])
    assert adminnotices.list_alarms() == []
    assert adminnotices.tell() == 0
    assert told(people) == {}


def test_mail_that_waits_is_told_to_those_whose_it_is(people: Know) -> None:
    queue_old(people["ann"], 13)
    assert adminnotices.tell() == 2
    assert told(people) == {
        "root": ["Mail waits for other servers"],
        "dora": ["Mail of example.test waits for other servers"],
    }
    [found] = parsed(people["dora"])
    text = found.get_payload()
    assert "1 recipients of example.test wait in the queue, the oldest for 13 hours" in str(text)
    assert "queue list" in str(text)
    assert found["Auto-Submitted"] == "auto-generated"


def test_a_long_queue_is_told_and_what_is_held_is_no_part_of_it(
    people: Know, set_limit: SetLimit
) -> None:
    set_limit(limits.NOTICE_QUEUE, 2)
    set_limit(limits.NOTICE_QUEUE_AGE, 0)
    queued(people["ann"], *to("a@third.test", "b@third.test", "c@third.test"))
    QueuedRecipient.objects.filter(address="c@third.test").update(is_held=True)
    assert adminnotices.tell() == 0
    QueuedRecipient.objects.update(is_held=False)
    assert adminnotices.tell() == 2
    assert set(told(people)) == {"root", "dora"}
    set_limit(limits.NOTICE_QUEUE, 0)
    assert adminnotices.list_alarms() == []


def test_an_account_that_sends_unusually_much_is_told(people: Know, set_limit: SetLimit) -> None:
    odo = people["odo"]
    send_much(people["ann"], 300)
    send_much(odo, 200)
    assert adminnotices.tell() == 1
    subject = "ann@example.test sends unusually much"
    assert told(people) == {"root": [subject], "dora": [subject]}
    text = str(parsed(people["root"])[0].get_payload())
    assert "300 recipients within an hour" in text
    assert "account set-password ann@example.test" in text
    set_limit(limits.NOTICE_SENDING, 100)
    assert adminnotices.tell() == 1
    assert told(people)["odo"] == ["odo@other.test sends unusually much"]


def test_a_disk_is_told_of_before_the_reserve_is_reached(
    people: Know, monkeypatch: pytest.MonkeyPatch, set_limit: SetLimit
) -> None:
    def has(free: int, total: int) -> None:
        disks = [Disk(Path("/srv"), free, total)]
        monkeypatch.setattr(blobs, "measure_disks", lambda: disks)

    has(11 << 30, 100 << 30)
    assert adminnotices.list_alarms() == []
    has(9 << 30, 100 << 30)
    assert adminnotices.tell() == 1
    assert told(people) == {"root": ["The disk of this server has 9G left"]}
    has(400 << 20, 1 << 30)  # a small disk: more than a tenth, less than twice the reserve
    assert len(adminnotices.list_alarms()) == 1
    set_limit(limits.NOTICE_DISK, 0)
    assert adminnotices.list_alarms() == []


@pytest.mark.parametrize(
    ("days", "subject"),
    [(700, "certificate of this server ends in"), (830, "certificate of this server has ended")],
)
def test_a_certificate_that_ends_is_told_with_what_to_do(
    people: Know,
    tmp_path: Path,
    set_limit: SetLimit,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    subject: str,
) -> None:
    ensure_certificate(tmp_path, ["example.test"])
    later = clock.now() + datetime.timedelta(days=days)
    monkeypatch.setattr(adminnotices, "now", lambda: later)
    set_limit(limits.NOTICE_CERTIFICATE, 200)
    assert adminnotices.tell() == 1
    [(who, [found])] = told(people).items()
    assert (who, subject in found) == ("root", True)
    assert "restart it" in str(parsed(people["root"])[0].get_payload())
    set_limit(limits.NOTICE_CERTIFICATE, 0)
    assert adminnotices.list_alarms() == []


def test_the_same_thing_is_told_once_a_day(people: Know, settings: Settings) -> None:
    send_much(people["ann"], 300)
    assert [adminnotices.tell() for _ in range(3)] == [1, 0, 0]
    assert mailbox(people["root"]).items == 0
    assert len(told(people)["root"]) == 1
    AdminNotice.objects.update(sent_at=epoch() - DAY)
    assert adminnotices.tell() == 1
    assert len(told(people)["root"]) == 2


def test_of_two_workers_one_tells(people: Know, monkeypatch: pytest.MonkeyPatch) -> None:
    send_much(people["ann"], 300)
    monkeypatch.setattr(adminnotices, "_is_due", lambda _: True)
    assert [adminnotices.tell() for _ in range(2)] == [1, 0]
    assert len(told(people)["root"]) == 1


def test_what_cannot_be_told_now_is_told_later(
    people: Know, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise DiskReserve("The disk is full.")

    send_much(people["ann"], 300)
    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(adminnotices, "prepare_notice", refuse)
        assert adminnotices.tell() == 0
    assert [line["event"] for line in logs] == ["administrators were not told"]
    assert adminnotices.tell() == 1


def test_what_was_told_long_ago_is_forgotten(people: Know) -> None:
    AdminNotice.objects.create(subject="sending:7", sent_at=epoch() - 31 * DAY)
    AdminNotice.objects.create(subject="sending:8", sent_at=epoch() - 2 * DAY)
    adminnotices.tell()
    assert list(AdminNotice.objects.values_list("subject", flat=True)) == ["sending:8"]
