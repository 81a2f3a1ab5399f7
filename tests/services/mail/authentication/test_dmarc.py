"""DMARC: whether the author's domain is behind a message, and what it wants where it is not."""

import pytest

from mail.authentication.dmarc import organizational_domain
from tests.mailflow.dns import Dns
from tests.services.mail.authentication.conftest import Authenticate
from tests.services.mail.authentication.samples import MESSAGE, publish, results_of, signed

ELSEWHERE = "198.51.100.1"


def outcome(authenticate: Authenticate, data: bytes = MESSAGE, **options: str) -> tuple[str, str]:
    verdict = authenticate(data, **options)
    return verdict.dmarc, verdict.policy


@pytest.mark.usefixtures("signer")
def test_spf_of_the_author_is_enough_and_of_another_is_nothing(
    zone: Dns, authenticate: Authenticate
) -> None:
    zone.add_txt("other.example", "v=spf1 +all")
    zone.add_txt("mx.sender.example", "v=spf1 +all")
    assert outcome(authenticate) == ("pass", "none")
    assert outcome(authenticate, mail_from="x@other.example") == ("fail", "reject")
    assert outcome(authenticate, mail_from="") == ("pass", "none"), "the name that was given"


def test_dkim_of_the_author_is_enough_and_of_another_is_nothing(
    zone: Dns, authenticate: Authenticate
) -> None:
    zone.add_txt("_dmarc.sender.example", "v=DMARC1; p=quarantine")
    own, other = publish(zone, "sender.example"), publish(zone, "other.example")
    assert outcome(authenticate, signed(own), peer=ELSEWHERE) == ("pass", "none")
    assert outcome(authenticate, signed(other), peer=ELSEWHERE) == ("fail", "quarantine")
    both = signed(own, signed(other))
    assert outcome(authenticate, both, peer=ELSEWHERE) == ("pass", "none")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=DMARC1; p=reject", ("pass", "none")),
        ("v=DMARC1; p=reject; adkim=s", ("fail", "reject")),
        ("v=DMARC1; p=reject; adkim=S; aspf=s", ("fail", "reject")),
    ],
)
def test_a_subdomain_is_of_the_organization_unless_the_policy_is_strict(
    zone: Dns, authenticate: Authenticate, record: str, expected: tuple[str, str]
) -> None:
    zone.add_txt("_dmarc.sender.example", record)
    below = publish(zone, "news.sender.example")
    assert outcome(authenticate, signed(below), peer=ELSEWHERE) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=DMARC1; p=reject", ("fail", "reject")),
        ("v=DMARC1; p=reject; sp=none", ("fail", "none")),
        ("v=DMARC1; p=none; sp=QUARANTINE", ("fail", "quarantine")),
        ("v=DMARC1; rua=mailto:a@sender.example", ("fail", "none")),
        ("v=DMARC1; p=what; rua=mailto:a@sender.example", ("fail", "none")),
        ("v=DMARC1; p=what", ("none", "none")),
        ("p=reject; v=DMARC1", ("none", "none")),
        ("v=DMARC1 p=reject", ("none", "none")),
        ("v=DMARC10; p=reject", ("none", "none")),
        ("v=DMARC1; p=reject; p=none", ("none", "none")),
        ("v=DMARC1; p=reject; pct=x", ("fail", "reject")),
    ],
)
def test_a_domain_without_a_record_goes_by_its_organization(
    zone: Dns, authenticate: Authenticate, record: str, expected: tuple[str, str]
) -> None:
    zone.add_txt("_dmarc.sender.example", record)
    data = MESSAGE.replace(b"ann@sender", b"ann@deep.news.sender")
    assert outcome(authenticate, data, peer=ELSEWHERE) == expected


def test_several_records_are_none(zone: Dns, authenticate: Authenticate) -> None:
    zone.add_txt("_dmarc.sender.example", "v=DMARC1; p=reject")
    zone.add_txt("_dmarc.sender.example", "v=DMARC1; p=none")
    zone.add_txt("_dmarc.sender.example", "something else")
    assert outcome(authenticate, peer=ELSEWHERE) == ("none", "none")


def test_a_part_of_the_messages_gets_the_milder_word(zone: Dns, authenticate: Authenticate) -> None:
    zone.add_txt("_dmarc.sender.example", "v=DMARC1; p=reject; pct=50")
    policies = [
        outcome(authenticate, MESSAGE.replace(b"10:00:00", b"10:00:%02d" % second), peer=ELSEWHERE)
        for second in range(30)
    ]
    assert set(policies) == {("fail", "reject"), ("fail", "quarantine")}
    again = [
        outcome(authenticate, MESSAGE.replace(b"10:00:00", b"10:00:%02d" % second), peer=ELSEWHERE)
        for second in range(30)
    ]
    assert policies == again, "a message that comes again is treated as before"
    zone.remove("_dmarc.sender.example", "TXT")
    zone.add_txt("_dmarc.sender.example", "v=DMARC1; p=quarantine; pct=0")
    assert outcome(authenticate, peer=ELSEWHERE) == ("fail", "none")


AUTHORS = [
    (b"From: a@sender.example, b@bank.example", ("fail", "reject")),
    (b"From: a@sender.example\r\nFrom: b@bank.example", ("fail", "reject")),
    (b"From: a@sender.example\r\nFrom: b@sender.example", ("none", "none")),
    (b"From: a@sender.example, b@none.example", ("none", "none")),
    (b"From: Friends: a@sender.example, b@sender.example;", ("pass", "none")),
    (b'From: "b@bank.example" <a@sender.example>', ("pass", "none")),
    (b"From: Ann\r\n <a@SENDER.example>", ("pass", "none")),
    (b"From: a", ("none", "none")),
    (b"From:", ("none", "none")),
    (b"From: a@[192.0.2.1]", ("none", "none")),
    (b"From: a@\xff.example", ("none", "none")),
    (b"X-From: a@sender.example", ("none", "none")),
    (b"From: " + b", ".join(b"a@d%d.sender.example" % n for n in range(20)), ("none", "none")),
]


@pytest.mark.usefixtures("signer")
@pytest.mark.parametrize(("authors", "expected"), AUTHORS)
def test_of_several_authors_all_are_asked_and_the_strictest_word_counts(
    zone: Dns, authenticate: Authenticate, authors: bytes, expected: tuple[str, str]
) -> None:
    zone.add_txt("_dmarc.bank.example", "v=DMARC1; p=reject")
    data = MESSAGE.replace(b"From: Ann <ann@sender.example>", authors)
    assert outcome(authenticate, data) == expected


@pytest.mark.usefixtures("signer")
def test_a_policy_that_cannot_be_had_now_is_a_temporary_error(
    zone: Dns, authenticate: Authenticate
) -> None:
    zone.fail("_dmarc.sender.example")
    verdict = authenticate(MESSAGE, peer=ELSEWHERE)
    assert (verdict.dmarc, verdict.policy) == ("temperror", "none")
    assert results_of(verdict.header)["dmarc"] == "temperror"


@pytest.mark.parametrize(
    ("domain", "organization"),
    [
        ("a.b.example.com", "example.com"),
        ("a.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("alice.github.io", "alice.github.io"),
        ("a.unknown", "a.unknown"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
    ],
)
def test_what_is_an_organization_is_told_by_the_public_suffix_list(
    domain: str, organization: str
) -> None:
    assert organizational_domain(domain) == organization
