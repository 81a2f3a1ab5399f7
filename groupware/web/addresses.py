"""Whose request it is, behind the proxies that the admin trusts."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(request: HttpRequest) -> Address:
    """Return the nearest address that is no trusted proxy (of X-Forwarded-For, from the right).

    An entry that is no address ends the search at the proxy that passed it on.
    """
    nearest = _parse(request.META.get("REMOTE_ADDR", "")) or ipaddress.IPv4Address(0)
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while forwarded and _is_trusted(nearest):
        before = _parse(forwarded.pop().strip())
        if before is None:
            break
        nearest = before
    return nearest


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.GROUPWARE_TRUSTED_PROXIES)
