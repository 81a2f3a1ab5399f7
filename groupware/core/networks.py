"""Whose an address is: the network that is counted as one, and those that the admin trusts."""

import ipaddress

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NETWORK_BITS = 64
"""Of an IPv6 address those that one customer of a provider has for itself."""

_INNER = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)


def parse_address(text: str) -> Address | None:
    """Read an address, None where it is none; one of IPv4 that came as one of IPv6 is of IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def plain_address(text: str) -> str:
    """Return an address as the log and header fields show it."""
    return str(parse_address(text) or text)


def network_of(text: str) -> str:
    """Return one IPv4 address, or the /64 of an IPv6 one; what is no address stands for itself."""
    address = parse_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, NETWORK_BITS), strict=False))
    return str(address or text)


def is_trusted(text: str) -> bool:
    """Tell whether it is this machine, or in GROUPWARE_TRUSTED_NETWORKS."""
    address = parse_address(text)
    if address is None:
        return False
    return address.is_loopback or any(
        address in network for network in settings.GROUPWARE_TRUSTED_NETWORKS
    )


def is_inner(text: str) -> bool:
    """Tell whether an address is one that means something only within somebody's own network."""
    address = parse_address(text)
    return address is not None and any(address in network for network in _INNER)
