"""A server elsewhere, the connection to it, and what its failures mean for a person."""

import imaplib
import poplib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from groupware.core import limits
from groupware.core.clock import monotonic
from groupware.core.dialing import Unreachable, dial, is_listed, watched
from groupware.core.errors import Invalid

IMPLICIT = "implicit"
STARTTLS = "starttls"
NONE = "none"
RATE = 64 << 10
"""Octets a second at which what was asked for must come at least, beside the time-out."""
SMALL = 64 << 10
"""Octets that any answer but a list or a message may have."""
MAX_SAID = 200
_BROKEN_OFF = (imaplib.IMAP4.abort, smtplib.SMTPServerDisconnected)
_NONSENSE = (ValueError, OverflowError, TypeError, LookupError, AttributeError)
"""Over what the standard library stumbles where an answer is not of the form that it should be."""
_SAID = (imaplib.IMAP4.error, poplib.error_proto, smtplib.SMTPException)


class OutsideFailed(Invalid):
    """The other side could not be spoken to as it should; the text is for a person."""


class LoginRefused(OutsideFailed):
    """Name or password are wrong, as far as the other side says."""


class TooMuch(OutsideFailed):
    """The other side sends more than it said, or than anybody should."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mailbox is, and who asks."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)


class Line:
    """A connection that is being dialled, or stands; each command of it ends in time."""

    def __init__(self, server: Server) -> None:
        self.server = server
        try:
            self._plain = dial(server.host, server.port, monotonic() + limits.OUTSIDE_TIMEOUT.value)
        except Unreachable as error:
            raise OutsideFailed(error.message) from error
        self._plain.settimeout(limits.OUTSIDE_TIMEOUT.value)
        self._held = self._plain.dup()  # of an SSLSocket there is no other descriptor

    def begin(self) -> socket.socket:
        """Return the connection as the protocol's first octets find it.

        Without TLS nothing is said to hosts but those that an admin has named.
        """
        host = self.server.host
        if self.server.tls == NONE and not is_listed(str(self._plain.getpeername()[0])):
            raise OutsideFailed(
                "Without TLS nothing is sent to {host}: its network must be one that an admin"
                " has named (GROUPWARE_SOURCE_NETWORKS).",
                host=host,
            )
        if self.server.tls == IMPLICIT:
            self._plain = client_context().wrap_socket(self._plain, server_hostname=host)
        return self._plain

    @contextmanager
    def command(self, octets: int = SMALL) -> Iterator[None]:
        """Run one command, whose answer has as many octets; raises `OutsideFailed` alone."""
        with failures(self.server.host), watched(self._held, monotonic() + seconds_for(octets)):
            yield

    def close(self) -> None:
        """End the connection; what was not said is not said."""
        self._plain.close()
        self._held.close()


def seconds_for(octets: int) -> float:
    """Return how long the other side may take for so many octets."""
    return limits.OUTSIDE_TIMEOUT.value + octets / RATE


def client_context() -> ssl.SSLContext:
    """Return what checks certificates and names, by the authorities that the system trusts."""
    return ssl.create_default_context()


@contextmanager
def failures(host: str) -> Iterator[None]:
    """Turn what the standard library raises into what a person is told."""
    try:
        yield
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "it broke off"
        raise OutsideFailed(
            "{host} cannot be spoken to by TLS: {reason}.", host=host, reason=reason
        ) from error
    except _BROKEN_OFF as error:
        raise _broken_off(host, error) from error
    except _SAID as error:
        raise OutsideFailed("{host} says: {answer}", host=host, answer=said(error)) from error
    except (OSError, EOFError) as error:
        raise _broken_off(host, error) from error
    except _NONSENSE as error:
        raise OutsideFailed(
            "{host} says what makes no sense: is it the right port?", host=host, detail=repr(error)
        ) from error


def _broken_off(host: str, error: BaseException) -> OutsideFailed:
    return OutsideFailed(
        "The connection to {host} broke off, or took too long.", host=host, detail=repr(error)
    )


def said(error: BaseException) -> str:
    """Return what the other side said, as it can be shown."""
    text = error.args[-1] if error.args else ""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    shown = "".join(char if char.isprintable() else " " for char in str(text))
    return shown.strip()[:MAX_SAID] or "nothing"


def number_in(text: bytes) -> int:
    """Return a number of the other side's; raises ValueError for one that none can be."""
    number = int(text) if len(text) < 20 else -1
    if not 0 <= number < 1 << 63:
        raise ValueError(f"{text[:20]!r} is no number")
    return number
