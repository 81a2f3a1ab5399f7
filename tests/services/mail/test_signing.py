"""Keys of domains: what they sign holds, what is told of them, and how one follows the other."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django.fixtures import Settings as Configured

from groupware.core import directory, dns
from groupware.core.errors import AlreadyExists, Invalid, NotFound
from groupware.core.models import Domain
from mail.authentication import Verdict, authenticate_message, read_results
from mail.models import DkimKey
from mail.services import signing
from tests.mailflow.dns import Dns, serving_dns
from tests.services.damage import find

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]

MESSAGE = (
    b"From: Ann <ann@example.test>\r\nTo: ben@other.example\r\nSubject: Hello\r\n"
    b"Date: Mon, 21 Sep 2026 10:00:00 +0000\r\n\r\nDear Ben\r\n"
)


@pytest.fixture
def zone(settings: Configured) -> Iterator[Dns]:
    dns.forget_answers()
    with serving_dns() as served:
        settings.GROUPWARE_DNS_SERVERS = served.servers
        yield served
    dns.forget_answers()


def publish(zone: Dns, domain: str) -> None:
    """Put what the domain has into the DNS."""
    for key in signing.list_keys(domain):
        name = f"{key.selector}._domainkey.{domain}"
        zone.remove(name, "TXT")
        zone.add_txt(name, key.record)
    dns.forget_answers()


def verify(data: bytes) -> Verdict:
    return authenticate_message(
        data, peer="192.0.2.1", helo="h.example", mail_from="", authserv_id="mx.example"
    )


def test_a_domain_signs_with_its_key(domain: Domain, zone: Dns) -> None:
    assert signing.sign(MESSAGE, "example.test") == b""
    signing.create_key("example.test")
    publish(zone, "example.test")
    field = signing.sign(MESSAGE, "Example.Test")
    assert field.startswith(b"DKIM-Signature: v=1;")
    assert verify(field + MESSAGE).dkim == ("example.test",)
    assert signing.sign(MESSAGE, "other.example") == b""
    assert signing.sign(MESSAGE, "no domain") == b""
    assert signing.sign(b"Subject: x\r\n\r\n", "example.test") == b""


def test_what_matters_is_signed_once_more_than_it_is_there(domain: Domain, zone: Dns) -> None:
    signing.create_key("example.test")
    publish(zone, "example.test")
    data = signing.sign(MESSAGE, "example.test") + MESSAGE
    for added in (b"Reply-To: x@evil.example", b"Subject: other", b"Cc: y@evil.example"):
        assert verify(added + b"\r\n" + data).dkim == ()
    # What is put before it on its way, and what lists add in good faith.
    for added in (b"Received: from x", b"List-Id: <l.example>", b"Sender: l@lists.example"):
        assert verify(added + b"\r\n" + data).dkim == ("example.test",)


def test_another_name_of_a_domain_is_signed_for_with_the_same_key(
    domain: Domain, zone: Dns
) -> None:
    directory.create_domain("alias.test", alias_of="example.test")
    signing.create_key("alias.test")
    assert signing.list_keys("example.test") == signing.list_keys("alias.test")
    publish(zone, "alias.test")
    data = MESSAGE.replace(b"example.test", b"alias.test")
    assert verify(signing.sign(data, "alias.test") + data).dkim == ("alias.test",)


def test_both_kinds_of_keys_sign_beside_each_other(domain: Domain, zone: Dns) -> None:
    signing.create_key("example.test", algorithm="ed25519")
    signing.create_key("example.test", algorithm="rsa")
    publish(zone, "example.test")
    fields = signing.sign(MESSAGE, "example.test")
    assert fields.count(b"DKIM-Signature:") == 2
    assert fields.index(b"rsa-sha256") < fields.index(b"ed25519-sha256")
    header = verify(fields + MESSAGE).header
    assert header.count(b"dkim=pass") == 2


def test_a_new_key_waits_until_it_is_used(domain: Domain) -> None:
    first = signing.create_key("example.test", selector="one")
    second = signing.create_key("example.test", selector="two")
    assert (first.state, second.state) == ("active", "waiting")
    assert b"s=one;" in signing.sign(MESSAGE, "example.test")
    assert signing.use_key("example.test", "TWO").state == "active"
    assert b"s=two;" in signing.sign(MESSAGE, "example.test")
    states = {key.selector: key.state for key in signing.list_keys("example.test")}
    assert states == {"one": "retired", "two": "active"}
    signing.drop_key("example.test", "one")
    assert [key.selector for key in signing.list_keys("example.test")] == ["two"]


def test_selectors_are_made_by_the_day_and_differ(domain: Domain) -> None:
    made = [signing.create_key("example.test", algorithm="ed25519").selector for _ in range(3)]
    assert made[1:] == [f"{made[0]}-2", f"{made[0]}-3"]
    assert made[0].startswith("ed20")


def test_what_cannot_be_is_refused(domain: Domain) -> None:
    signing.create_key("example.test", selector="one", algorithm="ed25519")
    with pytest.raises(AlreadyExists):
        signing.create_key("example.test", selector="one", algorithm="ed25519")
    for selector in ("One", "a.b", "-a", "a" * 64, "a b", "ä"):
        with pytest.raises(Invalid):
            signing.create_key("example.test", selector=selector)
    with pytest.raises(Invalid):
        signing.create_key("example.test", algorithm="dsa")
    with pytest.raises(NotFound):
        signing.use_key("example.test", "two")
    with pytest.raises(NotFound):
        signing.create_key("other.example")
    for _ in range(signing.MAX_KEYS - 1):
        signing.create_key("example.test", algorithm="ed25519")
    with pytest.raises(Invalid, match="drop one"):
        signing.create_key("example.test", algorithm="ed25519")


def test_the_database_alone_gives_no_key_away(domain: Domain) -> None:
    signing.create_key("example.test")
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM mail_dkimkey")
        [(stored,)] = cursor.fetchall()
    assert b"PRIVATE" not in bytes(stored)
    assert len(bytes(stored)) > 1_000


def test_a_key_that_cannot_be_read_leaves_mail_unsigned(domain: Domain) -> None:
    signing.create_key("example.test", algorithm="ed25519")
    selector = signing.list_keys("example.test")[0].selector
    assert list(find()) == []
    DkimKey.objects.update(private_key=b"\x01" + b"x" * 60)
    assert signing.sign(MESSAGE, "example.test") == b""
    assert signing.list_keys("example.test")[0].record.startswith("unreadable")
    [fault] = [held for held in find() if held.check == "signing-key"]
    assert fault.what == f"the key {selector} cannot be read, so that mail goes unsigned"
    signing.drop_key("example.test", selector)
    assert [held for held in find() if held.check == "signing-key"] == []


def test_what_is_passed_on_is_sealed_for_the_next_one(domain: Domain, zone: Dns) -> None:
    verdict = verify(MESSAGE)
    found = read_results(verdict.header)
    assert found is not None
    assert signing.seal(MESSAGE, found, "example.test") == b""
    signing.create_key("example.test")
    publish(zone, "example.test")
    sealed = signing.seal(MESSAGE, found, "example.test") + MESSAGE
    again = verify(sealed)
    assert again.arc == "pass"
    found = read_results(again.header)
    assert found is not None
    twice = signing.seal(sealed, found, "example.test") + sealed
    assert verify(twice).arc == "pass"
    assert b"ARC-Authentication-Results: i=2; mx.example;" in twice
