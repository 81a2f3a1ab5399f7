"""Whose addresses an account may send from, and what becomes of a header in whose name it is."""

from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from groupware.core.directory import (
    add_member,
    create_address,
    create_domain,
    create_group,
    rename_account,
)
from groupware.core.errors import Invalid, NotAllowed
from groupware.core.models import Account
from groupware.core.names import get_collection
from groupware.core.rights import find_grantee, grant, parse_rights
from mail.mime.submitted import read_header
from mail.services.authors import (
    MAX_AUTHORS,
    Checked,
    Submitter,
    blind_fields,
    check_envelope,
    check_header,
)
from mail.services.listpolicies import PolicyChange, set_policy
from mail.services.senders import SendRight, find_sender
from tests.services.store import create

pytestmark = pytest.mark.django_db

DATE = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
ANN, BEN, INFO = "ann@example.test", "ben@example.test", "info@example.test"


@pytest.fixture
def info(ann: Account) -> Account:
    """Return a shared account that Ann may send as, and Ben on whose behalf."""
    return create(INFO, kind="shared")


def allow(owner: Account, who: str, rights: str, place: str = "") -> None:
    collection = get_collection(f"{owner.login}/mail/{place}") if place else None
    grant(owner, collection, find_grantee(who), parse_rights(rights))


def right(account: Account, address: str) -> SendRight:
    return find_sender(account.pk, address).right


def checked(account: Account, *fields: str, mail_from: str = "") -> Checked:
    data = "".join(f"{field}\r\n" for field in fields).encode() + b"\r\nbody\r\n"
    return check_header(read_header(data), Submitter(account.pk, account.login), mail_from, DATE)


def added(account: Account, *fields: str, mail_from: str = "") -> dict[str, str]:
    """Return the fields that a header gets, but for those that every one of these lacks."""
    found = message_from_bytes(checked(account, *fields, mail_from=mail_from).added)
    return {name: value for name, value in found.items() if name not in {"Date", "Message-ID"}}


def test_own_addresses_are_all_that_lead_to_the_account_alone(ann: Account, ben: Account) -> None:
    create_domain("alias.test", alias_of="example.test")
    create_address("annie@example.test", [ANN])
    create_address("a@example.test", ["annie@example.test"])
    rename_account(ANN, "anna@example.test")
    for address in (
        "anna@example.test",
        ANN,
        "ANNIE@Example.TEST",
        "a@example.test",
        "ann+shop@example.test",
        "anna@alias.test",
    ):
        assert right(ann, address) == SendRight.OWN
        assert right(ben, address) == SendRight.NONE


@pytest.mark.parametrize(
    "address", [BEN, "nobody@example.test", "x@outside.test", "", "ann", "ann@"]
)
def test_what_is_anothers_or_nobodys_is_not_ones_own(
    ann: Account, ben: Account, address: str
) -> None:
    assert right(ann, address) == SendRight.NONE
    if address:
        with pytest.raises(NotAllowed, match="send-as or send-on-behalf"):
            check_envelope(Submitter(ann.pk, ann.login), address)


def test_catch_all_is_ones_own_but_for_what_others_have(ann: Account, ben: Account) -> None:
    create_address("@example.test", [ANN])
    assert right(ann, "anything@example.test") == SendRight.OWN
    assert right(ann, BEN) == SendRight.NONE


def test_address_that_leads_to_several_is_nobodys_own(ann: Account, ben: Account) -> None:
    create_address("both@example.test", [ANN, BEN])
    create_group("team@example.test")
    add_member("team@example.test", ANN)
    for address in ("both@example.test", "team@example.test"):
        assert right(ann, address) == SendRight.NONE
        set_policy(address, PolicyChange(senders=[ANN]))
        assert right(ann, address) == SendRight.SEND_AS
        assert right(ben, address) == SendRight.NONE
    create_address("everybody@example.test", ["team@example.test"])
    assert right(ann, "everybody@example.test") == SendRight.SEND_AS


def test_rights_on_an_account_are_rights_on_its_addresses(
    ann: Account, ben: Account, info: Account
) -> None:
    create_address("sales@example.test", [INFO])
    assert right(ann, INFO) == SendRight.NONE
    allow(info, ANN, "send-on-behalf")
    assert right(ann, INFO) == SendRight.ON_BEHALF
    allow(info, ANN, "send-as send-on-behalf")
    assert right(ann, "sales+x@example.test") == SendRight.SEND_AS
    assert right(ben, INFO) == SendRight.NONE
    allow(info, ANN, "lrs")
    assert right(ann, INFO) == SendRight.NONE


def test_rights_come_through_groups_domains_and_collections(
    ann: Account, ben: Account, info: Account
) -> None:
    create_group("team@example.test")
    allow(info, "team@example.test", "send-on-behalf")
    add_member("team@example.test", ANN)
    assert right(ann, INFO) == SendRight.ON_BEHALF
    allow(info, "example.test", "send-as")
    assert right(ben, INFO) == SendRight.SEND_AS
    allow(ben, ANN, "lrs send-on-behalf", "INBOX")
    assert right(ann, BEN) == SendRight.ON_BEHALF


def test_nothing_is_added_to_what_lacks_nothing(ann: Account) -> None:
    found = checked(
        ann, f"From: Ann <{ANN}>", "Date: Mon, 1 Jan 2024 00:00:00 +0000", "Message-ID: <x@y.test>"
    )
    assert found.added == b""
    assert (found.author, found.owner_id, found.message_id) == (ANN, ann.pk, "x@y.test")


def test_date_and_message_id_are_added_where_missing(ann: Account) -> None:
    one, two = checked(ann, f"From: {ANN}"), checked(ann, f"From: {ANN}")
    fields = message_from_bytes(one.added)
    assert fields["Date"] == "Sun, 29 Nov 2026 12:00:00 +0000"
    assert fields["Message-ID"] == f"<{one.message_id}>"
    assert one.message_id.endswith("@example.test")
    assert one.message_id != two.message_id


def test_author_is_added_where_missing(ann: Account) -> None:
    assert added(ann, "Subject: x") == {"From": f"<{ANN}>"}
    assert added(ann, mail_from="ann+x@example.test") == {"From": "<ann+x@example.test>"}


def test_send_as_leaves_no_trace_and_on_behalf_names_who_sends(
    ann: Account, ben: Account, info: Account
) -> None:
    allow(info, ANN, "send-as")
    allow(info, BEN, "send-on-behalf")
    assert added(ann, f"From: {INFO}") == {}
    assert added(ben, f"From: {INFO}") == {"Sender": BEN}
    assert checked(ben, f"From: {INFO}").owner_id == info.pk


def test_sender_on_behalf_must_be_ones_own(ann: Account, ben: Account, info: Account) -> None:
    allow(info, BEN, "send-on-behalf")
    create_address("benny@example.test", [BEN])
    assert added(ben, f"From: {INFO}", "Sender: Benny <benny@example.test>") == {}
    for sender in (INFO, ANN, "ceo@outside.test", "nobody", f"{BEN}, {ANN}"):
        found = checked(ben, f"From: {INFO}", f"Sender: {sender}")
        assert f"Sender: {BEN}\r\n".encode() in found.added
        assert b"sender" in found.dropped


def test_sender_of_others_goes_where_none_is_needed(ann: Account) -> None:
    found = checked(ann, f"From: {ANN}", "Sender: ceo@outside.test")
    assert b"sender" in found.dropped
    assert b"Sender" not in found.added
    assert b"sender" not in checked(ann, f"From: {ANN}", f"Sender: {ANN}").dropped


def test_each_of_several_authors_must_be_allowed_and_one_is_named(
    ann: Account, ben: Account, info: Account
) -> None:
    allow(info, ANN, "send-as")
    assert added(ann, f"From: {ANN}, Info <{INFO}>") == {"Sender": ANN}
    assert added(ann, f"From: Team: {ANN}, {INFO};") == {"Sender": ANN}
    with pytest.raises(NotAllowed, match="may not send from ben@"):
        checked(ann, f"From: {ANN}, {BEN}")
    with pytest.raises(NotAllowed, match="may not send from ben@"):
        checked(ann, f"From: Team: {ANN}, {BEN};")


@pytest.mark.parametrize(
    "fields",
    [
        (f"From: {ANN}", f"From: {ANN}"),
        ("From: Undisclosed:;",),
        ("From:",),
        ("From: Ann",),
        (f"From: {ANN}, nobody",),
        ("From: " + ", ".join([ANN] * (MAX_AUTHORS + 1)),),
    ],
)
def test_from_that_names_no_author_clearly_is_refused(
    ann: Account, fields: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid, match="From"):
        checked(ann, *fields)


def test_name_of_another_before_ones_own_address_is_the_readers_business(ann: Account) -> None:
    assert added(ann, f'From: "{BEN}" <{ANN}>') == {}


def test_message_of_another_is_sent_on_in_ones_own_name(ann: Account) -> None:
    fields = (f"Resent-From: {ANN}", "From: x@outside.test", "Sender: y@outside.test")
    found = checked(ann, *fields)
    assert b"sender" not in found.dropped
    assert set(message_from_bytes(found.added)) == {
        "Resent-Date", "Resent-Message-ID", "Date", "Message-ID",
    }  # fmt: skip
    complete = (*fields, "Resent-Date: x", "Resent-Message-ID: <r@y.test>")
    assert set(message_from_bytes(checked(ann, *complete).added)) == {"Date", "Message-ID"}


def test_sending_on_is_no_way_to_write_as_another(ann: Account, ben: Account) -> None:
    with pytest.raises(NotAllowed, match="may not send from ben@"):
        checked(ann, f"Resent-From: {ANN}", f"From: {BEN}")
    with pytest.raises(NotAllowed, match="may not send from z@"):
        checked(ann, "Resent-From: z@outside.test", "From: x@outside.test")
    with pytest.raises(NotAllowed, match="may not send from ben@"):
        checked(ann, f"Resent-From: {ANN}", f"Resent-Sender: {BEN}", "From: x@outside.test")
    with pytest.raises(Invalid, match="Resent-From"):
        checked(ann, "Resent-From: Nobody:;", "From: x@outside.test")


def test_blind_copies_are_dropped_and_kept_for_sent(ann: Account) -> None:
    data = f"bcc: {BEN},\r\n x@y.test\r\nFrom: {ANN}\r\nResent-Bcc: z\r\n\r\n".encode()
    header = read_header(data)
    assert blind_fields(header) == f"bcc: {BEN},\r\n x@y.test\r\nResent-Bcc: z\r\n".encode()
    found = check_header(header, Submitter(ann.pk, ann.login), ANN, DATE)
    assert header.without(data, found.dropped) == f"From: {ANN}\r\n\r\n".encode()


def test_envelope_sender_is_held_to_the_same_rights(
    ann: Account, ben: Account, info: Account
) -> None:
    allow(info, ANN, "send-on-behalf")
    for mail_from in (ANN, INFO, "", "ann+x@example.test"):
        check_envelope(Submitter(ann.pk, ann.login), mail_from)
    with pytest.raises(NotAllowed, match="may not send from ben@"):
        check_envelope(Submitter(ann.pk, ann.login), BEN)
