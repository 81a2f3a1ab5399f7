"""Which servers a domain's mail goes to, and in which order."""

import pytest
from pytest_django.fixtures import Settings

from mail.flow.replies import Reply, Unreachable
from mail.outbound.routes import (
    MAX_ADDRESSES,
    Target,
    find_hosts,
    find_relay_targets,
    find_targets,
    is_own_address,
)
from tests.mailflow.dns import Dns

PORT = 25


def targets(destination: str) -> list[tuple[str, str]]:
    return [(target.host, target.address) for target in find_targets(destination)]


def refusal(destination: str) -> Reply:
    with pytest.raises(Unreachable) as caught:
        list(find_targets(destination))
    return caught.value.reply


def test_servers_come_by_preference_and_equal_ones_by_chance(dns: Dns) -> None:
    dns.add("other.test", "MX", "20 c.other.test.", "10 a.other.test.", "10 b.other.test.")
    orders = {tuple(find_hosts("other.test")) for _ in range(100)}
    last = "c.other.test"
    assert orders == {
        ("a.other.test", "b.other.test", last),
        ("b.other.test", "a.other.test", last),
    }


def test_ipv4_comes_before_ipv6_and_a_server_without_an_address_is_passed_by(dns: Dns) -> None:
    dns.add("other.test", "MX", "10 gone.other.test.", "20 mx.other.test.")
    dns.add("mx.other.test", "AAAA", "2001:db8::1")
    dns.add("mx.other.test", "A", "192.0.2.1")
    assert targets("other.test") == [
        ("mx.other.test", "192.0.2.1"),
        ("mx.other.test", "2001:db8::1"),
    ]


def test_a_domain_without_mx_is_its_own_server(dns: Dns) -> None:
    dns.add("other.test", "A", "192.0.2.1")
    assert targets("other.test") == [("other.test", "192.0.2.1")]


def test_names_that_stand_for_others_are_followed(dns: Dns) -> None:
    dns.add("alias.test", "CNAME", "other.test.")
    dns.add("other.test", "MX", "10 mx.other.test.")
    dns.add("mx.other.test", "CNAME", "host.other.test.")
    dns.add("host.other.test", "A", "192.0.2.1")
    assert targets("alias.test") == [("mx.other.test", "192.0.2.1")]


def test_a_null_mx_takes_no_mail(dns: Dns) -> None:
    dns.add("other.test", "MX", "0 .")
    dns.add("other.test", "A", "192.0.2.1")
    assert refusal("other.test").status == "5.1.10"


def test_a_domain_that_is_not_there_takes_no_mail(dns: Dns) -> None:
    assert refusal("nowhere.test").status == "5.1.2"
    assert refusal("no domain at all").status == "5.1.2"
    assert refusal("").status == "5.1.2"


def test_servers_that_are_all_without_an_address_are_told(dns: Dns) -> None:
    dns.add("other.test", "MX", "10 gone.other.test.")
    assert refusal("other.test").status == "5.4.4"


@pytest.mark.parametrize("name", ["other.test", "mx.other.test"])
def test_a_dns_that_fails_is_asked_again_later(dns: Dns, name: str) -> None:
    dns.add("other.test", "MX", "10 mx.other.test.")
    dns.fail(name)
    assert refusal("other.test").status == "4.4.3"


def test_one_server_is_enough_where_the_dns_fails_for_another(dns: Dns) -> None:
    dns.add("other.test", "MX", "10 a.other.test.", "20 b.other.test.")
    dns.add("b.other.test", "A", "192.0.2.1")
    dns.fail("a.other.test")
    assert targets("other.test") == [("b.other.test", "192.0.2.1")]


def test_only_better_servers_than_this_one_are_tried(dns: Dns, settings: Settings) -> None:
    settings.GROUPWARE_DOMAIN = "mail.example.test"
    dns.add("other.test", "MX", "10 a.test.", "20 mail.example.test.", "20 b.test.", "30 c.test.")
    assert find_hosts("other.test") == ["a.test"]
    dns.add("backup.test", "MX", "10 mail.example.test.", "20 a.test.")
    assert refusal("backup.test").status == "5.4.6"
    dns.add("named.test", "MX", "10 mail.example.org.")
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.org"
    assert refusal("named.test").status == "5.4.6"


def test_this_server_is_known_by_its_address_too(dns: Dns, settings: Settings) -> None:
    settings.GROUPWARE_HOST = "127.0.0.9"
    dns.add("loop.test", "MX", "10 other-name.test.")
    dns.add("other-name.test", "A", "127.0.0.9")
    assert refusal("loop.test").status == "5.4.6"
    settings.GROUPWARE_MX_PORT = 9
    assert targets("loop.test") == [("other-name.test", "127.0.0.9")]


def test_which_addresses_are_this_servers(settings: Settings) -> None:
    settings.GROUPWARE_HOST = "0.0.0.0"
    assert is_own_address("127.0.0.1")
    assert not is_own_address("192.0.2.1")
    assert not is_own_address("no address")
    settings.GROUPWARE_HOST = "127.0.0.2"
    assert not is_own_address("127.0.0.1")
    settings.GROUPWARE_HOST = "localhost"
    assert is_own_address("127.0.0.1")


@pytest.mark.parametrize(
    ("literal", "address"),
    [("[192.0.2.1]", "192.0.2.1"), ("[ipv6:2001:db8::1]", "2001:db8::1")],
)
def test_an_address_literal_is_an_address(literal: str, address: str) -> None:
    assert list(find_targets(literal)) == [Target(address, address, PORT)]


def test_a_literal_of_nothing_or_of_this_server_fails() -> None:
    assert refusal("[192.0.2.256]").status == "5.1.2"
    assert refusal("[127.0.0.1]").status == "5.4.6"


def test_so_many_addresses_are_tried_and_no_more(dns: Dns) -> None:
    dns.add("many.test", "A", *(f"192.0.2.{number}" for number in range(1, 30)))
    assert len(targets("many.test")) == MAX_ADDRESSES


def test_a_relay_is_looked_up_by_its_address_alone(dns: Dns) -> None:
    dns.add("relay.test", "MX", "10 elsewhere.test.")
    dns.add("relay.test", "A", "192.0.2.1")
    assert list(find_relay_targets("relay.test", 587)) == [Target("relay.test", "192.0.2.1", 587)]
    assert [target.address for target in find_relay_targets("::1", 25)] == ["::1"]
    assert "127.0.0.1" in [target.address for target in find_relay_targets("localhost", 25)]
    with pytest.raises(Unreachable) as caught:
        list(find_relay_targets("gone.test", 587))
    assert caught.value.reply.status == "4.4.4"


@pytest.mark.parametrize(
    ("host", "address", "source"),
    [
        ("127.0.0.1", "192.0.2.1", ""),
        ("127.0.0.2", "127.0.0.3", "127.0.0.2"),
        ("198.51.100.1", "192.0.2.1", "198.51.100.1"),
        ("198.51.100.1", "2001:db8::1", ""),
        ("0.0.0.0", "192.0.2.1", ""),
        ("localhost", "192.0.2.1", ""),
    ],
)
def test_who_listens_at_one_address_sends_from_it(
    settings: Settings, host: str, address: str, source: str
) -> None:
    settings.GROUPWARE_HOST = host
    assert Target("x", address, PORT).source == source
