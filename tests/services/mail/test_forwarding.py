"""Addresses that lead outside: rewritten senders, loops, the postmaster, and what the queue is given."""

from typing import Any

import pytest

from groupware.core import db
from groupware.core.clock import epoch
from groupware.core.directory import (
    add_member,
    create_address,
    create_domain,
    create_group,
    delete_domain,
    set_quota,
)
from groupware.core.errors import NotFound
from groupware.core.models import Account
from mail.flow import srs
from mail.flow.dsn import Original, Outcome
from mail.flow.envelopes import EnvelopeRecipient
from mail.models import QueuedMessage
from mail.services import dsns, signing
from mail.services.srs import find_sender, rewrite_sender
from mail.services.targets import check_local, names_address
from tests.services.mail.taking import RECEIVED, SENDER, deliver, left, parsed, sweep, take
from tests.services.store import create, message, uids_of

pytestmark = pytest.mark.django_db(transaction=True)
FRIEND = "friend@there.test"


def queued() -> list[QueuedMessage]:
    return list(QueuedMessage.objects.order_by("id"))


def recipients_of(item: QueuedMessage) -> list[tuple[str, str, str]]:
    return list(item.recipients.order_by("id").values_list("address", "notify", "orcpt"))


def forward(address: str = "old@example.test", *targets: str) -> str:
    """Let an address lead outside."""
    create_address(address, list(targets or (FRIEND,)), kind="alias")
    return address


def test_what_is_forwarded_goes_with_a_sender_that_leads_back(ann: Account) -> None:
    deliver(forward(), account_id=None)
    [item] = queued()
    assert item.source == "old@example.test"
    assert item.mail_from.startswith("SRS0=")
    assert item.mail_from.endswith("@example.test")
    assert find_sender(item.mail_from) == SENDER
    assert bytes(item.prefix) == b"Delivered-To: old@example.test\r\n" + RECEIVED
    assert recipients_of(item) == [(FRIEND, "", "rfc822;old@example.test")]
    assert left() == (0, 0, 0)


def test_a_bounce_of_it_finds_its_way(ann: Account) -> None:
    rewritten = rewrite_sender(SENDER, "example.test")
    deliver(rewritten.lower(), mail_from="")
    [item] = queued()
    assert item.mail_from == ""
    assert [address for address, _, _ in recipients_of(item)] == [SENDER]


def test_a_bounce_to_one_who_is_here_now_stays_here(ann: Account) -> None:
    rewritten = rewrite_sender("ann@new.test", "example.test")
    create_domain("new.test", alias_of="example.test")
    deliver(rewritten, mail_from="")
    assert len(uids_of(ann)) == 1
    assert queued() == []


def test_a_bounce_to_a_domain_of_ours_in_which_nobody_has_the_name_ends(ann: Account) -> None:
    rewritten = rewrite_sender("gone@new.test", "example.test")
    create_domain("new.test")
    deliver(rewritten, mail_from="")
    deliver(rewritten, mail_from=ann.login)
    assert queued() == []
    assert "Status: 5.1.1" in parsed(ann)[0].as_string()
    assert left() == (0, 0, 0)


def test_address_that_leads_to_nobody_is_no_recipient(ann: Account) -> None:
    create_group("team@example.test")
    for address in ("team@example.test", "nobody@example.test"):
        with pytest.raises(NotFound):
            check_local(address, SENDER)


def test_forged_and_late_ones_lead_nowhere(ann: Account) -> None:
    late = srs.rewrite(SENDER, "example.test", "x", epoch() // 86_400)
    for address in (late, "SRS0=abcdefgh=aa=there.test=friend@example.test"):
        with pytest.raises(NotFound):
            find_sender(address)
    assert find_sender("SRS0=abcdefgh=aa=there.test=friend@elsewhere.test") is None
    assert find_sender(FRIEND) is None


def test_senders_of_our_own_and_the_null_sender_stay(ann: Account) -> None:
    forward()
    for mail_from in (ann.login, ""):
        deliver("old@example.test", mail_from=mail_from)
    assert [item.mail_from for item in queued()] == [ann.login, ""]


def test_copy_here_and_copy_there(ann: Account) -> None:
    create_address("both@example.test", [ann.login, FRIEND], kind="alias")
    deliver(EnvelopeRecipient("both@example.test", "SUCCESS,FAILURE"), mail_from=ann.login)
    assert len(uids_of(ann)) == 2  # one is the notification that it was expanded
    assert "expanded" in parsed(ann)[-1].as_string()
    [item] = queued()
    assert recipients_of(item) == [(FRIEND, "FAILURE", "rfc822;both@example.test")]


def test_one_who_wants_to_hear_of_success_alone_hears_of_nothing_else(ann: Account) -> None:
    create_address("both@example.test", [ann.login, FRIEND], kind="alias")
    deliver(EnvelopeRecipient("both@example.test", "SUCCESS", "rfc822;x"), mail_from=ann.login)
    assert recipients_of(queued()[0]) == [(FRIEND, "NEVER", "rfc822;x")]


def test_alone_it_hands_the_wishes_on(ann: Account) -> None:
    deliver(EnvelopeRecipient(forward(), "SUCCESS"), mail_from=ann.login)
    assert recipients_of(queued()[0]) == [(FRIEND, "SUCCESS", "rfc822;old@example.test")]
    assert uids_of(ann) == []


def test_all_that_are_named_by_their_address_elsewhere_are_one_item(ann: Account) -> None:
    addresses = (FRIEND, "other@there.test", "FRIEND@there.test", "friend@THERE.test", ann.login)
    deliver(*addresses, mail_from=ann.login, account_id=ann.pk)
    [item] = queued()
    assert (item.source, item.mail_from, item.account_id) == ("", ann.login, ann.pk)
    assert bytes(item.prefix) == RECEIVED
    assert [address for address, _, _ in recipients_of(item)] == [
        FRIEND,
        "other@there.test",
        "FRIEND@there.test",
    ]
    assert len(uids_of(ann)) == 1


def test_several_addresses_that_lead_to_one_outside_lead_there_once(ann: Account) -> None:
    forward("one@example.test")
    forward("two@example.test", FRIEND, "more@there.test")
    deliver("one@example.test", "two@example.test")
    assert [[row[0] for row in recipients_of(item)] for item in queued()] == [
        [FRIEND],
        ["more@there.test"],
    ]


def test_the_queue_has_its_part_while_a_full_mailbox_waits(ann: Account) -> None:
    create_address("both@example.test", [ann.login, FRIEND], kind="alias")
    set_quota(ann.login, 50)
    inbound_id = deliver("both@example.test")
    assert len(queued()) == 1
    QueuedMessage.objects.all().delete()  # it was sent
    set_quota(ann.login, 0)
    sweep(inbound_id)
    assert len(uids_of(ann)) == 1
    assert queued() == []
    assert left() == (0, 0, 0)


def test_message_without_a_header_goes_out_with_a_blank_line(ann: Account) -> None:
    deliver(forward(), data=b"all body\r\n")
    assert bytes(queued()[0].prefix).endswith(RECEIVED + b"\r\n")


@pytest.mark.parametrize(("target", "is_utf8"), [(FRIEND, False), ("jürgen@there.test", True)])
def test_address_elsewhere_that_is_no_ascii_wants_smtputf8(
    ann: Account, target: str, is_utf8: bool
) -> None:
    deliver(forward("old@example.test", target))
    assert queued()[0].is_utf8 is is_utf8


def test_what_comes_back_ends(ann: Account) -> None:
    forward()
    data = b"Delivered-To:  OLD@example.test \r\n" + message()
    deliver("old@example.test", mail_from=ann.login, data=data)
    assert queued() == []
    assert "Status: 5.4.6" in parsed(ann)[0].as_string()


def test_what_comes_back_to_a_mailbox_is_no_loop(ann: Account) -> None:
    deliver(ann.login, data=b"Delivered-To: ann@example.test\r\n" + message())
    assert len(uids_of(ann)) == 1


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (b"Delivered-To: a@b.c\r\n", True),
        (b"X: y\r\ndelivered-to:A@B.C", True),
        (b"Delivered-To: a@b.cd\r\n", False),
        (b"X: Delivered-To: a@b.c\r\n", False),
        (b"X: y\r\n\r\nDelivered-To: a@b.c\r\n", False),
        (b"X: y\n\nDelivered-To: a@b.c\n", False),
        (b"Delivered-To: " + b" " * 100_000 + b"\x80\r\n", False),
    ],
)
def test_delivered_to_is_read_in_the_header(header: bytes, named: bool) -> None:
    assert names_address(header, "a@b.c") is named


def test_postmaster_and_abuse_lead_to_the_administrators(ann: Account, settings: Any) -> None:
    settings.GROUPWARE_DOMAIN = "mx.server.test"
    boss = create("boss@example.test", is_admin=True)
    create_domain("other.test")
    root = create("root@other.test", is_admin=True)
    create_domain("third.test")
    deliver("Postmaster@example.test", "abuse+x@other.test")
    assert (len(uids_of(boss)), len(uids_of(root)), uids_of(ann)) == (1, 1, [])
    deliver("abuse@third.test")
    deliver("postmaster@mx.server.test")
    assert (len(uids_of(boss)), len(uids_of(root)), uids_of(ann)) == (3, 3, [])


def test_an_address_of_that_name_and_a_catch_all_come_first(ann: Account, ben: Account) -> None:
    boss = create("boss@example.test", is_admin=True)
    create_address("postmaster@example.test", [ann.login])
    create_address("@example.test", [ben.login])
    deliver("postmaster@example.test", "abuse@example.test")
    assert (len(uids_of(ann)), len(uids_of(ben)), uids_of(boss)) == (1, 1, [])


def test_no_mail_from_outside_leaves_for_a_domain_that_went_meanwhile(ann: Account) -> None:
    create_domain("gone.test")
    inbound_id = take("x@gone.test", mail_from="someone@there.test")
    delete_domain("gone.test")
    sweep(inbound_id)
    [item] = queued()  # the notification
    assert recipients_of(item) == [("someone@there.test", "NEVER", "")]
    assert item.mail_from == ""


def test_groups_reach_members_outside_as_well(ann: Account) -> None:
    create_group("team@example.test")
    add_member("team@example.test", ann.login)
    create_address("all@example.test", ["team@example.test", FRIEND])
    deliver("all@example.test", mail_from=ann.login)
    assert len(uids_of(ann)) == 1
    assert [row[0] for row in recipients_of(queued()[0])] == [FRIEND]


@pytest.mark.parametrize("kind", ["alias", "list"])
def test_junk_stays_here_where_somebody_has_it_and_goes_no_further(
    ann: Account, ben: Account, kind: str
) -> None:
    create_address("both@example.test", [ann.login, FRIEND, ben.login], kind=kind)
    asked = EnvelopeRecipient("both@example.test", "SUCCESS")
    set_quota(ben.login, 50)
    inbound_id = deliver(asked, forward("away@example.test"), is_junk=True)
    set_quota(ben.login, 0)
    sweep(inbound_id)
    assert [len(uids_of(held, "Junk")) for held in (ann, ben)] == [1, 1]
    assert (queued(), left()) == ([], (0, 0, 0))


def test_bounce_that_is_junk_is_not_led_back(ann: Account) -> None:
    deliver(rewrite_sender(SENDER, "example.test"), mail_from="", is_junk=True)
    assert (queued(), left()) == ([], (0, 0, 0))


def test_notifications_are_signed_where_their_domain_has_a_key(ann: Account) -> None:
    signing.create_key("example.test", algorithm="ed25519")
    deliver("nobody@example.test", mail_from=ann.login)
    assert "d=example.test" in parsed(ann)[0]["DKIM-Signature"]


def test_notifications_are_prepared_only_where_there_is_something_to_tell(domain: object) -> None:
    outcome = Outcome(EnvelopeRecipient("x@example.test"), "failed", "5.1.1")
    assert dsns.report(Original("", "", "", 1, b""), [outcome]) is None
    assert dsns.report(Original(SENDER, "", "", 1, b""), []) is None
    with db.read_snapshot():
        new = dsns.report(Original("jörg@there.test", "", "", 1, b""), [outcome])
    assert new is not None
    assert new.envelope.is_8bit
    assert new.envelope.is_utf8
    assert new.envelope.mail_from == ""
