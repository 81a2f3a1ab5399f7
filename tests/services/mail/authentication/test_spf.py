"""SPF: who may speak for a domain, within the bounds of RFC 7208 §4.6.4."""

import pytest

from groupware.core.clock import monotonic
from mail.authentication.lookups import MAX_LOOKUPS, DnsFailure, Lookups
from mail.authentication.spf import check_sender
from tests.mailflow.dns import Dns
from tests.services.mail.authentication.samples import PEER


def result(
    peer: str = PEER, helo: str = "mx.sender.example", mail_from: str = "ann@a.example"
) -> str:
    found = check_sender(Lookups(10.0), peer=peer, helo=helo, mail_from=mail_from)
    return found.result


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (f"v=spf1 ip4:{PEER} -all", "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 -all", "fail"),
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1", "neutral"),
        ("v=spf1 a -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 a:other.example/24 -all", "pass"),
        ("v=spf1 include:b.example -all", "pass"),
        ("v=spf1 redirect=b.example", "pass"),
        ("v=spf1 exists:%{i}.%{l}.lists.example -all", "pass"),
        ("v=spf1 ptr:sender.example -all", "pass"),
        ("v=spf1 include:none.example -all", "permerror"),
        ("v=spf1 include:a.example -all", "permerror"),
        ("v=spf1 wrong -all", "permerror"),
        ("v=spf1 ip4:1.2.3 -all", "permerror"),
        ("v=spf1 exists:%{x} -all", "permerror"),
        ("v=spf1 exists:%{i5000000000r}.example -all", "fail"),
        ("v=spf1 a:\x01.example a:%%{} -all", "permerror"),
        ("v=spf1 grüße -all", "permerror"),
        ("v=spf10 -all", "none"),
        ("nothing of the kind", "none"),
    ],
)
def test_a_record_is_evaluated(zone: Dns, record: str, expected: str) -> None:
    zone.add_txt("a.example", record)
    zone.add("a.example", "A", PEER)
    zone.add("a.example", "MX", "10 mx.a.example.")
    zone.add("mx.a.example", "A", PEER)
    zone.add("other.example", "A", "192.0.2.1")
    zone.add_txt("b.example", f"v=spf1 ip4:{PEER} -all")
    zone.add(f"{PEER}.ann.lists.example", "A", "127.0.0.2")
    zone.add("25.2.0.192.in-addr.arpa", "PTR", "mx.sender.example.")
    zone.add("mx.sender.example", "A", PEER)
    assert result() == expected


def test_addresses_of_the_sixth_version_are_known_too(zone: Dns) -> None:
    zone.add_txt("a.example", "v=spf1 ip6:2001:db8::/32 a:b.example -all")
    zone.add("b.example", "AAAA", "3fff::1")
    zone.add("b.example", "A", PEER)
    assert result("2001:db8::25") == "pass"
    assert result("3fff::1") == "pass"
    assert result("3fff::2") == "fail"
    assert result(f"::ffff:{PEER}") == "pass"


def test_a_sender_without_an_address_is_asked_for_by_the_name_it_gave(zone: Dns) -> None:
    zone.add_txt("mx.sender.example", f"v=spf1 ip4:{PEER} -all")
    found = check_sender(Lookups(10.0), peer=PEER, helo="MX.sender.example", mail_from="")
    assert (found.result, found.identity, found.domain) == ("pass", "helo", "mx.sender.example")


@pytest.mark.parametrize(
    ("peer", "helo", "mail_from"),
    [
        ("", "mx.sender.example", "ann@a.example"),
        ("local", "mx.sender.example", "ann@a.example"),
        (PEER, "localhost", ""),
        (PEER, "[192.0.2.25]", ""),
        (PEER, "mx.sender.example", "ann"),
        (PEER, "mx.sender.example", "ann@"),
        (PEER, "mx.sender.example", "ann@[192.0.2.1]"),
        (PEER, "mx.sender.example", "ann@a..b"),
        (PEER, "mx.sender.example", "ann@" + "a" * 300 + ".example"),
        (PEER, "\x00\r\n.x", "@@\r\n@.\x7f"),
        (PEER, "mx.sender.example", "ann@\u2025.example"),
        (PEER, "mx.sender.example", "a" * 600 + "@a.example"),
    ],
)
def test_what_cannot_be_asked_about_has_no_result(
    zone: Dns, peer: str, helo: str, mail_from: str
) -> None:
    assert result(peer, helo, mail_from) == "none"


def test_a_name_in_unicode_is_asked_for(zone: Dns) -> None:
    zone.add_txt("xn--mnchen-3ya.example", f"v=spf1 ip4:{PEER} -all")
    assert result(mail_from="jörg@münchen.example") == "pass"


def test_ten_terms_that_look_up_are_the_end(zone: Dns) -> None:
    for number in range(12):
        zone.add_txt(f"s{number}.example", f"v=spf1 include:s{number + 1}.example ?all")
    zone.add_txt("s12.example", f"v=spf1 ip4:{PEER} -all")
    assert result(mail_from="x@s2.example") == "pass"
    assert result(mail_from="x@s1.example") == "permerror"
    assert len(zone.asked) < 25


def test_so_are_two_names_that_are_not_there(zone: Dns) -> None:
    zone.add_txt("a.example", "v=spf1 a:x.example a:y.example a:z.example -all")
    assert result() == "permerror"


@pytest.mark.parametrize(
    "record",
    [
        b"v=spf1 a:." + b"a" * 60_000 + b"!",
        b"v=spf1 exists:%{i}" + b".%%" * 20_000 + b".example -all",
        b"v=spf1 " + b"a:%{s}%{s}%{s}.example " * 2_500,
        b"v=spf1 -all exp=a.example" + b".%%" * 20_000,
        b"v=spf1 " + b" " * 60_000,
    ],
)
def test_a_record_that_was_made_to_keep_us_busy_is_an_error(zone: Dns, record: bytes) -> None:
    zone.add_txt("a.example", record)
    began = monotonic()
    assert result() == "permerror"
    assert monotonic() - began < 2


def test_a_long_text_of_another_kind_is_passed_by(zone: Dns) -> None:
    zone.add_txt("a.example", "x" * 5_000)
    zone.add_txt("a.example", f"v=spf1 ip4:{PEER} -all")
    assert result() == "pass"


def test_and_ten_exchangers(zone: Dns) -> None:
    zone.add_txt("a.example", "v=spf1 mx -all")
    zone.add("a.example", "MX", *(f"{number} mx{number}.example." for number in range(11)))
    assert result() == "permerror"


def test_a_dns_that_fails_or_is_silent_is_a_temporary_error_in_time(zone: Dns) -> None:
    zone.fail("a.example")
    assert result() == "temperror"
    zone.recover("a.example")
    zone.add_txt("a.example", "v=spf1 a:silent.example -all")
    zone.ignore("silent.example")
    began = monotonic()
    found = check_sender(Lookups(0.3), peer=PEER, helo="h.example", mail_from="x@a.example")
    assert found.result == "temperror"
    assert monotonic() - began < 2


def test_what_makes_the_library_fail_is_no_result_of_a_record(
    zone: Dns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise AssertionError("Too many levels of recursion")

    monkeypatch.setattr("spf.query.check1", broken)
    zone.add_txt("a.example", "v=spf1 -all")
    assert result() == "permerror"


def test_questions_about_one_message_are_counted(zone: Dns) -> None:
    lookups = Lookups(10.0)
    for _ in range(MAX_LOOKUPS):
        lookups.txt("a.example")
    with pytest.raises(DnsFailure):
        lookups.txt("a.example")
