"""Binding the listening sockets, each once, before anything else is started.

A child inherits them by the names of their ports: `groupware.core.listeners`.
"""

import errno
import json
import socket
from collections.abc import Iterable, Mapping

from groupware.environment import SettingsError

BACKLOG = 1024
KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)
"""What connections inherit that no timeout of ours ends: the peer is asked whether it is there.

A phone that goes out of reach in the middle of a PUT would hold a thread of the web role for ever.
Other roles end silent sessions themselves, and let phones sleep until then.
"""
_KEPT_ALIVE = frozenset({"HTTP", "HTTPS"})

Sockets = Mapping[str, tuple[socket.socket, ...]]

_REASONS = {
    errno.EADDRINUSE: "is taken by another program; stop that one or choose another port with",
    errno.EACCES: "is not allowed to this user; choose one above 1023 with",
}


def bind_sockets(
    host: str, ports: Mapping[str, int], names: Iterable[str]
) -> dict[str, tuple[socket.socket, ...]]:
    """Bind and listen on the ports of `names` that are not off; raises SettingsError."""
    bound: dict[str, tuple[socket.socket, ...]] = {}
    family, address = _resolve(host)
    try:
        for name in names:
            if ports[name]:
                bound[name] = (_bind(family, address, name, ports[name]),)
    except SettingsError:
        close_sockets(bound)
        raise
    return bound


def close_sockets(sockets: Sockets) -> None:
    """Close every socket."""
    for items in sockets.values():
        for item in items:
            item.close()


def describe_sockets(sockets: Sockets) -> str:
    """Return the value of the variable from which a child inherits `sockets`."""
    return json.dumps(
        {name.lower(): [item.fileno() for item in items] for name, items in sockets.items()}
    )


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    """Return one address of `host`, of IPv4 where it has both."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SettingsError(f"GROUPWARE_HOST={host}: {error.strerror}.") from error
    family, _, _, _, address = min(found, key=lambda item: item[0] != socket.AF_INET)
    return family, str(address[0])


def _bind(family: socket.AddressFamily, address: str, name: str, port: int) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # `::` takes IPv4 as well.
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        for level, option, value in KEEP_ALIVE if name in _KEPT_ALIVE else ():
            listening.setsockopt(level, option, value)
        listening.bind((address, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise SettingsError(_explain(error, address, name, port)) from error
    return listening


def _explain(error: OSError, address: str, name: str, port: int) -> str:
    variable = f"GROUPWARE_{name}_PORT"
    reason = _REASONS.get(error.errno or 0)
    if reason:
        return f"{variable}={port}: port {port} on {address} {reason} {variable} (0: none)."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"GROUPWARE_HOST: this machine has no address {address}."
    return f"{variable}={port}: {error.strerror}."
