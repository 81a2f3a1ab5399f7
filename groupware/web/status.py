"""What runs: whether each port answers as its protocol does, as seen from this machine."""

import socket
import ssl
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings

from groupware.core.clock import monotonic
from groupware.environment import IMPLICIT_TLS
from groupware.serve.roles import PROGRAMS

TIMEOUT_SECONDS = 0.5
KEPT_SECONDS = 2.0
# All of a greeting: what is left unread would end the connection with a reset.
GREETING_OCTETS = 1024
CLIENT_SPEAKS_FIRST = frozenset({"HTTP", "HTTPS", "EVENTS"})

_LABELS = {
    "HTTP": ("Web", "these pages"),
    "HTTPS": ("Web, TLS", "these pages"),
    "EVENTS": ("Events", "a proxy leads programs here that hear of changes"),
    "IMAP": ("IMAP, STARTTLS", "mail programs"),
    "IMAPS": ("IMAP, TLS", "mail programs"),
    "POP3": ("POP3, STLS", "mail programs that fetch"),
    "POP3S": ("POP3, TLS", "mail programs that fetch"),
    "SMTP": ("SMTP", "other mail servers bring mail"),
    "SUBMISSION": ("Submission, STARTTLS", "mail programs send"),
    "SUBMISSIONS": ("Submission, TLS", "mail programs send"),
    "LMTP": ("LMTP", "the mail server in front delivers here"),
}


@dataclass(frozen=True, slots=True)
class PortState:
    """One row of the table of what runs."""

    name: str
    port: int
    label: str
    purpose: str
    state: str  # "running", "not answering" or "off"


class _Cache:
    """The last look, shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: list[PortState] = []
        self._until = 0.0

    def get(self) -> list[PortState]:
        with self._lock:
            if monotonic() > self._until:
                self._states = look_at_ports(name for program in PROGRAMS for name in program.ports)
                self._until = monotonic() + KEPT_SECONDS
            return self._states


_cache = _Cache()


def port_states() -> list[PortState]:
    """Return the state of every port of the roles that exist, at most KEPT_SECONDS old."""
    return _cache.get()


def look_at_ports(names: Iterable[str]) -> list[PortState]:
    """Look at the ports of `names` now, all at once."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(_look_at, names))


def _look_at(name: str) -> PortState:
    port = settings.GROUPWARE_PORTS[name]
    label, purpose = _LABELS[name]
    state = "off"
    if port:
        state = "running" if _answers(name, port) else "not answering"
    return PortState(name, port, label, purpose, state)


def _answers(name: str, port: int) -> bool:
    try:
        with socket.create_connection((_own_host(), port), TIMEOUT_SECONDS) as connection:
            if name in CLIENT_SPEAKS_FIRST:
                return True
            if name not in IMPLICIT_TLS:
                return bool(connection.recv(GREETING_OCTETS))
            with _unverified().wrap_socket(connection) as secured:
                return bool(secured.recv(GREETING_OCTETS))
    except OSError:
        return False


def _own_host() -> str:
    """Return where this machine reaches what listens on GROUPWARE_HOST."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(  # noqa: S104 - compared, not bound
        settings.GROUPWARE_HOST, settings.GROUPWARE_HOST
    )


def _unverified() -> ssl.SSLContext:
    # Whether it answers is asked, not who it is: nothing is sent.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
