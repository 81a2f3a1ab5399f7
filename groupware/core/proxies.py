"""Whose request an HTTP request is, and whether it came over TLS, behind the proxies trusted."""

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from django.conf import settings

from groupware.core.networks import Address, parse_address


def client_address(environ: Mapping[str, Any]) -> Address:
    """Return the nearest address that is no trusted proxy (of X-Forwarded-For, from the right).

    An entry that is no address ends the search at the proxy that passed it on.
    """
    nearest = parse_address(environ.get("REMOTE_ADDR", "")) or IPv4Address(0)
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while forwarded and _is_trusted(nearest):
        before = parse_address(forwarded.pop().strip())
        if before is None:
            break
        nearest = before
    return nearest


def is_secure(environ: Mapping[str, Any]) -> bool:
    """Tell whether the client spoke TLS, with this server or with a trusted proxy before it."""
    if environ.get("wsgi.url_scheme") == "https":
        return True
    peer = parse_address(environ.get("REMOTE_ADDR", ""))
    said = environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
    return peer is not None and _is_trusted(peer) and said == "https"


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.GROUPWARE_TRUSTED_PROXIES)
