"""Servers to which mail is handed on instead of being sent to its domains' own.

The smarthost of the installation, and of single senders what somebody registers: the server of an
outside mailbox. No network and no database here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

TLS = "tls"
STARTTLS = "starttls"
OPPORTUNISTIC = "opportunistic"
NO_TLS = "none"

_PORTS = {"smtp": 587, "smtps": 465}
_SECURITY = {"required": STARTTLS, "opportunistic": OPPORTUNISTIC, "none": NO_TLS}


@dataclass(frozen=True, slots=True)
class Relay:
    """A server that takes mail for everybody, and how it is spoken to.

    `security` is TLS from the first octet, STARTTLS that must be offered, both with a certificate
    that is checked; OPPORTUNISTIC as with any server, or NO_TLS. A password goes nowhere without
    TLS but where that was asked for.
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    owner: str = ""

    @property
    def key(self) -> str:
        """What connections to it have in common; no domain looks like it."""
        return f"relay:{self.host}:{self.port}:{self.user}:{self.owner}"


Finder = Callable[[int | None, str], Relay | None]

_finders: list[Finder] = []


def register_finder(find: Finder) -> None:
    """Let `find(account_id, mail_from)` name the relay of single senders.

    It is called for each message that is to be sent, outside any transaction.
    """
    _finders.append(find)


def find_own_relay(account_id: int | None, mail_from: str) -> Relay | None:
    """Return the relay that a sender has to himself."""
    for find in _finders:
        if (relay := find(account_id, mail_from)) is not None:
            return relay
    return None


def parse_relay(url: str) -> Relay:
    """Read `smtp://user:password@host:587?tls=…` or `smtps://…`; raises ValueError with why."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError("expected a URL that begins with smtp:// or smtps://")
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError:
        port = 0
    if not parts.hostname or not port or parts.path not in {"", "/"} or parts.fragment:
        raise ValueError("expected smtp://USER:PASSWORD@HOST:PORT")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("expected a user and a password, or neither")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    security = _security(parts.scheme, parts.query)
    if user and security == OPPORTUNISTIC:
        raise ValueError("expected ?tls=required where there is a password, or ?tls=none")
    return Relay(parts.hostname, port, security, user, password)


def _security(scheme: str, query: str) -> str:
    wanted = dict(parse_qsl(query, keep_blank_values=True))
    if scheme == "smtps" and not wanted:
        return TLS
    tls = wanted.pop("tls", "required")
    if scheme == "smtps" or wanted or tls not in _SECURITY:
        raise ValueError(f"expected of smtp:// no more than ?tls={'|'.join(_SECURITY)}")
    return _SECURITY[tls]
