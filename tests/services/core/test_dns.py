"""The DNS: what is not there is nothing, what fails may be asked again, and all of it ends in time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings as Configured

from groupware.core import dns, limits
from groupware.core.clock import epoch, monotonic
from groupware.core.dns import DnsFailure
from tests.conftest import SetLimit
from tests.mailflow.dns import Dns, serving_dns


@pytest.fixture
def zone(settings: Configured) -> Iterator[Dns]:
    dns.forget_answers()
    with serving_dns() as served:
        settings.GROUPWARE_DNS_SERVERS = served.servers
        yield served
    dns.forget_answers()


def test_the_strings_of_a_text_are_one(zone: Dns) -> None:
    zone.add_txt("team.example", "v=spf1 " + "a" * 400 + ' "\\')
    zone.add_txt("team.example", b"\xff\x00")
    assert sorted(dns.lookup_txt("team.example")) == [
        b"v=spf1 " + b"a" * 400 + b' "\\',
        b"\xff\x00",
    ]


def test_exchangers_come_by_preference_and_the_null_one_is_told(zone: Dns) -> None:
    zone.add("team.example", "MX", "20 B.team.example.", "10 a.team.example.")
    zone.add("none.example", "MX", "0 .")
    assert dns.lookup_mx("Team.Example.") == [(10, "a.team.example"), (20, "b.team.example")]
    assert dns.lookup_mx("none.example") == [(0, "")]


def test_addresses_are_of_both_kinds_and_one_is_enough(zone: Dns) -> None:
    zone.add("mail.team.example", "A", "192.0.2.1", "192.0.2.2")
    zone.add("mail.team.example", "AAAA", "2001:db8::1")
    zone.add("alias.team.example", "CNAME", "mail.team.example.")
    assert sorted(dns.lookup_addresses("alias.team.example")) == [
        "192.0.2.1",
        "192.0.2.2",
        "2001:db8::1",
    ]
    zone.fail("broken.example")
    with pytest.raises(DnsFailure):
        dns.lookup_addresses("broken.example")


def test_an_address_leads_back_to_names(zone: Dns) -> None:
    zone.add("1.2.0.192.in-addr.arpa", "PTR", "mail.team.example.")
    assert dns.lookup_ptr("192.0.2.1") == ["mail.team.example"]
    assert dns.lookup_ptr("2001:db8::1") == []
    assert dns.lookup_ptr("no address") == []


def test_services_and_aliases_are_found(zone: Dns) -> None:
    zone.add("_imaps._tcp.team.example", "SRV", "10 1 993 mail.team.example.")
    zone.add("_pop3._tcp.team.example", "SRV", "0 0 0 .")
    zone.add("autoconfig.team.example", "CNAME", "mail.team.example.")
    assert dns.lookup_srv("_imaps._tcp.team.example") == [(10, 1, 993, "mail.team.example")]
    assert dns.lookup_srv("_pop3._tcp.team.example") == [(0, 0, 0, "")]
    assert dns.lookup_cname("autoconfig.team.example") == ["mail.team.example"]


@pytest.mark.parametrize(
    "name",
    ["absent.example", "", ".", "a..b", "a" * 64 + ".example", "x." * 130, "\ud800.example", "\\"],
)
def test_what_is_not_there_is_nothing(zone: Dns, name: str) -> None:
    assert dns.lookup_txt(name) == []
    assert dns.lookup_mx(name) == []
    assert dns.lookup_addresses(name) == []


def test_a_name_in_unicode_is_asked_by_idna_2008(zone: Dns) -> None:
    zone.add("xn--strae-oqa.example", "A", "192.0.2.9")
    assert dns.lookup_addresses("straße.example") == ["192.0.2.9"]


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
def test_a_server_that_fails_may_be_asked_again(zone: Dns, rcode: str) -> None:
    zone.add("team.example", "MX", "10 mail.team.example.")
    zone.fail("team.example", rcode)
    with pytest.raises(DnsFailure) as caught:
        dns.lookup_mx("team.example")
    assert "MX team.example" in caught.value.detail
    zone.recover("team.example")
    assert dns.lookup_mx("team.example") == [(10, "mail.team.example")]


def test_silence_ends_at_the_limit_or_when_the_caller_says(zone: Dns, set_limit: SetLimit) -> None:
    zone.ignore("team.example")
    set_limit(limits.DNS_TIMEOUT, 0.2)
    for seconds, most in ((None, 1.5), (30.0, 1.5), (0.05, 1.0), (0.0, 1.0), (-1.0, 1.0)):
        began = monotonic()
        with pytest.raises(DnsFailure):
            dns.lookup_txt("team.example", seconds=seconds)
        assert monotonic() - began < most


def test_what_does_not_fit_a_datagram_comes_over_tcp(zone: Dns) -> None:
    zone.add_txt("large.example", "x" * 5_000)
    zone.truncate("large.example")
    assert dns.lookup_txt("large.example") == [b"x" * 5_000]
    assert zone.asked == [("large.example", "TXT")] * 2


def test_an_answer_is_kept_for_its_time_and_a_number_of_them(
    zone: Dns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns, "MAX_KEPT", 3)
    for name in ("a", "b", "c", "d"):
        zone.add_txt(f"{name}.example", name)
    zone.add_txt("short.example", "x", ttl=0)
    for name in ("a", "a", "short", "short", "absent", "absent", "b", "c", "d", "d", "a"):
        dns.lookup_txt(f"{name}.example")
    asked = [name.partition(".")[0] for name, _ in zone.asked]
    assert asked == ["a", "short", "short", "absent", "b", "c", "d", "a"]
    dns.forget_answers()
    dns.lookup_txt("a.example")
    assert len(zone.asked) == 9


def test_a_long_answer_is_not_kept(zone: Dns) -> None:
    zone.add_txt("long.example", "x" * dns.MAX_KEPT_OCTETS)
    for _ in range(2):
        assert dns.lookup_txt("long.example") == [b"x" * dns.MAX_KEPT_OCTETS]
    assert len(zone.asked) == 2
    assert len(dns._resolver().cache.data) == 0


def test_a_long_ttl_is_cut(zone: Dns) -> None:
    zone.add_txt("long.example", "x", ttl=2_000_000_000)
    dns.lookup_txt("long.example")
    [node] = dns._resolver().cache.data.values()
    assert node.value.expiration < epoch() + 3_601


def test_without_a_setting_the_system_is_asked(
    settings: Configured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.GROUPWARE_DNS_SERVERS = ()
    file = tmp_path / "resolv.conf"
    monkeypatch.setattr(dns, "_SYSTEM", file)
    dns.forget_answers()
    with pytest.raises(DnsFailure):
        dns.lookup_txt("team.example")
    file.write_text("nameserver 192.0.2.53\n")
    assert list(dns._resolver().nameservers) == ["192.0.2.53"]
    dns.forget_answers()
