"""Who wrote what comes to a list from other servers: known by the DNS, or nobody of ours."""

import pytest

from groupware.core.directory import add_member, create_address, create_group
from groupware.core.errors import NotAllowed
from groupware.core.models import Account
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.models import Inbound
from mail.services import reception, signing
from mail.services.fanout import fan_out
from mail.services.listpolicies import PolicyChange, set_policy
from tests.mailflow.dns import Dns
from tests.services.mail.test_reception import CLIENT, zone
from tests.services.mail.test_signing import publish
from tests.services.store import uids_of

__all__ = ["zone"]

pytestmark = pytest.mark.django_db(transaction=True)
TEAM = "team@example.test"
TEAM_OUTSIDE = "friends@example.test"
TEXT = (
    b"From: ann@example.test\r\nTo: team@example.test\r\nSubject: x\r\n"
    b"Date: Mon, 21 Sep 2026 10:00:00 +0000\r\nMessage-ID: <x@example.test>\r\n\r\nHello\r\n"
)


@pytest.fixture(autouse=True)
def team(ann: Account, ben: Account) -> None:
    create_group(TEAM)
    for member in (ann, ben):
        add_member(TEAM, member.login)
    set_policy(TEAM, PolicyChange("members", owners=[ann.login]))


def take(data: bytes, mail_from: str) -> None:
    """Take a message on port 25, all the way."""
    reception.check_recipient(TEAM, mail_from)
    envelope = Envelope(mail_from, (EnvelopeRecipient(TEAM),))
    fan_out(reception.commit(reception.receive(data, envelope, CLIENT)))
    assert not Inbound.objects.exists()


def test_forged_member_is_none_and_nobody_is_bothered(
    ann: Account, ben: Account, zone: Dns
) -> None:
    take(TEXT, ann.login)
    assert (uids_of(ann), uids_of(ben)) == ([], [])


def test_author_who_may_not_write_there_is_refused_before_anybody_answers_for_it(
    ann: Account, ben: Account, zone: Dns
) -> None:
    """The envelope names a member, who would get a report of what he has not sent."""
    create_address(TEAM_OUTSIDE, [ann.login, "friend@there.test"], kind="list")
    set_policy(TEAM_OUTSIDE, PolicyChange("members"))
    data = TEXT.replace(b"ann@example.test", b"seller@spam.test")
    recipient = EnvelopeRecipient(TEAM_OUTSIDE, "SUCCESS,FAILURE")
    reception.check_recipient(TEAM_OUTSIDE, "friend@there.test")
    with pytest.raises(NotAllowed, match="Only its members"):
        reception.receive(data, Envelope("friend@there.test", (recipient,)), CLIENT)
    both = Envelope("friend@there.test", (recipient, EnvelopeRecipient(ben.login)))
    fan_out(reception.commit(reception.receive(data, both, CLIENT)))
    assert (uids_of(ann), len(uids_of(ben))) == ([], 1)


def test_member_whose_mail_comes_signed_over_another_server_may_write(
    ann: Account, ben: Account, zone: Dns
) -> None:
    signing.create_key("example.test")
    publish(zone, "example.test")
    zone.add_txt("_dmarc.example.test", "v=DMARC1; p=reject")
    take(signing.sign(TEXT, "example.test") + TEXT, ann.login)
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)


def test_bounce_of_a_copy_reaches_who_is_in_charge(ann: Account, ben: Account, zone: Dns) -> None:
    envelope = Envelope("", (EnvelopeRecipient("team+bounces@example.test"),))
    data = TEXT.replace(b"ann@", b"MAILER-DAEMON@")
    reception.check_recipient("team+bounces@example.test", "")
    fan_out(reception.commit(reception.receive(data, envelope, CLIENT)))
    assert (len(uids_of(ann)), uids_of(ben)) == (1, [])
