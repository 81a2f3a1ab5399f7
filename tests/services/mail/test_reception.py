"""What is taken from other servers, and what is refused before anybody answers for it."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groupware.core import dns, limits
from groupware.core.directory import (
    add_member,
    create_address,
    create_domain,
    create_group,
    set_active,
    set_quota,
)
from groupware.core.errors import DiskReserve, GroupwareError, NotAllowed, NotFound, OverQuota
from groupware.core.models import Account
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.models import Inbound, QueuedMessage
from mail.refusals import Refused
from mail.services import reception, signing
from mail.services.fanout import fan_out
from mail.services.listpolicies import PolicyChange, set_policy
from mail.services.reception import Prepared, check_recipient, check_sender, receive
from mail.services.srs import rewrite_sender
from tests.conftest import SetLimit
from tests.mailflow.dns import Dns, serving_dns
from tests.mailflow.rspamd import MARKED, REJECTED, running_rspamd
from tests.services.mail.taking import parsed, stored
from tests.services.store import append, create, message, message_of, state_of, uids_of

pytestmark = pytest.mark.django_db(transaction=True)
CLIENT = Client("192.0.2.1", "mx.outside.test", "s1", "ESMTPS", "TLS_AES_256_GCM_SHA384")
SENDER = "boss@outside.test"


@pytest.fixture
def zone(settings: Any) -> Iterator[Dns]:
    dns.forget_answers()
    with serving_dns() as served:
        settings.GROUPWARE_DNS_SERVERS = served.servers
        yield served
    dns.forget_answers()


def look(
    data: bytes, *addresses: str, mail_from: str = SENDER, client: Client = CLIENT
) -> Prepared:
    recipients = tuple(EnvelopeRecipient(address) for address in addresses)
    return receive(data, Envelope(mail_from, recipients), client)


def pass_on(prepared: Prepared) -> Inbound:
    """Commit as a row and fan out; return what was written with the reply."""
    inbound_id = reception.commit(Prepared(prepared.new))
    row = Inbound.objects.get(pk=inbound_id)
    fan_out(inbound_id)
    return row


def refusal(call: Any, *args: Any) -> GroupwareError | None:
    """Return what a call is refused with."""
    try:
        call(*args)
    except GroupwareError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("mail_from", "is_taken"),
    [
        ("", True),
        ("a@b", True),
        ("a@foo_bar.example", True),
        ("a@bücher.example", True),
        ("a@[192.0.2.1]", True),
        ('"a@b"@c.example', True),
        ("a@b..c", False),
        ("a@.b", False),
        ("a@b.", False),
        ("a@" + "x" * 64 + ".example", False),
        ("a@" + "x.y" * 100, False),
    ],
)
def test_sender_is_refused_to_whom_no_bounce_could_go(mail_from: str, is_taken: bool) -> None:
    error = refusal(check_sender, mail_from)
    assert (error is None) is is_taken
    if isinstance(error, Refused):
        assert (error.code, error.status) == (553, "5.1.7")


@pytest.mark.parametrize(
    "address",
    [
        "ann@elsewhere.test",
        "ann%elsewhere.test@other.test",
        "postmaster@elsewhere.test",
        "SRS0=abcdefgh=aa=there.test=x@elsewhere.test",
        "ann@[127.0.0.1]",
        "ann@example.test.elsewhere.test",
        "ann@localhost",
        "ann",
        "",
        "@elsewhere.test",
    ],
)
def test_this_server_relays_for_nobody(ann: Account, address: str) -> None:
    for mail_from in (SENDER, ann.login, ""):
        assert isinstance(refusal(check_recipient, address, mail_from), NotAllowed)


@pytest.mark.parametrize(
    "address",
    [
        "nobody@example.test",
        "ann%elsewhere.test@example.test",
        "elsewhere.test!ann@example.test",
        '"ann@elsewhere.test"@example.test',
        "SRS0=abcdefgh=aa=there.test=x@example.test",
        "SRS1=abcdefgh=there.test==x@example.test",
    ],
)
def test_nobody_of_that_name_is_here(ann: Account, address: str) -> None:
    assert isinstance(refusal(check_recipient, address, SENDER), NotFound)


def test_everybody_here_is_a_recipient(ann: Account, ben: Account) -> None:
    create_domain("alias.test", alias_of="example.test")
    create_address("old@example.test", ["friend@there.test"])
    create("boss@example.test", is_admin=True)
    set_active(ben.login, active=False)
    for address in (
        "ann@example.test",
        "Ann+detail@EXAMPLE.test",
        "ann@alias.test",
        "ben@example.test",
        "old@example.test",
        "postmaster@example.test",
        "Abuse@alias.test",
        rewrite_sender(SENDER, "example.test"),
    ):
        assert refusal(check_recipient, address, SENDER) is None


def test_who_may_not_write_to_a_list_is_told_at_once(ann: Account) -> None:
    create_group("team@example.test")
    add_member("team@example.test", ann.login)
    assert refusal(check_recipient, "team@example.test", SENDER) is None
    set_policy("team@example.test", PolicyChange(post="members"))
    assert isinstance(refusal(check_recipient, "team@example.test", SENDER), NotAllowed)
    assert refusal(check_recipient, "team@example.test", ann.login) is None


def test_full_mailbox_is_told_at_once(ann: Account, ben: Account) -> None:
    create_address("both@example.test", [ann.login, ben.login], kind="alias")
    append(ann)
    set_quota(ann.login, state_of(ann).bytes_used)
    assert isinstance(refusal(check_recipient, ann.login, SENDER), OverQuota)
    assert refusal(check_recipient, "both@example.test", SENDER) is None


def test_full_disk_is_told_at_once(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.DISK_RESERVE, 2**60)
    assert isinstance(refusal(check_recipient, ann.login, SENDER), DiskReserve)


def test_message_that_nobody_has_room_for_is_refused(ann: Account, ben: Account, zone: Dns) -> None:
    append(ann)
    set_quota(ann.login, state_of(ann).bytes_used + 1_000)
    with pytest.raises(OverQuota):
        look(message_of(2_000), ann.login)
    look(message_of(2_000), ann.login, ben.login)
    look(message_of(900), ann.login)


def test_message_that_comes_back_is_refused(ann: Account, zone: Dns) -> None:
    create_address("old@example.test", ["friend@there.test"])
    data = b"Delivered-To: old@example.test\r\n" + message()
    with pytest.raises(Refused, match="circles") as caught:
        look(data, "old@example.test")
    assert (caught.value.code, caught.value.status) == (554, "5.4.6")
    look(data, ann.login)


def test_message_arrives_with_what_was_found_out(ann: Account, zone: Dns, settings: Any) -> None:
    data = message()
    row = pass_on(look(data, ann.login))
    assert (row.account, row.is_trusted, row.is_junk) == (None, False, False)
    [found] = parsed(ann)
    assert list(found.keys())[:4] == [
        "Return-Path",
        "Delivered-To",
        "Authentication-Results",
        "Received",
    ]
    assert found["Authentication-Results"].startswith("example.test;")
    assert "spf=none" in found["Authentication-Results"]
    assert "with ESMTPS id s1" in found["Received"]
    assert "for <ann@example.test>" in found["Received"]
    assert "tls TLS_AES_256_GCM_SHA384" in found["Received"]
    assert stored(ann)[0].endswith(data)


def test_recipients_are_not_told_of_one_another(ann: Account, ben: Account, zone: Dns) -> None:
    pass_on(look(message(), ann.login, ben.login))
    assert b"ben@" not in stored(ann)[0].partition(b"From: ")[0]


def test_results_in_our_name_are_removed(ann: Account, zone: Dns) -> None:
    data = b"Authentication-Results: example.test; dmarc=pass\r\n" + message()
    pass_on(look(data, ann.login))
    [found] = parsed(ann)
    assert len(found.get_all("Authentication-Results") or []) == 1
    assert "dmarc=pass" not in found["Authentication-Results"]


def publish(zone: Dns, policy: str, spf: str = "v=spf1 ip4:198.51.100.0/24 -all") -> bytes:
    """Let outside.test say what is its own; return a message in its name."""
    zone.add_txt("outside.test", spf)
    zone.add_txt("_dmarc.outside.test", f"v=DMARC1; p={policy}")
    return message()


@pytest.mark.parametrize(
    ("policy", "mode", "becomes"),
    [
        ("reject", "enforce", "refused"),
        ("reject", "junk", "junk"),
        ("reject", "note", "taken"),
        ("quarantine", "enforce", "junk"),
        ("quarantine", "junk", "junk"),
        ("quarantine", "note", "taken"),
        ("none", "enforce", "taken"),
    ],
)
def test_what_a_domain_disowns(
    ann: Account, zone: Dns, settings: Any, policy: str, mode: str, becomes: str
) -> None:
    settings.GROUPWARE_DMARC = mode
    data = publish(zone, policy)
    if becomes == "refused":
        with pytest.raises(Refused, match="domain outside") as caught:
            look(data, ann.login)
        assert (caught.value.code, caught.value.status) == (550, "5.7.1")
        return
    assert not pass_on(look(data, ann.login)).is_trusted
    assert bool(uids_of(ann, "Junk")) is (becomes == "junk")
    assert bool(uids_of(ann)) is (becomes == "taken")


def test_what_a_domain_owns_is_trusted(ann: Account, zone: Dns) -> None:
    data = publish(zone, "reject", "v=spf1 ip4:192.0.2.0/24 -all")
    assert pass_on(look(data, ann.login)).is_trusted


def test_relay_of_our_own_has_looked_already(ann: Account, zone: Dns, settings: Any) -> None:
    data = publish(zone, "reject")
    settings.GROUPWARE_TRUSTED_NETWORKS = (ipaddress.ip_network("192.0.2.0/28"),)
    assert pass_on(look(data, ann.login)).is_trusted
    assert len(uids_of(ann)) == 1


RELAYED = b"Received: from relay (localhost [127.0.0.1]) by inner.example.test; now\r\n"


@pytest.mark.parametrize(
    ("received", "spf"),
    [
        (b"Received: from mx.outside.test (unknown [198.51.100.9]) by relay; now\r\n", "pass"),
        (b"Received: from [198.51.100.9] (unknown [203.0.113.1]) by relay; now\r\n", "fail"),
        (b"Received: from inner (inner [10.0.0.7]) by relay; now\r\n", "none"),
        (b"Received: by relay; now\r\n", "none"),
        (b"", "none"),
    ],
)
def test_spf_is_asked_about_who_spoke_to_the_relay_of_our_own(
    ann: Account, zone: Dns, settings: Any, received: bytes, spf: str
) -> None:
    settings.GROUPWARE_TRUSTED_NETWORKS = (ipaddress.ip_network("192.0.2.0/28"),)
    older = b"Received: from x (x [198.51.100.9]) by outside; then\r\n"
    data = RELAYED + received + older * (spf != "none" or b"by relay" in received)
    pass_on(look(data + publish(zone, "reject"), ann.login))
    [results] = parsed(ann)[0].get_all("Authentication-Results") or []
    assert f"spf={spf}" in results
    assert f"dmarc={'pass' if spf == 'pass' else 'fail'}" in results
    assert ("came through a server of ours" in results) is (spf == "none")


def test_junk_that_only_leads_elsewhere_is_refused(ann: Account, zone: Dns, settings: Any) -> None:
    away, both = "away@example.test", "both@example.test"
    create_address(away, ["friend@there.test"])
    create_address(both, ["friend@there.test", ann.login])
    data = publish(zone, "quarantine")
    for address in (away, rewrite_sender("boss@there.test", "example.test")):
        with pytest.raises(Refused, match="not forwarded") as caught:
            look(data, address)
        assert (caught.value.code, caught.value.status) == (550, "5.7.1")
    for addresses in ((both,), (away, ann.login)):
        assert pass_on(look(data, *addresses)).is_junk
    assert len(uids_of(ann, "Junk")) == 2
    assert not QueuedMessage.objects.exists()


def test_what_is_sent_on_is_sealed(ann: Account, zone: Dns) -> None:
    signing.create_key("example.test", algorithm="ed25519")
    create_address("old@example.test", ["friend@there.test"])
    data = publish(zone, "none")
    pass_on(look(data, "old@example.test"))
    prefix = bytes(QueuedMessage.objects.get().prefix)
    fields = [line.partition(b":")[0] for line in prefix.splitlines() if line[:1] not in b" \t"]
    assert fields == [
        b"ARC-Seal",
        b"ARC-Message-Signature",
        b"ARC-Authentication-Results",
        b"Delivered-To",
        b"Authentication-Results",
        b"Received",
    ]
    pass_on(look(data, ann.login))
    assert b"ARC-" not in stored(ann)[0]


def test_nothing_from_outside_is_a_notice_of_this_server(ann: Account, zone: Dns) -> None:
    zone.add_txt("mx.outside.test", "v=spf1 ip4:192.0.2.0/24 -all")
    data = publish(zone, "reject", "v=spf1 ip4:192.0.2.0/24 -all")
    prepared = look(data, ann.login, mail_from="")
    assert b"dmarc=pass" in prepared.new.prefix
    assert not prepared.new.is_trusted


def test_spam_is_refused_marked_or_taken(
    ann: Account, zone: Dns, settings: Any, tmp_path: Path
) -> None:
    with running_rspamd(tmp_path) as rspamd:
        settings.GROUPWARE_RSPAMD_URL = rspamd.url
        pass_on(look(message(REJECTED), ann.login))
        settings.GROUPWARE_SPAM = "refuse"
        with pytest.raises(Refused, match="spam") as caught:
            look(message(REJECTED), ann.login)
        assert (caught.value.code, caught.value.status) == (550, "5.7.1")
        pass_on(look(b"X-Spam: No\r\n" + message(MARKED), ann.login))
        pass_on(look(message(), ann.login))
        settings.GROUPWARE_TRUSTED_NETWORKS = (ipaddress.ip_network("192.0.2.0/28"),)
        pass_on(look(message(REJECTED), ann.login))
        create_address("away@example.test", ["friend@there.test"])
        assert pass_on(look(message(MARKED), "away@example.test")).is_junk
    assert not QueuedMessage.objects.exists()
    assert (len(uids_of(ann)), len(uids_of(ann, "Junk"))) == (1, 3)
    assert [held.get_all("X-Spam") for held in parsed(ann, "Junk")] == [["Yes"]] * 3
    assert parsed(ann)[0]["X-Spam"] == "No"


def test_who_connects_from_this_machine_is_no_relay_yet(ann: Account, zone: Dns) -> None:
    data = publish(zone, "reject")
    with pytest.raises(Refused):
        look(data, ann.login, client=Client("127.0.0.1", "x", "s1", "SMTP"))
