"""Connections to hosts that people name: to public hosts alone, and never for longer than allowed.

A name that somebody writes down must not let this server speak to what only it can reach. So the
host is resolved here, a connection is made to an address that was looked at, and it is looked at
again when it stands; what a name leads to the next time does not matter. Loopback, private,
link-local and the like are refused, unless `GROUPWARE_SOURCE_NETWORKS` has them.
"""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from django.conf import settings

from groupware.core.clock import monotonic
from groupware.core.errors import Invalid

MAX_ADDRESSES = 8
"""Addresses of one host that are tried."""
CONNECT_SECONDS = 10.0
_SPECIAL = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20"))
)
"""Of no public host either (RFC 6890), whatever this version of Python knows of them."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Unreachable(Invalid):
    """There is no connection; the text says why and is for the person who named the host."""


def dial(host: str, port: int, deadline: float) -> socket.socket:
    """Return a connection to one of the host's addresses that may be spoken to.

    Raises `Unreachable`. Blocks until the deadline at most, and as long as the resolver may take
    beside it; each read of the connection has that time too.
    """
    found = _resolve(host, port)
    allowed = [each for each in found if is_allowed(str(each[1][0]))]
    if not allowed:
        raise Unreachable(
            "{host} is no public host: an admin may allow its network (GROUPWARE_SOURCE_NETWORKS).",
            host=host,
        )
    for family, address in allowed[:MAX_ADDRESSES]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(max(min(CONNECT_SECONDS, deadline - monotonic()), 0.01))
            sock.connect(address)
            if is_allowed(str(sock.getpeername()[0])):
                sock.settimeout(max(deadline - monotonic(), 0.01))
                return sock
        except OSError:
            pass
        sock.close()
    raise Unreachable("Nothing answers at {host}, port {port}.", host=host, port=port)


@contextmanager
def watched(sock: socket.socket, deadline: float) -> Iterator[None]:
    """End a connection at the deadline, whatever the peer does.

    The time-out of a socket is one of each read: a peer that sends an octet now and then would
    hold it for ever. The watchdog has a descriptor of its own, which TLS does not take over.
    """
    with closing(sock.dup()) as other:
        watchdog = threading.Timer(max(deadline - monotonic(), 0.01), _shut, [other])
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()
            watchdog.join()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _resolve(host: str, port: int) -> list[tuple[int, Any]]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("There is no host {host}.", host=host) from None
    return [(row[0], row[4]) for row in rows]


def is_allowed(text: str) -> bool:
    """Tell whether a host at this address may be spoken to."""
    address = _parse(text)
    if address is None:
        return False
    return _is_listed(address) or all(map(_is_public, [address, *_tunnelled(address)]))


def is_listed(text: str) -> bool:
    """Tell whether an admin has named the network of this address: it is one of their own."""
    address = _parse(text)
    return address is not None and _is_listed(address)


def _parse(text: str) -> Address | None:
    try:
        return _translated(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def _is_listed(address: Address) -> bool:
    return any(address in network for network in settings.GROUPWARE_SOURCE_NETWORKS)


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in _SPECIAL)
    )


def _translated(address: Address) -> Address:
    """Return the address of IPv4 that one of IPv6 is another form of."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _tunnelled(address: Address) -> list[Address]:
    """Return the addresses of IPv4 to which packets of a tunnel go."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    held: list[Address] = list(address.teredo or ())
    return held if address.sixtofour is None else [*held, address.sixtofour]
