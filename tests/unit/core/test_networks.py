"""Whose an address is."""

import ipaddress

import pytest
from pytest_django.fixtures import Settings

from groupware.core.networks import is_inner, is_trusted, network_of, plain_address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("local", "local"),
    ],
)
def test_an_address_of_ipv4_or_a_64_of_ipv6_is_one_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_address_of_ipv4_is_shown_as_one() -> None:
    assert plain_address("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain_address("2001:DB8::1") == "2001:db8::1"
    assert plain_address("local") == "local"


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.77", True),
        ("::ffff:192.0.2.77", True),
        ("198.51.100.1", False),
        ("2001:db8::1", False),
        ("local", False),
    ],
)
def test_this_machine_and_what_the_admin_names_is_trusted(
    settings: Settings, address: str, trusted: bool
) -> None:
    settings.GROUPWARE_TRUSTED_NETWORKS = (ipaddress.ip_network("192.0.2.0/24"),)
    assert is_trusted(address) is trusted


@pytest.mark.parametrize(
    ("address", "inner"),
    [
        ("10.1.2.3", True),
        ("::ffff:192.168.1.1", True),
        ("172.31.255.255", True),
        ("172.32.0.1", False),
        ("fd00::1", True),
        ("fe80::1", True),
        ("2001:db8::1", False),
        ("192.0.2.1", False),
        ("local", False),
    ],
)
def test_inner_addresses_mean_something_in_ones_own_network_alone(
    address: str, inner: bool
) -> None:
    assert is_inner(address) is inner
