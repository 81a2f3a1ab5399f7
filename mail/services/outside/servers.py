"""What accounts and senders elsewhere have in common: a server, and a secret for it."""

import ipaddress
from dataclasses import dataclass, field

from groupware.core.addresses import BadAddress, parse_domain
from groupware.core.errors import Invalid
from groupware.core.sealing import seal, unseal
from mail.models import OutsideTls
from mail.outside.servers import Server

MAX_USER = 320
MAX_PASSWORD = 1_000


@dataclass(frozen=True, slots=True)
class Login:
    """Where a server is, and how to log in; `protocol` is imap, pop3 or smtp."""

    protocol: str
    host: str
    user: str
    password: str = field(repr=False)
    port: int = 0
    tls: str = OutsideTls.IMPLICIT


PORTS = {
    ("imap", OutsideTls.IMPLICIT): 993,
    ("imap", OutsideTls.STARTTLS): 143,
    ("imap", OutsideTls.NONE): 143,
    ("pop3", OutsideTls.IMPLICIT): 995,
    ("pop3", OutsideTls.STARTTLS): 110,
    ("pop3", OutsideTls.NONE): 110,
    ("smtp", OutsideTls.IMPLICIT): 465,
    ("smtp", OutsideTls.STARTTLS): 587,
    ("smtp", OutsideTls.NONE): 25,
}


def check_login(login: Login) -> Login:
    """Return a login as it is kept, with its port; raises `Invalid`."""
    if login.tls not in OutsideTls.values:
        raise Invalid("TLS is one of {choices}.", choices=", ".join(OutsideTls.values))
    port = login.port or PORTS[login.protocol, OutsideTls(login.tls)]
    if not 1 <= port <= 65_535:
        raise Invalid("A port is a number from 1 to 65535.")
    if not 1 <= len(login.user) <= MAX_USER or not login.user.isprintable():
        raise Invalid(
            "A user's name has 1 to {most} characters, all of them printable.", most=MAX_USER
        )
    check_password(login.password)
    return Login(login.protocol, _host(login.host), login.user, login.password, port, login.tls)


def check_password(password: str) -> None:
    """Raise `Invalid` for what is no password of another server."""
    if not 1 <= len(password) <= MAX_PASSWORD or any(ord(char) < 32 for char in password):
        raise Invalid(
            "A password has 1 to {most} characters, none of them a control.", most=MAX_PASSWORD
        )


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    try:
        return parse_domain(text)
    except BadAddress as error:
        raise Invalid("{text} is no name of a server.", text=text) from error


def seal_password(account_id: int, login: Login) -> bytes:
    """Return the password as it is kept: for this account, server and user alone.

    Who writes another server into the row does not have the password sent there.
    """
    return seal(login.password, _purpose(account_id, login))


def read_server(account_id: int, login: Login, secret: bytes | memoryview) -> Server:
    """Return the server to connect to; raises `Unsealable`."""
    password = unseal(bytes(secret), _purpose(account_id, login))
    return Server(login.host, login.port, login.tls, login.user, password)


def _purpose(account_id: int, login: Login) -> str:
    return f"outside {account_id} {login.protocol} {login.host} {login.user}"
