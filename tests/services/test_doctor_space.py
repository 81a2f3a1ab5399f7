"""What the doctor finds of retention: rules that cannot be or are not done, holds of another's."""

from typing import Any

import pytest

from groupware.core.clock import epoch
from groupware.core.models import Account
from mail.checks.retention import LATE
from mail.models import RetentionHold, RetentionRule
from tests.services.damage import find
from tests.services.store import mailbox

pytestmark = pytest.mark.django_db


def make(**fields: Any) -> RetentionRule:
    """Write a rule as no service does."""
    usual: dict[str, Any] = {
        "use": "Trash",
        "days": 30,
        "action": "delete",
        "age": "arrived",
        "spares_flagged": True,
    }
    return RetentionRule.objects.create(**usual | fields)


def checks() -> list[str]:
    return [fault.check for fault in find()]


def test_rules_and_holds_as_services_write_them_are_sound(ann: Account) -> None:
    inbox = mailbox(ann).collection_id
    make()
    make(action="keep", days=0, account=ann)
    make(domain=ann.domain, run_at=epoch())
    make(use="", account=ann, collection_id=inbox)
    RetentionHold.objects.create(account=ann, created_at=0)
    RetentionHold.objects.create(account=ann, mailbox_id=inbox, mailbox="INBOX", created_at=0)
    RetentionHold.objects.create(account=ann, mailbox_id=10**9, mailbox="Gone", created_at=0)
    assert checks() == []


@pytest.mark.parametrize("fields", [{"action": "burn"}, {"age": "never"}, {"days": 0}])
def test_rule_that_cannot_be_done_is_found(fields: dict[str, Any], ann: Account) -> None:
    rule = make(account=ann, **fields)
    [fault] = find()
    assert fault.check == "retention-rule"
    assert fault.where == f"{ann.login}: retention rule {rule.pk}"
    assert f"{rule.action} after {rule.days} days" in fault.what


def test_rule_that_is_for_nobody_is_found(ann: Account) -> None:
    make(use="")
    make(account=ann, domain=ann.domain)
    make(use="Junk", account=ann, collection_id=mailbox(ann).collection_id)
    assert checks() == ["retention-reach"] * 3


def test_rule_that_was_not_done_for_days_is_found(ann: Account) -> None:
    make(run_at=epoch() - LATE - 60)
    make(account=ann, action="keep", days=0, run_at=1)
    assert checks() == ["retention-late"]


def test_hold_of_anothers_mailbox_is_found(ann: Account, ben: Account) -> None:
    theirs = mailbox(ben).collection_id
    RetentionHold.objects.create(account=ann, mailbox_id=theirs, mailbox="INBOX", created_at=0)
    [fault] = find()
    assert (fault.check, fault.where.split(":")[0]) == ("hold", ann.login)
