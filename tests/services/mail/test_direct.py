"""What is for one account is filed with its 250, and is then as it would be by way of a row."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groupware.core.blobs import BlobGone
from groupware.core.directory import (
    add_member,
    create_address,
    create_group,
    delete_account,
    delete_address,
    set_quota,
)
from groupware.core.models import Account
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.services.fanout import fan_out
from mail.services.mailboxes import create_mailbox
from mail.services.reception import Prepared, check_recipient, commit, receive
from tests.mailflow.dns import Dns
from tests.services.mail.taking import left, stored
from tests.services.mail.test_reception import CLIENT, SENDER, look, zone
from tests.services.store import message, message_of, uids_of

__all__ = ["zone"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("ann@example.test", "INBOX"),
        ("annie@example.test", "INBOX"),
        ("ann+Work@example.test", "Work"),
        ("ann+Play@example.test", "INBOX"),
    ],
)
def test_message_is_the_same_as_by_way_of_a_row(
    ann: Account, zone: Dns, address: str, mailbox: str
) -> None:
    create_address("annie@example.test", [ann.login])
    create_mailbox(ann.pk, "Work")
    found = look(message(), address)
    assert commit(found) == 0
    assert left() == (0, 0, 0)
    fan_out(commit(Prepared(found.new)))
    direct, by_row = stored(ann, mailbox)
    assert direct == by_row


def test_the_directory_is_asked_once_for_where_a_message_goes(ann: Account, zone: Dns) -> None:
    look(message(), ann.login)
    with CaptureQueriesContext(connection) as at_rcpt:
        check_recipient(ann.login, SENDER)
    with CaptureQueriesContext(connection) as at_data:
        look(message(), ann.login)
    for asked in (at_rcpt, at_data):
        statements = [held["sql"] for held in asked]
        assert sum("FROM core_domain" in text for text in statements) == 1
        assert sum("FROM core_addresstarget" in text for text in statements) == 1


def test_what_changes_in_the_directory_counts_for_the_next_message(
    ann: Account, ben: Account, zone: Dns
) -> None:
    create_address("office@example.test", [ann.login])
    commit(look(message(), "office@example.test"))
    delete_address("office@example.test")
    create_address("office@example.test", [ben.login])
    commit(look(message(), "office@example.test"))
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)


def test_junk_goes_where_junk_goes(ann: Account, zone: Dns) -> None:
    zone.add_txt("_dmarc.outside.test", "v=DMARC1; p=quarantine")
    data = b"From: boss@outside.test\r\nSubject: x\r\n\r\ny\r\n"
    assert commit(look(data, ann.login)) == 0
    assert (uids_of(ann), len(uids_of(ann, "Junk"))) == ([], 1)


def test_what_is_for_several_or_elsewhere_becomes_a_row(
    ann: Account, ben: Account, zone: Dns
) -> None:
    create_group("team@example.test")
    add_member("team@example.test", ann.login)
    create_address("both@example.test", [ann.login, ben.login])
    create_address("out@example.test", ["friend@there.test"])
    for addresses in (
        (ann.login, ben.login),
        ("team@example.test",),
        ("both@example.test",),
        ("out@example.test",),
    ):
        assert look(message(), *addresses).direct is None
        assert commit(look(message(), *addresses)) > 0
    assert uids_of(ann) == []


def test_who_wants_to_be_told_gets_a_row(ann: Account, zone: Dns) -> None:
    for notify, is_direct in (("SUCCESS", False), ("FAILURE,DELAY", True), ("NEVER", True)):
        recipient = EnvelopeRecipient(ann.login, notify)
        found = receive(message(), Envelope(SENDER, (recipient,)), CLIENT)
        assert (found.direct is not None) is is_direct


def test_account_that_is_full_meanwhile_gets_it_as_a_row_that_waits(
    ann: Account, zone: Dns
) -> None:
    found = look(message_of(10_000), ann.login)
    set_quota(ann.login, 100)
    inbound_id = commit(found)
    fan_out(inbound_id)
    assert left() == (1, 1, 0)
    set_quota(ann.login, 0)
    fan_out(inbound_id)
    assert left() == (0, 0, 0)
    assert len(uids_of(ann)) == 1


def test_account_that_is_gone_meanwhile_leaves_a_row(ann: Account, ben: Account, zone: Dns) -> None:
    found = look(message(), ben.login)
    delete_account(ben.login)
    assert commit(found) > 0


def test_bytes_that_are_gone_meanwhile_are_staged_again(ann: Account, zone: Dns) -> None:
    found = look(message(), ann.login)
    staged = replace(found.new.prepared.staged, blob_id=1_000_000)
    lost = replace(found.new, prepared=replace(found.new.prepared, staged=staged))
    with pytest.raises(BlobGone):
        commit(Prepared(lost, found.direct))
    assert left() == (0, 0, 0)
    assert uids_of(ann) == []
