"""Reading one variable: a method for each kind of value, which names the variable in what it raises."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from groupware.core.limit import Limit
from groupware.environment.databases import DatabaseUrl, read_database_url
from groupware.environment.errors import SettingsError
from groupware.environment.secrets import without_secret
from mail.flow.relays import parse_relay

PORTS: dict[str, int] = {
    "HTTP": 8000,
    "HTTPS": 8443,
    "EVENTS": 8001,
    "IMAP": 1143,
    "IMAPS": 1993,
    "POP3": 1110,
    "POP3S": 1995,
    "SMTP": 1025,
    "SUBMISSION": 1587,
    "SUBMISSIONS": 1465,
    "LMTP": 1024,
    "SIEVE": 4190,
}

# What speaks TLS from the first byte.
IMPLICIT_TLS = frozenset({"HTTPS", "IMAPS", "POP3S", "SUBMISSIONS"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
    re.IGNORECASE,
)

_SERVER = re.compile(
    r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<four>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE
)


class Values:
    """One method per kind of value; each names the variable in what it raises."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.given: dict[str, str] = {}
        """What was read by name, fit to be shown: empty where the default counts."""

    def _get(self, name: str) -> str:
        value = self._environ.get(f"GROUPWARE_{name}", "").strip()
        self.given[name] = without_secret(name, value)
        return value

    def _wrong(self, name: str, expected: str) -> SettingsError:
        return SettingsError(f"GROUPWARE_{name}={self._get(name)}: {expected}.")

    def path(self, name: str) -> Path | None:
        """Return a path, absolute; None where none is given."""
        value = self._get(name)
        return Path(value).expanduser().absolute() if value else None

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        value = self._get(name)
        if not value:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise self._wrong(name, f"expected a whole number from {low} to {high}")
        return int(value)

    def limit(self, limit: Limit) -> int:
        """Return the value of a limit."""
        value = self._get(limit.name)
        try:
            return limit.parse(value) if value else limit.default
        except ValueError as error:
            raise self._wrong(limit.name, str(error)) from None

    def switch(self, name: str, *, default: bool) -> bool:
        """Return whether something is turned on: 1 or 0."""
        value = self._get(name)
        if value not in {"", "0", "1"}:
            raise self._wrong(name, "expected 0 or 1")
        return value == "1" if value else default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Return one of the words that are allowed, in whatever case it is written."""
        value = self._get(name)
        for option in allowed:
            if value.lower() == option.lower():
                return option
        if value:
            raise self._wrong(name, f"expected one of {', '.join(allowed)}")
        return default

    def host(self, name: str, default: str) -> str:
        """Return a host name or an address."""
        value = self._get(name) or default
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            if not _HOST_NAME.fullmatch(value):
                raise self._wrong(name, "expected a host name or an address") from None
        return value

    def domains(self, name: str) -> frozenset[str]:
        """Return domains that are given with commas between."""
        parts = [part.strip().lower() for part in self._get(name).split(",") if part.strip()]
        if not all(_HOST_NAME.fullmatch(part) for part in parts):
            raise self._wrong(
                name, "expected domains such as lists.example.org, with commas between"
            )
        return frozenset(parts)

    def ports(self) -> dict[str, int]:
        """Return every port; no two are the same."""
        ports: dict[str, int] = {}
        for name, default in PORTS.items():
            port = self.number(f"{name}_PORT", default, 0, 65535)
            for other, taken in ports.items():
                if port and port == taken:
                    raise SettingsError(
                        f"GROUPWARE_{name}_PORT={port}: GROUPWARE_{other}_PORT is the same; "
                        "give each its own, or 0 to turn one off."
                    )
            ports[name] = port
        return ports

    def tls(self) -> tuple[Path | None, Path | None]:
        """Return the files of a certificate and its key: both, or none."""
        cert, key = self.path("TLS_CERT"), self.path("TLS_KEY")
        if (cert is None) != (key is None):
            raise SettingsError("GROUPWARE_TLS_CERT and GROUPWARE_TLS_KEY: set both or neither.")
        for name, path in (("TLS_CERT", cert), ("TLS_KEY", key)):
            if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
                raise self._wrong(name, "there is no file there that can be read")
        return cert, key

    def networks(self, name: str) -> tuple[Network, ...]:
        """Return networks that are given with commas between."""
        parts = [part.strip() for part in self._get(name).split(",") if part.strip()]
        try:
            return tuple(ipaddress.ip_network(part) for part in parts)
        except ValueError:
            raise self._wrong(
                name, "expected addresses or networks such as 10.0.0.0/8, separated by commas"
            ) from None

    def servers(self, name: str, default_port: int) -> tuple[tuple[str, int], ...]:
        """Return addresses with their ports, given with commas between."""
        return tuple(
            self._server(name, part.strip(), default_port)
            for part in self._get(name).split(",")
            if part.strip()
        )

    def _server(self, name: str, text: str, default_port: int) -> tuple[str, int]:
        found = _SERVER.fullmatch(text)
        try:
            address = ipaddress.ip_address(found["six"] or found["four"] if found else text)
        except ValueError:
            address = None
        port = int(found["port"] or default_port) if found else default_port
        if address is None or not 1 <= port <= 65535:
            raise self._wrong(name, "expected addresses such as 127.0.0.1:53, [::1]:53 or ::1")
        return str(address), port

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        """Return a URL of one of the schemes."""
        value = self._get(name)
        if value and urlsplit(value).scheme not in schemes:
            # The value itself may hold a password and is not repeated.
            raise SettingsError(
                f"GROUPWARE_{name}: expected a URL that begins with "
                f"{' or '.join(f'{scheme}://' for scheme in schemes)}."
            )
        return value

    def parsed(self, read: Callable[[Callable[[str], str]], Any]) -> Any:
        """Return what a reader of several variables makes of them."""
        try:
            return read(self._get)
        except ValueError as error:
            raise SettingsError(f"GROUPWARE_{error}.") from None

    def relay(self, name: str) -> str:
        """Return the URL of a server that takes mail for others."""
        value = self._get(name)
        try:
            if value:
                parse_relay(value)
        except ValueError as error:
            # The value itself may hold a password and is not repeated.
            raise SettingsError(f"GROUPWARE_{name}: {error}.") from None
        return value

    def not_yet(self, name: str, instead: str) -> str:
        """Refuse what this version would not heed: nobody's data lies elsewhere unknown to them."""
        if self._get(name):
            raise SettingsError(
                f"GROUPWARE_{name}: this version knows no other place than its own ({instead}); "
                "unset it."
            )
        return ""

    def public_url(self, default: str) -> str:
        """Return the URL by which others reach the pages."""
        value = self.url("PUBLIC_URL", ("http", "https")) or default
        if not urlsplit(value).hostname:
            raise self._wrong("PUBLIC_URL", "expected a URL such as https://mail.example.org")
        return value.rstrip("/")

    def database_url(self, data: Path) -> DatabaseUrl:
        """Return where the database is."""
        value = self.url("DATABASE_URL", ("sqlite", "postgresql", "postgres"))
        if not value:
            return DatabaseUrl("sqlite", str(data / "groupware.sqlite3"))
        return read_database_url(value)
