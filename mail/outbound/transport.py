"""TLS to other servers: what a connection must have, and who has proved to have none.

Without a policy TLS is opportunistic (RFC 7435): any certificate is better than none, and plain
text better than no mail. A server whose handshake fails is spoken to without, and that is kept for
a while. A relay, and a domain that enforces a policy (RFC 8461), must show a certificate that is
valid for the host's name.
"""

import ssl
import threading
from collections import OrderedDict
from enum import Enum
from functools import lru_cache

from groupware.core.clock import monotonic

KEPT_SECONDS = 3_600.0
MAX_KEPT = 10_000


class Demand(Enum):
    """What a connection must have before a message goes over it."""

    IMPLICIT = "TLS from the first octet, with a valid certificate"
    VERIFIED = "STARTTLS with a valid certificate"
    OPPORTUNISTIC = "STARTTLS where there is one"
    PLAIN = "no TLS"


@lru_cache(maxsize=1)
def unverified_context() -> ssl.SSLContext:
    """Return what takes any certificate; a peer with nothing but TLS 1.1 has none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def verified_context() -> ssl.SSLContext:
    """Return what takes certificates of the system's authorities for the host's name."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class FailedHandshakes:
    """The hosts of which TLS failed lately; of one process, for any number of threads."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, host: str) -> None:
        """Note that a handshake failed."""
        with self._lock:
            self._until[host] = monotonic() + KEPT_SECONDS
            self._until.move_to_end(host)
            if len(self._until) > MAX_KEPT:
                self._until.popitem(last=False)

    def has(self, host: str) -> bool:
        """Tell whether to speak without TLS at once."""
        with self._lock:
            return self._until.get(host, 0.0) > monotonic()

    def forget(self) -> None:
        """Try all of them again."""
        with self._lock:
            self._until.clear()


FAILED = FailedHandshakes()
