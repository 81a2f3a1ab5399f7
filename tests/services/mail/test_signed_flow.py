"""Mail on its way: asked about where it comes in, signed where it is written, sealed where it goes on."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network

import pytest
from pytest_django.fixtures import Settings as Configured

from groupware.core import blobs, db, dns
from groupware.core.directory import create_address
from groupware.core.models import Account
from mail.authentication import Verdict, authenticate_message
from mail.flow.clients import Client
from mail.flow.dsn import FAILED, Original, Outcome
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.models import Inbound, QueuedMessage
from mail.refusals import Refused
from mail.services import dsns, reception, signing
from mail.services.fanout import accept, fan_out
from tests.mailflow.dns import Dns, serving_dns
from tests.services.mail.taking import stored
from tests.services.store import uids_of
from tests.services.submitting import submit_as
from tests.services.web import Web, serving

pytestmark = pytest.mark.django_db(transaction=True)

LETTER = (
    b"From: Boss <boss@outside.test>\r\nTo: ann@example.test\r\nSubject: Hello\r\n"
    b"Date: Mon, 21 Sep 2026 10:00:00 +0000\r\nMessage-ID: <1@outside.test>\r\n\r\nHello.\r\n"
)
PEER = "192.0.2.1"
CLIENT = Client(PEER, "mx.outside.test", "s1", "ESMTPS", "TLS_AES_256_GCM_SHA384")


@pytest.fixture
def zone(settings: Configured) -> Iterator[Dns]:
    dns.forget_answers()
    with serving_dns() as served:
        settings.GROUPWARE_DNS_SERVERS = served.servers
        served.add_txt("outside.test", f"v=spf1 ip4:{PEER} -all")
        served.add_txt("_dmarc.outside.test", "v=DMARC1; p=reject")
        yield served
    dns.forget_answers()


@pytest.fixture
def web(settings: Configured) -> Iterator[Web]:
    with serving() as found:
        settings.GROUPWARE_RSPAMD_URL = found.url
        yield found


def says(web: Web, action: str) -> None:
    """Let the filter say the same of every message."""
    body = json.dumps({"action": action, "score": 7, "required_score": 15}).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    web.pages["/checkv2"] = answer


def come_in(*addresses: str, data: bytes = LETTER) -> int:
    """Take a message from another server as the edge does."""
    recipients = tuple(EnvelopeRecipient(address) for address in addresses)
    envelope = Envelope("boss@outside.test", recipients)
    inbound_id = reception.commit(reception.receive(data, envelope, CLIENT))
    fan_out(inbound_id)
    return inbound_id


def own_key(zone: Dns, domain: str = "example.test") -> None:
    """Give a domain of ours a key that others find."""
    key = signing.create_key(domain, algorithm="ed25519")
    zone.add_txt(f"{key.selector}._domainkey.{domain}", key.record)


def verify(data: bytes) -> Verdict:
    """Return what another server makes of a message."""
    return authenticate_message(
        data, peer="198.51.100.1", helo="h.example", mail_from="", authserv_id="mx.there.test"
    )


def leaving() -> bytes:
    """Return the message that waits for another server."""
    [item] = QueuedMessage.objects.all()
    return bytes(item.prefix) + blobs.read(item.blob_id)


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("action", ["add header", "rewrite subject", "reject"])
def test_what_the_filter_takes_for_spam_is_in_junk(ann: Account, web: Web, action: str) -> None:
    says(web, action)
    come_in("ann@example.test", data=b"X-Spam: No\r\n" + LETTER)
    assert (uids_of(ann), len(uids_of(ann, "Junk"))) == ([], 1)
    [held] = stored(ann, "Junk")
    assert held.count(b"X-Spam:") == 1
    assert b"X-Spam: Yes\r\nX-Spam-Status: Yes, score=7.00 required=15.00\r\n" in held


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("action", ["no action", "greylist"])
def test_what_it_does_not_is_in_the_inbox(ann: Account, web: Web, action: str) -> None:
    says(web, action)
    come_in("ann@example.test", data=b"X-Spam: Yes\r\n" + LETTER)
    [held] = stored(ann)
    assert held.count(b"X-Spam:") == 1
    assert b"X-Spam: No\r\n" in held
    _, headers = web.asked[-1]
    assert (headers["IP"], headers["From"], headers["Rcpt"], headers["Deliver-To"]) == (
        PEER,
        "boss@outside.test",
        "ann@example.test",
        "ann@example.test",
    )


@pytest.mark.usefixtures("zone", "ann")
def test_it_is_refused_or_put_off_as_the_filter_and_the_installation_say(
    web: Web, settings: Configured
) -> None:
    says(web, "soft reject")
    with pytest.raises(Refused) as caught:
        come_in("ann@example.test")
    assert (caught.value.code, caught.value.status) == (451, "4.7.1")
    says(web, "reject")
    settings.GROUPWARE_SPAM = "refuse"
    with pytest.raises(Refused) as caught:
        come_in("ann@example.test")
    assert (caught.value.code, caught.value.status) == (550, "5.7.1")
    assert Inbound.objects.count() == 0


@pytest.mark.usefixtures("zone")
def test_a_relay_of_our_own_is_refused_nothing(
    ann: Account, web: Web, settings: Configured
) -> None:
    settings.GROUPWARE_TRUSTED_NETWORKS = (ip_network("192.0.2.0/24"),)
    settings.GROUPWARE_SPAM = "refuse"
    says(web, "reject")
    come_in("ann@example.test")
    says(web, "soft reject")
    come_in("ann@example.test")
    assert (len(uids_of(ann)), len(uids_of(ann, "Junk"))) == (1, 1)


@pytest.mark.usefixtures("zone")
def test_a_filter_that_is_away_keeps_no_mail_away(ann: Account, settings: Configured) -> None:
    settings.GROUPWARE_RSPAMD_URL = "http://127.0.0.1:1"
    come_in("ann@example.test")
    [held] = stored(ann)
    assert b"X-Spam" not in held


def test_what_our_people_write_is_signed_for_their_domain(ann: Account, zone: Dns) -> None:
    own_key(zone)
    data = b"From: Ann <ann@example.test>\r\nTo: x@there.test\r\nSubject: Hi\r\n\r\nHello.\r\n"
    fan_out(submit_as(ann.login, data, ("x@there.test",), None))
    message = leaving()
    assert message.count(b"DKIM-Signature:") == 1
    assert verify(message).dkim == ("example.test",)
    assert verify(b"Date: now\r\n" + message).dkim == (), "what was added is signed too"
    assert b"DKIM-Signature" not in stored(ann, "Sent")[0]


def test_a_report_of_ours_is_signed(ann: Account, zone: Dns) -> None:
    own_key(zone)
    failed = [Outcome(EnvelopeRecipient("nobody@example.test"), FAILED, "5.1.1")]
    original = Original("boss@outside.test", "", "", 1_790_000_000, b"Subject: x\r\n\r\n", None)
    new = dsns.report(original, failed)
    assert new is not None
    with db.write_transaction():
        row = Inbound.objects.get(pk=accept(new))
    assert verify(bytes(row.prefix) + blobs.read(row.blob_id)).dkim == ("example.test",)
    fan_out(row.pk)


@pytest.mark.parametrize("kind", ["alias", "list"])
def test_what_is_passed_on_has_a_seal_that_tells_what_was_seen(
    ann: Account, zone: Dns, settings: Configured, kind: str
) -> None:
    through = "old@example.test"
    targets = ["friend@there.test", "other@there.test"] if kind == "list" else ["friend@there.test"]
    create_address(through, targets, kind=kind)
    own_key(zone)
    come_in(through)
    message = leaving()
    verdict = verify(message)
    assert (verdict.arc, verdict.dmarc, verdict.policy) == ("pass", "fail", "reject")
    settings.GROUPWARE_TRUSTED_SEALERS = frozenset({"example.test"})
    assert verify(message).policy == "none", "whoever trusts us takes it"
    assert verify(message.replace(b"Hello.", b"Hallo.")).arc == "fail"
    if kind == "list":
        assert verify(message.replace(b"List-Id: ", b"List-Id: x")).arc == "fail", "it covers all"


def test_without_a_key_or_from_our_own_people_nothing_is_sealed(ann: Account, zone: Dns) -> None:
    create_address("old@example.test", ["friend@there.test"], kind="alias")
    come_in("old@example.test")
    assert b"ARC-Seal" not in leaving()
    QueuedMessage.objects.all().delete()
    own_key(zone)
    data = b"From: ann@example.test\r\nSubject: Hi\r\n\r\nHello.\r\n"
    fan_out(submit_as(ann.login, data, ("old@example.test",), None))
    assert b"ARC-Seal" not in leaving()
    assert verify(leaving()).dkim == ("example.test",)
