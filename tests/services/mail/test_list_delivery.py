"""Messages to lists on their way: one copy for all, faults to those in charge, refusals to the poster."""

import pytest

from groupware.core import limits
from groupware.core.directory import (
    add_member,
    create_address,
    create_group,
    delete_account,
    delete_address,
    delete_group,
    remove_member,
    set_quota,
)
from groupware.core.models import Account, Blob
from mail.flow.envelopes import EnvelopeRecipient
from mail.models import QueuedMessage
from mail.services.listpolicies import PolicyChange, set_policy
from tests.conftest import SetLimit
from tests.services.mail.taking import RECEIVED, deliver, left, parsed, stored, sweep
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


@pytest.fixture
def waiting(ann: Account, ben: Account, cai: Account) -> int:
    """Return a message to the list that waits for room in the mailbox of one of its two members."""
    set_quota(ben.login, 50)
    inbound_id = deliver(TEAM, mail_from="zoe@there.test")
    assert (len(uids_of(ann)), left()) == (1, (1, 1, 1))
    set_quota(ben.login, 0)
    return inbound_id


def test_who_joins_a_list_gets_nothing_that_was_sent_before(
    ann: Account, ben: Account, waiting: int
) -> None:
    zoe = create("zoe@example.test")
    add_member(TEAM, zoe.login)
    assert sweep(waiting) == 1
    assert [len(uids_of(held)) for held in (ann, ben, zoe)] == [1, 1, 0]
    [found] = parsed(ben)
    assert found["Return-Path"] == "<team+bounces@example.test>"
    assert "team" in found["List-Id"]
    assert left() == (0, 0, 0)


def test_who_leaves_a_list_gets_what_was_sent_before_also_where_the_list_is_gone(
    ben: Account, cai: Account, waiting: int
) -> None:
    remove_member(TEAM, ben.login)
    set_policy(TEAM, PolicyChange(post="moderators"))
    delete_group(TEAM)
    assert sweep(waiting) == 1
    assert (len(uids_of(ben)), uids_of(cai), left()) == (1, [], (0, 0, 0))


def test_member_who_is_gone_while_mail_waits_is_nobodys_fault(
    ann: Account, ben: Account, cai: Account, waiting: int
) -> None:
    delete_account(ben.login)
    assert sweep(waiting) == 1
    assert (len(uids_of(ann)), uids_of(cai), left()) == (1, [], (0, 0, 0))
    assert not QueuedMessage.objects.exists()


def test_alias_of_several_keeps_whom_it_led_to(ann: Account, ben: Account) -> None:
    set_quota(ben.login, 50)
    create_address("both@example.test", [ann.login, ben.login, "out@there.test"])
    inbound_id = deliver(EnvelopeRecipient("both@example.test", "SUCCESS,FAILURE"))
    zoe = create("zoe@example.test")
    delete_address("both@example.test")
    create_address("both@example.test", [ann.login, zoe.login, "other@there.test"])
    sweep(inbound_id)
    set_quota(ben.login, 0)
    sweep(inbound_id)
    assert [len(uids_of(held)) for held in (ann, ben, zoe)] == [1, 1, 0]
    to_sender, forwarded = QueuedMessage.objects.order_by("mail_from", "id")
    assert (to_sender.mail_from, forwarded.source) == ("", "both@example.test")
    assert [held.address for held in forwarded.recipients.all()] == ["out@there.test"]


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
