"""How much an account may send within an hour."""

import pytest
import structlog
from prometheus_client import REGISTRY as IN_MEMORY

from groupware.core import db, limits
from groupware.core.models import Account
from mail.models import SubmissionUse
from mail.refusals import Refused
from mail.services import sendrates
from mail.services.sendrates import charge, check, forget
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db

START = 1_800_000_000 // 60 * 60


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = START
        monkeypatch.setattr(sendrates, "epoch", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, set_limit: SetLimit) -> Clock:
    """Return a clock that the test moves; three messages and ten recipients an hour."""
    set_limit(limits.SENDING_MESSAGES, 3)
    set_limit(limits.SENDING_RECIPIENTS, 10)
    return Clock(monkeypatch)


def send(account: Account, recipients: int = 1) -> str:
    """Count a message, and return what it is refused with."""
    try:
        with db.write_transaction():
            charge(account.pk, recipients)
    except Refused as error:
        return f"{error.code} {error.status} {error.message}"
    return ""


def test_messages_of_an_hour_are_bounded_and_the_refusal_says_until_when(
    ann: Account, ben: Account, clock: Clock
) -> None:
    for _ in range(3):
        assert send(ann) == ""
        clock.now += 600
    assert send(ann) == (
        "452 4.7.0 This account may send 3 messages within an hour: this is possible again at 09:01 UTC,"
        " in 31 min."
    )
    assert send(ben) == ""


def test_recipients_of_an_hour_are_bounded(ann: Account, clock: Clock) -> None:
    assert send(ann, 7) == ""
    assert send(ann, 3) == ""
    assert "10 recipients within an hour" in send(ann)
    clock.now += 3_660
    assert send(ann, 10) == ""


def test_never_more_than_the_limit_is_sent_within_any_hour(ann: Account, clock: Clock) -> None:
    sent: list[int] = []
    while clock.now < START + 3 * 3_600:
        if not send(ann):
            sent.append(clock.now)
        clock.now += 47
    for moment in sent:
        assert sum(1 for other in sent if moment <= other < moment + 3_600) <= 3
    assert len(sent) == 9


def test_refusal_names_the_moment_from_which_it_goes(ann: Account, clock: Clock) -> None:
    for _ in range(3):
        send(ann)
    clock.now += 3_659
    assert send(ann)
    clock.now += 1
    assert send(ann) == ""


def test_message_to_more_than_an_hour_takes_never_goes(ann: Account, clock: Clock) -> None:
    send(ann)
    assert "divide the message" in send(ann, 11)


def test_who_watches_is_told(ann: Account, clock: Clock) -> None:
    def limited() -> float:
        return (
            IN_MEMORY.get_sample_value("groupware_submissions_total", {"outcome": "limited"}) or 0
        )

    before = limited()
    for _ in range(3):
        send(ann)
    with structlog.testing.capture_logs() as logged:
        send(ann)
    assert limited() == before + 1
    [line] = logged
    assert (line["log_level"], line["account"], line["limit"]) == ("warning", ann.pk, 3)
    assert line["event"] == "sending limit reached"


def test_check_counts_nothing(ann: Account, clock: Clock) -> None:
    for _ in range(5):
        check(ann.pk, messages=1, recipients=10)
    assert not SubmissionUse.objects.exists()


def test_what_is_refused_is_not_counted(ann: Account, clock: Clock) -> None:
    send(ann, 9)
    send(ann, 2)
    assert list(SubmissionUse.objects.values_list("messages", "recipients")) == [(1, 9)]


def test_what_counts_no_longer_is_forgotten(ann: Account, clock: Clock) -> None:
    send(ann)
    clock.now += 3_600
    assert forget() == 0
    clock.now += 60
    assert forget() == 1
