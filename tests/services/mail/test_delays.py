"""Who writes to one whose mailbox is full learns once that it takes long, and in the end that it failed."""

import pytest

from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.directory import add_member, create_address, create_group, set_quota
from groupware.core.models import Account
from mail.flow.envelopes import EnvelopeRecipient
from mail.models import Inbound
from mail.services.listpolicies import PolicyChange, set_policy
from tests.conftest import SetLimit
from tests.services.mail.taking import deliver, left, parsed, sweep
from tests.services.store import create, uids_of

pytestmark = pytest.mark.django_db(transaction=True)
WARNING = 3600


@pytest.fixture
def full(ben: Account, set_limit: SetLimit) -> Account:
    """Return who has no room."""
    set_limit(limits.QUEUE_WARNING, WARNING)
    set_quota(ben.login, 50)
    return ben


def wait(inbound_id: int, seconds: int) -> None:
    """Let so much time have passed since a message came, and try it again."""
    Inbound.objects.filter(pk=inbound_id).update(received_at=epoch() - seconds)
    sweep(inbound_id)


def test_sender_is_told_once_that_it_takes_long(ann: Account, full: Account) -> None:
    inbound_id = deliver(full.login, "ann@example.test", mail_from=ann.login)
    wait(inbound_id, WARNING - 60)
    assert len(uids_of(ann)) == 1
    for _ in range(2):
        wait(inbound_id, WARNING)
    _, told = parsed(ann)
    assert told["Subject"].startswith("Not delivered yet")
    text = told.as_string()
    assert "Action: delayed" in text
    assert "Status: 4.2.2" in text
    assert "Final-Recipient: rfc822; ben@example.test" in text
    assert "Will-Retry-Until:" in text
    set_quota(full.login, 0)
    wait(inbound_id, WARNING)
    assert (len(uids_of(ann)), len(uids_of(full)), left()) == (2, 1, (0, 0, 0))


def test_who_is_told_that_it_takes_long_is_told_how_it_ends(ann: Account, full: Account) -> None:
    inbound_id = deliver(full.login, mail_from=ann.login)
    wait(inbound_id, WARNING)
    wait(inbound_id, limits.FULL_MAILBOX_DAYS.value * 86_400)
    assert ["Action: failed" in told.as_string() for told in parsed(ann)] == [False, True]
    assert left() == (0, 0, 0)


@pytest.mark.parametrize(
    ("mail_from", "notify", "is_junk"),
    [
        ("ann@example.test", "NEVER", False),
        ("ann@example.test", "FAILURE", False),
        ("ann@example.test", "", True),
        ("", "", False),
    ],
)
def test_who_is_not_to_be_told_of_delays_is_not(
    ann: Account, full: Account, mail_from: str, notify: str, is_junk: bool
) -> None:
    recipient = EnvelopeRecipient(full.login, notify)
    wait(deliver(recipient, mail_from=mail_from, is_junk=is_junk), WARNING)
    assert uids_of(ann) == []
    assert left() == (1, 1, 0)


def test_delay_of_a_member_is_told_to_those_in_charge(ann: Account, full: Account) -> None:
    cai = create("cai@example.test")
    create_group("team@example.test")
    for member in (ann, full):
        add_member("team@example.test", member.login)
    set_policy("team@example.test", PolicyChange(owners=[cai.login]))
    zoe = create("zoe@example.test")
    wait(deliver("team@example.test", mail_from=zoe.login), WARNING)
    [told] = parsed(cai)
    assert "Final-Recipient: rfc822; ben@example.test" in told.as_string()
    assert "Action: delayed" in told.as_string()
    assert (len(uids_of(ann)), uids_of(zoe)) == (1, [])


def test_of_an_alias_its_own_address_is_told(ann: Account, full: Account) -> None:
    create_address("both@example.test", [ann.login, full.login], kind="alias")
    zoe = create("zoe@example.test")
    wait(deliver("both@example.test", mail_from=zoe.login), WARNING)
    [told] = parsed(zoe)
    assert "Final-Recipient: rfc822; both@example.test" in told.as_string()
    assert "ben@" not in told.as_string()
