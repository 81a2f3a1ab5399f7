"""Rules of retention: which are refused, which take the place of another, and when they go."""

from typing import Any

import pytest

from groupware.core import directory, limits
from groupware.core.errors import Invalid, LimitExceeded, NotFound
from groupware.core.models import Account
from mail.models import RetentionRule
from mail.retention import (
    read_rules,
)
from mail.services import retention
from mail.services.mailboxes import create_mailbox, delete_mailbox
from tests.conftest import SetLimit
from tests.services.mail.retaining import rule_for, rule_of_mailbox
from tests.services.store import mailbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "burn"},
        {"age": "never"},
        {"days": 0},
        {"days": retention.MAX_DAYS + 1},
        {"use": "Everything"},
        {"use": "Trash", "action": "trash"},
        {"use": "Trash", "action": "archive"},
        {"use": "Archive", "action": "archive"},
        {"use": "Junk", "action": "archive"},
    ],
)
def test_rule_that_makes_no_sense_is_refused(ann: Account, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        retention.set_rule(rule_for(ann, **fields))
    assert not RetentionRule.objects.exists()


def test_rule_of_a_mailbox_of_a_use_is_held_against_the_use(ann: Account) -> None:
    with pytest.raises(Invalid):
        retention.set_rule(rule_of_mailbox(ann, "Trash", action="trash"))


def test_rule_of_anothers_mailbox_is_refused(ann: Account, ben: Account) -> None:
    theirs = mailbox(ben).collection_id
    with pytest.raises(NotFound):
        retention.set_rule(rule_for(ann, "", collection_id=theirs))


def test_rule_takes_the_place_of_one_that_reaches_the_same(ann: Account) -> None:
    for days in (10, 20):
        retention.set_rule(rule_for(ann, days=days))
        retention.set_rule(rule_of_mailbox(ann, "Sent", days=days))
        retention.set_rule(rule_for(None, "Trash", days=days))
    assert sorted(rule.days for rule in read_rules()) == [20, 20, 20]
    retention.remove_rule(rule_for(ann))
    with pytest.raises(NotFound):
        retention.remove_rule(rule_for(ann))


def test_there_is_a_limit_of_rules(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.RETENTION_RULES, 2)
    retention.set_rule(rule_for(ann))
    retention.set_rule(rule_for(ann, "Trash"))
    with pytest.raises(LimitExceeded):
        retention.set_rule(rule_for(ann, "Junk"))
    retention.set_rule(rule_for(ann, "Trash", days=7))


def test_rules_go_with_their_mailbox_their_account_and_their_domain(ann: Account) -> None:
    create_mailbox(ann.pk, "Work")
    other = directory.create_domain("other.test")
    retention.set_rule(rule_of_mailbox(ann, "Work"))
    retention.set_rule(rule_for(ann))
    retention.set_rule(rule_for(None, domain_id=other.pk))
    delete_mailbox(ann.pk, "Work")
    assert RetentionRule.objects.count() == 2
    directory.delete_account(ann.login)
    directory.delete_domain("other.test")
    assert not RetentionRule.objects.exists()
