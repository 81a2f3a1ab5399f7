"""The doctor names what was taken and does not get on."""

import pytest

from groupware.core.clock import epoch
from groupware.core.models import Account
from mail.models import Inbound, InboundRecipient
from tests.services.damage import find
from tests.services.mail.taking import take

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbound_id(ann: Account) -> int:
    return take(ann.login)


def told(**options: int) -> list[str]:
    return [fault.what for fault in find(**options) if fault.check == "inbound"]


def test_what_is_on_its_way_is_no_fault(ann: Account, inbound_id: int) -> None:
    assert told() == []
    Inbound.objects.update(attempts=40, last_error="OverQuota: full", next_attempt_at=epoch() + 9)
    assert told() == []


def test_what_nobody_works_off_is_one(ann: Account, inbound_id: int) -> None:
    Inbound.objects.update(next_attempt_at=epoch() - 2 * 3600)
    assert told() == ["it was due 120 minutes ago"]
    assert told(account_id=ann.pk) == []


def test_what_fails_again_and_again_is_one(ann: Account, inbound_id: int) -> None:
    Inbound.objects.update(attempts=8, last_error="Busy: so busy", next_attempt_at=epoch() + 9)
    assert told() == ["its delivery failed 8 times, last with Busy: so busy"]


def test_what_waits_for_nobody_is_one(ann: Account, inbound_id: int) -> None:
    InboundRecipient.objects.all().delete()
    assert told() == ["no recipient waits for it"]
