"""What was taken and meets trouble on its way: locks, bugs, a full disk, bytes that are gone."""

import pytest

from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.errors import Busy
from groupware.core.metrics import render_metrics
from groupware.core.models import Account
from mail.models import Inbound
from mail.services.fanout import fan_out, work_off
from mail.services.filing import file_message
from mail.services.inbound import LEASE, Taken
from mail.services.plans import make_plan
from tests.conftest import SetLimit
from tests.services.mail.taking import (
    left,
    make_due,
    sweep,
    take,
)
from tests.services.store import uids_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_trouble_of_our_own_is_tried_again_for_ever(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound_id = take("ann@example.test", mail_from=ann.login)

    def fail(*_args: object) -> None:
        raise Busy("The server is busy.")

    with monkeypatch.context() as patched:
        patched.setattr("mail.services.settlement.file_message", fail)
        fan_out(inbound_id)
        Inbound.objects.filter(pk=inbound_id).update(received_at=0)
        for attempts in range(2, 9):
            sweep(inbound_id)
            waiting = Inbound.objects.get(pk=inbound_id)
            assert waiting.attempts == attempts
            assert waiting.last_error == "Busy: The server is busy."
        assert waiting.next_attempt_at > epoch() + 3_500
    sweep(inbound_id)
    assert len(uids_of(ann)) == 1


@pytest.mark.parametrize("order", [("ann", "ben"), ("ben", "ann")])
def test_bug_that_one_account_meets_keeps_no_other_from_its_mail(
    ann: Account, ben: Account, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
) -> None:
    inbound_id = take(*(f"{name}@example.test" for name in order))

    def fail(account_id: int, *args: object) -> object:
        if account_id == ann.pk:
            raise ZeroDivisionError
        return file_message(account_id, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        for module in ("fanout", "settlement"):
            patched.setattr(f"mail.services.{module}.file_message", fail)
        fan_out(inbound_id)
    assert (len(uids_of(ann)), len(uids_of(ben))) == (0, 1)
    sweep(inbound_id)
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)


def test_message_that_cannot_be_read_is_noted_and_stops_no_other(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = take("ann@example.test"), take("ann@example.test")

    def fail(taken: Taken) -> object:
        if taken.inbound_id == first:
            raise ZeroDivisionError("of the test")
        return make_plan(taken)

    with monkeypatch.context() as patched:
        patched.setattr("mail.services.fanout.make_plan", fail)
        for inbound_id in (first, second):
            make_due(inbound_id)
        assert work_off() == 2
    assert len(uids_of(ann)) == 1
    assert Inbound.objects.get(pk=first).last_error == "ZeroDivisionError: of the test"
    sweep(first)
    assert len(uids_of(ann)) == 2


def test_full_disk_keeps_mail_from_nobody_and_notifications_waiting(
    ann: Account, ben: Account, set_limit: SetLimit
) -> None:
    inbound_id = take(ben.login, mail_from=ann.login)
    doomed = take("nobody@example.test", mail_from=ann.login)
    set_limit(limits.DISK_RESERVE, 2**60)
    for key in (inbound_id, doomed):
        fan_out(key)
    assert len(uids_of(ben)) == 1
    assert uids_of(ann) == []
    assert Inbound.objects.get(pk=doomed).last_error.startswith("DiskReserve")
    set_limit(limits.DISK_RESERVE, 0)
    sweep(doomed)
    assert len(uids_of(ann)) == 1


def test_store_that_takes_no_note_of_a_failure_loses_nothing(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound_id = take(ann.login)

    def fail(*_args: object) -> None:
        raise Busy("The server is busy.")

    with monkeypatch.context() as patched:
        patched.setattr("mail.services.fanout.make_plan", fail)
        patched.setattr("mail.services.inbound.postpone", fail)
        fan_out(inbound_id)
    assert left() == (1, 1, 0)
    sweep(inbound_id)
    assert len(uids_of(ann)) == 1


def test_sweep_leaves_alone_what_another_works_on(ann: Account) -> None:
    inbound_id = take("ann@example.test")
    Inbound.objects.filter(pk=inbound_id).update(next_attempt_at=epoch() + LEASE)
    assert work_off() == 0
    assert uids_of(ann) == []
    sweep(inbound_id)


def measures() -> dict[str, str]:
    lines = render_metrics().decode().splitlines()
    return dict(line.rsplit(maxsplit=1) for line in lines if line[0] != "#")  # labels hold spaces


def test_what_waits_is_measured(ann: Account) -> None:
    inbound_id = take(ann.login)
    Inbound.objects.update(received_at=epoch() - 100, next_attempt_at=epoch() + LEASE)
    work_off()
    shown = measures()
    assert float(shown["groupware_inbound_messages"]) == 1
    assert 100 <= float(shown["groupware_inbound_oldest_seconds"]) < 110
    sweep(inbound_id)
    work_off()
    shown = measures()
    assert float(shown["groupware_inbound_messages"]) == 0
    counted = 'groupware_deliveries_total{outcome="settled",protocol="fan-out"}'
    assert float(shown[counted]) >= 1
