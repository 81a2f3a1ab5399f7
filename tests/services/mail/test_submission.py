"""Submission: from what somebody hands in to the row that is answered for and the copy in Sent."""

from email import message_from_bytes
from email.message import Message

import pytest
from pytest_django.fixtures import Settings

from groupware.core import blobs, limits
from groupware.core.directory import add_member, create_domain, create_group, set_quota
from groupware.core.errors import Invalid, NotAllowed, NotFound, OverQuota, TooLarge
from groupware.core.models import Account, Blob
from groupware.core.names import get_collection
from groupware.core.rights import find_grantee, grant, parse_rights
from mail import queries
from mail.flags import SEEN
from mail.models import Inbound, InboundRecipient
from mail.models import Message as Row
from mail.refusals import Refused
from mail.services import inbound, sentcopies, signing, submission
from mail.services.listpolicies import PolicyChange, set_policy
from mail.services.outside import senders
from mail.services.outside.servers import Login
from mail.services.submission import Submitter, check_recipient, check_sender
from tests.conftest import SetLimit
from tests.mailflow.dns import Dns
from tests.services.mail.test_sent_copies import put
from tests.services.mail.test_signing import publish, verify, zone
from tests.services.store import create, mailbox, rows_of, state_of, uids_of
from tests.services.submitting import submit_as

__all__ = ["zone"]

pytestmark = pytest.mark.django_db

TEXT = b"From: Ann <ann@example.test>\r\nTo: ben@example.test\r\nSubject: Hello\r\n\r\nHello.\r\n"


def who(account: Account) -> Submitter:
    return Submitter(account.pk, account.login)


def send(
    account: Account,
    data: bytes = TEXT,
    to: tuple[str, ...] = ("ben@example.test", "x@outside.test"),
    mail_from: str | None = None,
) -> int:
    return submit_as(account.login, data, to, mail_from)


def left(inbound_id: int) -> bytes:
    """Return what a message is that was taken, its prefix included."""
    row = Inbound.objects.get(pk=inbound_id)
    return bytes(row.prefix) + blobs.read(row.blob_id)


def header_of(inbound_id: int) -> Message:
    return message_from_bytes(left(inbound_id))


def filed(account: Account, name: str = "Sent") -> list[bytes]:
    """Return the messages of a mailbox, whole."""
    rows = Row.objects.filter(collection=mailbox(account, name).collection_id).order_by("uid")
    found = []
    for row in rows:
        prefix = bytes(row.prefix.data) if row.prefix_size else b""
        found.append(prefix + blobs.read(row.blob_id))
    return found


def test_message_is_answered_for_and_filed_in_one_step(ann: Account, ben: Account) -> None:
    inbound_id = send(ann)
    row = Inbound.objects.get(pk=inbound_id)
    assert (row.account_id, row.mail_from, row.envid) == (ann.pk, "ann@example.test", "e1")
    assert (row.is_trusted, row.is_junk) == (True, False)
    recipients = InboundRecipient.objects.order_by("id").values_list("address", flat=True)
    assert list(recipients) == ["ben@example.test", "x@outside.test"]
    assert [flags for _, flags in rows_of(ann, "Sent", "uid", "flags")] == [SEEN]
    [copy] = Row.objects.filter(account=ann)
    assert copy.blob_id == row.blob_id
    assert left(inbound_id).endswith(TEXT)


def test_what_is_missing_is_added_and_the_copy_has_it(ann: Account) -> None:
    message = header_of(send(ann))
    [copy] = map(message_from_bytes, filed(ann))
    for name in ("Date", "Message-ID"):
        assert message[name]
        assert copy[name] == message[name]
    assert "Received" not in copy


def test_nobody_is_told_from_where_it_was_sent(ann: Account, settings: Settings) -> None:
    left_ = left(send(ann))
    assert b"192.0.2.7" not in left_
    assert b"laptop" not in left_
    [trace] = message_from_bytes(left_).get_all("Received", [])
    assert "by example.test with ESMTPSA id s17;" in trace
    settings.GROUPWARE_TRACE_SUBMITTER = True
    assert "[192.0.2.7]" in str(header_of(send(ann))["Received"])


def test_blind_copies_are_seen_by_who_sent_it_alone(ann: Account) -> None:
    data = b"Bcc: cid@example.test,\r\n dan@example.test\r\n" + TEXT
    assert b"cid@" not in left(send(ann, data))
    [copy] = filed(ann)
    assert message_from_bytes(copy)["Bcc"] == "cid@example.test,\r\n dan@example.test"
    assert Blob.objects.count() == 1


@pytest.mark.parametrize("data", [TEXT, b"Bcc: cid@example.test\r\n" + TEXT, b"Just this.\r\n"])
def test_what_leaves_is_signed_by_the_domain_of_its_author(
    ann: Account, zone: Dns, data: bytes
) -> None:
    signing.create_key("example.test")
    publish(zone, "example.test")
    taken = inbound.find_taken(send(ann, data))
    assert taken is not None
    blank = b"" if taken.prepared.has_header else b"\r\n"
    whole = taken.prefix + blank + blobs.read(taken.blob_id)
    assert verify(whole).dkim == ("example.test",)
    changed = whole.replace(b"Date: ", b"Date: Mon, ", 1)
    assert verify(changed).dkim == ()
    [copy] = filed(ann)
    assert b"DKIM-Signature" not in copy


def test_message_that_is_all_body_gets_a_header(ann: Account) -> None:
    inbound_id = send(ann, b"Just this.\r\n")
    assert "From: <ann@example.test>\r\n" in bytes(Inbound.objects.get().prefix).decode()
    [copy] = map(message_from_bytes, filed(ann))
    assert copy["From"] == "<ann@example.test>"
    assert copy.get_payload() == "Just this.\r\n"
    assert blobs.read(Inbound.objects.get(pk=inbound_id).blob_id) == b"Just this.\r\n"


def test_on_behalf_of_another_the_sender_is_named(ann: Account, ben: Account) -> None:
    grant(ben, None, find_grantee(ann.login), parse_rights("send-on-behalf"))
    message = header_of(send(ann, TEXT.replace(b"ann@", b"ben@"), mail_from=ben.login))
    assert message["Sender"] == ann.login
    assert len(filed(ann)) == 1
    assert filed(ben) == []


def test_address_elsewhere_is_its_owners_and_goes_by_its_own_envelope(
    ann: Account, ben: Account
) -> None:
    senders.add_sender(ann.pk, "ann@old.test", Login("smtp", "smtp.old.test", "ann", "secret"))
    data = TEXT.replace(b"ann@example.test", b"Ann@old.test")
    check_sender(who(ann), "ann@old.test")
    inbound_id = send(ann, data)
    assert Inbound.objects.get(pk=inbound_id).mail_from == "Ann@old.test"
    assert "Sender" not in header_of(inbound_id)
    inbound_id = send(ann, mail_from="ann@old.test")
    assert Inbound.objects.get(pk=inbound_id).mail_from == ann.login
    assert len(filed(ann)) == 2
    with pytest.raises(NotAllowed):
        send(ben, data)


def test_as_a_shared_account_the_copy_is_its_own(ann: Account) -> None:
    info = create("info@example.test", kind="shared")
    grant(info, None, find_grantee(ann.login), parse_rights("write send-as"))
    message = header_of(send(ann, TEXT.replace(b"ann@", b"info@"), mail_from=info.login))
    assert "Sender" not in message
    assert (len(filed(info)), filed(ann)) == (1, [])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (TEXT.replace(b"ann@", b"ben@"), NotAllowed),
        (TEXT.replace(b"ann@example.test", b"ceo@outside.test"), NotAllowed),
        (b"From: ann@example.test\r\n" + TEXT, Invalid),
        (TEXT.replace(b"Subject: Hello", b"no field"), Invalid),
    ],
)
def test_what_may_not_be_sent_leaves_nothing(
    ann: Account, ben: Account, data: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        send(ann, data)
    assert (Inbound.objects.count(), uids_of(ann, "Sent"), Blob.objects.count()) == (0, [], 0)


def test_program_that_filed_its_copy_first_has_the_only_one(ann: Account) -> None:
    data = b"Message-ID: <m1@example.test>\r\n" + TEXT
    put(ann, data)
    send(ann, data)
    assert filed(ann) == [data]
    again = data.replace(b"<m1@", b"<m2@")
    send(ann, again)
    put(ann, b"Bcc: cid@example.test\r\n" + again)
    assert filed(ann) == [data, b"Bcc: cid@example.test\r\n" + again]


def test_each_message_with_an_id_that_is_none_is_filed(ann: Account) -> None:
    data = b"Message-ID: <>\r\n" + TEXT
    for text in (data, data.replace(b"Hello.", b"Once more."), data):
        send(ann, text)
    assert len(filed(ann)) == 3
    put(ann, data)
    assert len(filed(ann)) == 3


def test_copies_can_be_left_to_programs(ann: Account) -> None:
    sentcopies.set_on(ann.pk, on=False)
    send(ann)
    assert (Inbound.objects.count(), filed(ann)) == (1, [])


def test_full_mailbox_keeps_from_sending_unless_programs_file(ann: Account) -> None:
    set_quota(ann.login, 10)
    with pytest.raises(OverQuota):
        send(ann)
    assert not Inbound.objects.exists()
    sentcopies.set_on(ann.pk, on=False)
    send(ann)
    assert Inbound.objects.count() == 1


def test_too_large_a_message_is_refused(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.MESSAGE_SIZE, 64 << 10)
    with pytest.raises(TooLarge):
        send(ann, TEXT + b"x" * (64 << 10))


def test_hourly_limits_hold_at_every_step(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.SENDING_MESSAGES, 2)
    set_limit(limits.SENDING_RECIPIENTS, 4)
    check_sender(who(ann), ann.login)
    send(ann)
    check_recipient(who(ann), "x@outside.test", 1)
    with pytest.raises(Refused, match="4 recipients within an hour"):
        check_recipient(who(ann), "x@outside.test", 2)
    with pytest.raises(Refused, match="4 recipients"):
        send(ann, to=("a@outside.test", "b@outside.test", "c@outside.test"))
    assert (Inbound.objects.count(), len(filed(ann))) == (1, 1)
    send(ann)
    with pytest.raises(Refused, match="2 messages within an hour"):
        check_sender(who(ann), ann.login)


def test_recipients_are_anybody_outside_and_who_is_here(ann: Account, ben: Account) -> None:
    for address in (ben.login, "x@outside.test", "ben+x@example.test", "jürgen@outside.test"):
        check_recipient(who(ann), address, 0)
    for address in ("nobody@example.test", "no address", "x@", "a b@outside.test"):
        with pytest.raises(NotFound):
            check_recipient(who(ann), address, 0)


def test_policy_of_a_list_holds_for_who_has_logged_in(ann: Account, ben: Account) -> None:
    create_domain("other.test")
    create_group("team@example.test")
    add_member("team@example.test", ben.login)
    set_policy("team@example.test", PolicyChange("members"))
    check_recipient(who(ben), "team@example.test", 0)
    with pytest.raises(NotAllowed, match="Only its members"):
        check_recipient(who(ann), "team@example.test", 0)
    check_recipient(who(ann), "team@example.test", 0, mail_from=ben.login)


def test_senders_are_checked_at_mail(ann: Account, ben: Account) -> None:
    for mail_from in (ann.login, "", "ann+x@example.test"):
        check_sender(who(ann), mail_from)
    with pytest.raises(NotAllowed):
        check_sender(who(ann), ben.login)


def test_whole_of_it_happens_or_nothing(ann: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_new: object) -> int:
        raise Invalid("The row cannot be written.")

    monkeypatch.setattr(submission, "accept", fail)
    with pytest.raises(Invalid):
        send(ann)
    assert (uids_of(ann, "Sent"), state_of(ann).bytes_used) == ([], 0)
    check_sender(who(ann), ann.login)
    assert queries.get_mailbox(ann.pk, "Sent").items == 0
    assert get_collection("ann@example.test/mail/Sent").items == 0
