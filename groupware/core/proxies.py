"""Whose request an HTTP request is, and whether it came over TLS, behind the proxies trusted."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(environ: Mapping[str, Any]) -> Address:
    """Return the nearest address that is no trusted proxy (of X-Forwarded-For, from the right).

    An entry that is no address ends the search at the proxy that passed it on.
    """
    nearest = _parse(environ.get("REMOTE_ADDR", "")) or ipaddress.IPv4Address(0)
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while forwarded and _is_trusted(nearest):
        before = _parse(forwarded.pop().strip())
        if before is None:
            break
        nearest = before
    return nearest


def is_secure(environ: Mapping[str, Any]) -> bool:
    """Tell whether the client spoke TLS, with this server or with a trusted proxy before it."""
    if environ.get("wsgi.url_scheme") == "https":
        return True
    peer = _parse(environ.get("REMOTE_ADDR", ""))
    said = environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
    return peer is not None and _is_trusted(peer) and said == "https"


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.GROUPWARE_TRUSTED_PROXIES)
