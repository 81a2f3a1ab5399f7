"""Where programs reach this server: one table for autoconfig, autodiscover, profiles and pages."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from mail.records import mail_host, public_port

DAV_PATH: Final = "/dav/"
_PLAIN: Final = {"IMAPS": "IMAP", "POP3S": "POP3", "SUBMISSIONS": "SUBMISSION"}


@dataclass(frozen=True, slots=True)
class Server:
    """A server of mail; without `is_tls` the connection begins in the clear and must be secured."""

    kind: str  # "imap", "pop3" or "smtp"
    host: str
    port: int
    is_tls: bool


@dataclass(frozen=True, slots=True)
class Dav:
    """Where calendars and address books are reached, over TLS."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Return the address that a program is given."""
        return f"https://{self.netloc}{DAV_PATH}"

    @property
    def netloc(self) -> str:
        """Return host and port as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Servers:
    """What of this server is turned on; None is off."""

    imap: Server | None
    pop3: Server | None
    smtp: Server | None
    dav: Dav | None

    @property
    def mail(self) -> tuple[Server, ...]:
        """Return the servers of mail that are on, the better way to read it first."""
        return tuple(held for held in (self.imap, self.pop3, self.smtp) if held is not None)


def find_servers() -> Servers:
    """Return where programs reach this server: each by TLS from the start where that is on.

    A server that has a name is reached where its DNS leads (RFC 8314); one that has none, such as
    a demo on this machine, at the ports that it listens on.
    """
    return Servers(
        imap=_find("imap", "IMAPS"),
        pop3=_find("pop3", "POP3S"),
        smtp=_find("smtp", "SUBMISSIONS"),
        dav=_find_dav(),
    )


def public_host() -> str:
    """Return the name that programs are given for mail."""
    return mail_host() if has_name() else _hostname()


def has_name() -> bool:
    """Whether the public address of this server is a name, and not an address of a machine."""
    host = _hostname()
    return "." in host and not host.replace(".", "").isdigit() and ":" not in host


def _hostname() -> str:
    return urlsplit(settings.GROUPWARE_PUBLIC_URL).hostname or settings.GROUPWARE_DOMAIN


def _port(role: str) -> int:
    return public_port(role) if has_name() else int(settings.GROUPWARE_PORTS[role])


def _find(kind: str, role: str) -> Server | None:
    for name, is_tls in ((role, True), (_PLAIN[role], False)):
        if port := _port(name):
            return Server(kind, public_host(), port, is_tls)
    return None


def _find_dav() -> Dav | None:
    """Return where DAV is: at the public address, where that is one over TLS (a proxy may end it)."""
    parts = urlsplit(settings.GROUPWARE_PUBLIC_URL)
    if parts.scheme == "https":
        return Dav(parts.hostname or "", parts.port or 443)
    port = _port("HTTPS")
    return Dav(public_host(), port) if port else None
