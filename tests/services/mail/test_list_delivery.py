"""Messages to lists on their way: one copy for all, faults to those in charge, refusals to the poster."""

import pytest

from groupware.core import limits
from groupware.core.directory import (
    add_member,
    create_address,
    create_group,
    remove_member,
    set_quota,
)
from groupware.core.models import Account, Blob
from mail.flow.envelopes import EnvelopeRecipient
from mail.models import QueuedMessage
from mail.services.listpolicies import PolicyChange, set_policy
from tests.conftest import SetLimit
from tests.services.mail.taking import RECEIVED, deliver, left, parsed, stored
from tests.services.store import create, message, uids_of

pytestmark = pytest.mark.django_db(transaction=True)
TEAM = "team@example.test"


@pytest.fixture
def cai(ann: Account, ben: Account) -> Account:
    """Return who is in charge of a list of two, and on none."""
    cai = create("cai@example.test")
    create_group(TEAM, description="Everybody")
    for member in (ann, ben):
        add_member(TEAM, member.login)
    set_policy(TEAM, PolicyChange(owners=[cai.login]))
    return cai


def test_members_get_one_copy_with_the_fields_of_the_list(ann: Account, cai: Account) -> None:
    data = message()
    deliver(TEAM, data=data)
    [found] = parsed(ann)
    assert found["Return-Path"] == "<team+bounces@example.test>"
    assert "team" in found["List-Id"]
    assert found["Delivered-To"] == TEAM
    assert stored(ann)[0].endswith(RECEIVED + data)
    assert Blob.objects.count() == 1


def test_fault_of_a_member_is_told_to_those_in_charge(
    ann: Account, ben: Account, cai: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.FULL_MAILBOX_DAYS, 0)
    set_quota(ben.login, 50)
    zoe = create("zoe@example.test")
    deliver(TEAM, mail_from=zoe.login)
    assert len(uids_of(ann)) == 1
    [told] = parsed(cai)
    assert "Final-Recipient: rfc822; ben@example.test" in told.as_string()
    assert "Status: 5.2.2" in told.as_string()
    assert uids_of(zoe) == []
    assert left() == (0, 0, 0)


def test_poster_is_told_that_it_is_on_its_way_and_nothing_more(
    ann: Account, ben: Account, cai: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.FULL_MAILBOX_DAYS, 0)
    zoe = create("zoe@example.test")
    deliver(EnvelopeRecipient(TEAM, "SUCCESS,FAILURE"), mail_from=zoe.login)
    [told] = parsed(zoe)
    assert "Action: expanded" in told.as_string()
    assert "ben@" not in told.as_string()


def test_poster_who_may_not_write_there_is_told(ann: Account, cai: Account) -> None:
    set_policy(TEAM, PolicyChange(post="moderators"))
    zoe = create("zoe@example.test")
    deliver(TEAM, mail_from=zoe.login, account_id=zoe.pk)
    assert uids_of(ann) == []
    assert "Status: 5.7.1" in parsed(zoe)[0].as_string()


def test_poster_is_told_of_a_list_that_everybody_has_left(
    ann: Account, ben: Account, cai: Account
) -> None:
    for member in (ann, ben):
        remove_member(TEAM, member.login)
    zoe = create("zoe@example.test")
    deliver(TEAM, mail_from=zoe.login)
    assert "Status: 5.1.1" in parsed(zoe)[0].as_string()


def test_loop_ends_in_silence(ann: Account, cai: Account) -> None:
    deliver(TEAM)
    again = stored(ann)[0]
    deliver(TEAM, data=again, mail_from=cai.login)
    assert len(uids_of(ann)) == 1
    assert uids_of(cai) == []
    assert left() == (0, 0, 0)


def test_members_elsewhere_are_one_item_of_the_queue(ann: Account, cai: Account) -> None:
    create_address(
        "news@example.test", [ann.login, "a@there.test", "b@elsewhere.test"], kind="list"
    )
    deliver(EnvelopeRecipient("news@example.test", "SUCCESS", "rfc822;x"), mail_from="")
    deliver(EnvelopeRecipient("news@example.test", "NEVER", "rfc822;x"), ret="FULL")
    [item] = QueuedMessage.objects.all()
    assert item.source == "news@example.test"
    assert item.mail_from == "news+bounces@example.test"
    assert (item.ret, item.envid) == ("", "")
    assert b"List-Id:" in bytes(item.prefix)
    assert list(item.recipients.values_list("address", "notify", "orcpt")) == [
        ("a@there.test", "", ""),
        ("b@elsewhere.test", "", ""),
    ]
