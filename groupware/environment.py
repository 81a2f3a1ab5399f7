"""The environment contract: every `GROUPWARE_*` variable, its default and what it may hold.

Pure but for looking at the files that a variable names: no Django here, so that `manage.py` can
refuse a wrong value in one line before anything else is imported. The settings carry the parsed
values under the variables' own names.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from groupware.core.limit import Limit
from groupware.core.limits import LIMITS
from groupware.identity.providers import LdapServer, OidcProvider, read_ldap, read_oidc
from mail.flow.relays import parse_relay

BASE_DIR = Path(__file__).resolve().parent.parent

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

POP3_DELES = ("delete", "trash", "hide")
DMARC_MODES = ("enforce", "junk", "note")
SPAM_MODES = ("junk", "refuse")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MAX_PROCESSES = 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
    re.IGNORECASE,
)

_SERVER = re.compile(
    r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<four>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE
)


class SettingsError(Exception):
    """A variable holds what it cannot mean; the text is the one line that the admin reads."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where the database is; of PostgreSQL's parts None leaves the choice to libpq."""

    engine: str  # "sqlite" or "postgresql"
    name: str  # the file's path, or the database's name
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """The parsed `GROUPWARE_*` variables; a field is its variable's name without the prefix."""

    data: Path
    host: str
    domain: str
    public_url: str
    tls_cert: Path | None
    tls_key: Path | None
    trusted_proxies: tuple[Network, ...]
    trusted_networks: tuple[Network, ...]
    source_networks: tuple[Network, ...]
    rspamd_url: str
    trusted_sealers: frozenset[str]  # domains whose ARC seals are believed
    dns_servers: tuple[tuple[str, int], ...]  # address and port; none: the system's
    smarthost_url: str  # of mail.flow.relays.parse_relay; none: the servers of the recipients
    mx_port: int
    ports: Mapping[str, int]  # "IMAPS" -> 1993; 0 is off
    processes: int
    database_url: DatabaseUrl
    blob_url: str
    broker_url: str
    notify_url: str
    log_level: str
    log_format: str
    demo: bool
    allow_plaintext: bool
    trace_submitter: bool
    dmarc: str  # of DMARC_MODES
    spam: str  # of SPAM_MODES
    pop3_dele: str  # of POP3_DELES
    pop3_seen: bool
    ldap: LdapServer | None
    oidc: OidcProvider | None
    limits: Mapping[str, int]  # by the names of groupware.core.limits


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_environment(environ: Mapping[str, str]) -> Environment:
    """Parse the contract from `environ`; an empty value counts as unset. Raises SettingsError."""
    values = _Values(environ)
    data = values.path("DATA") or BASE_DIR / "data"
    host = values.host("HOST", "127.0.0.1")
    ports = values.ports()
    tls_cert, tls_key = values.tls()
    loopback = is_loopback(host)
    demo = values.switch("DEMO", default=loopback)
    if demo and not loopback:
        raise SettingsError(
            f"GROUPWARE_DEMO=1: the demo team is refused on GROUPWARE_HOST={host}, which others "
            "can reach; unset GROUPWARE_DEMO."
        )
    allow_plaintext = values.switch("ALLOW_PLAINTEXT", default=False)
    if allow_plaintext and not loopback:
        raise SettingsError(
            "GROUPWARE_ALLOW_PLAINTEXT=1: logins without TLS are for loopback only, and "
            f"GROUPWARE_HOST={host} is not."
        )
    return Environment(
        data=data,
        host=host,
        domain=values.host("DOMAIN", "example.test").lower(),
        public_url=values.public_url(_default_public_url(host, ports)),
        tls_cert=tls_cert,
        tls_key=tls_key,
        trusted_proxies=values.networks("TRUSTED_PROXIES"),
        trusted_networks=values.networks("TRUSTED_NETWORKS"),
        source_networks=values.networks("SOURCE_NETWORKS"),
        rspamd_url=values.url("RSPAMD_URL", ("http", "https")),
        trusted_sealers=values.domains("TRUSTED_SEALERS"),
        dns_servers=values.servers("DNS_SERVERS", 53),
        smarthost_url=values.relay("SMARTHOST_URL"),
        mx_port=values.number("MX_PORT", 25, 1, 65535),
        ports=ports,
        processes=values.number("PROCESSES", min(os.cpu_count() or 1, 4), 1, MAX_PROCESSES),
        database_url=values.database_url(data),
        blob_url=values.not_yet("BLOB_URL", "bytes lie in the data directory"),
        broker_url=values.url("BROKER_URL", ("redis", "rediss", "amqp", "amqps")),
        notify_url=values.not_yet("NOTIFY_URL", "every process looks once a second"),
        log_level=values.choice("LOG_LEVEL", LOG_LEVELS, "INFO"),
        log_format=values.choice("LOG_FORMAT", ("text", "json"), "text"),
        demo=demo,
        allow_plaintext=allow_plaintext,
        trace_submitter=values.switch("TRACE_SUBMITTER", default=False),
        dmarc=values.choice("DMARC", DMARC_MODES, "enforce"),
        spam=values.choice("SPAM", SPAM_MODES, "junk"),
        pop3_dele=values.choice("POP3_DELE", POP3_DELES, "trash"),
        pop3_seen=values.switch("POP3_SEEN", default=True),
        ldap=values.parsed(read_ldap),
        oidc=values.parsed(read_oidc),
        limits={limit.name: values.limit(limit) for limit in LIMITS},
    )


def prepare_data_directory(data: Path) -> None:
    """Make the data directory (0700) where it is missing; raise SettingsError if not writable."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"GROUPWARE_DATA: cannot write to {data} ({error.strerror}); name a directory that "
            "this user can write to."
        ) from error


def url_host(host: str) -> str:
    """Return `host` as a URL carries it: IPv6 in brackets, any-address as localhost."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _default_public_url(host: str, ports: Mapping[str, int]) -> str:
    if ports["HTTP"] or not ports["HTTPS"]:
        return f"http://{url_host(host)}:{ports['HTTP']}"
    return f"https://{url_host(host)}:{ports['HTTPS']}"


class _Values:
    """One method per kind of value; each names the variable in what it raises."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def _get(self, name: str) -> str:
        return self._environ.get(f"GROUPWARE_{name}", "").strip()

    def _wrong(self, name: str, expected: str) -> SettingsError:
        return SettingsError(f"GROUPWARE_{name}={self._get(name)}: {expected}.")

    def path(self, name: str) -> Path | None:
        value = self._get(name)
        return Path(value).expanduser().absolute() if value else None

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self._get(name)
        if not value:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise self._wrong(name, f"expected a whole number from {low} to {high}")
        return int(value)

    def limit(self, limit: Limit) -> int:
        value = self._get(limit.name)
        try:
            return limit.parse(value) if value else limit.default
        except ValueError as error:
            raise self._wrong(limit.name, str(error)) from None

    def switch(self, name: str, *, default: bool) -> bool:
        value = self._get(name)
        if value not in {"", "0", "1"}:
            raise self._wrong(name, "expected 0 or 1")
        return value == "1" if value else default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self._get(name)
        for option in allowed:
            if value.lower() == option.lower():
                return option
        if value:
            raise self._wrong(name, f"expected one of {', '.join(allowed)}")
        return default

    def host(self, name: str, default: str) -> str:
        value = self._get(name) or default
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            if not _HOST_NAME.fullmatch(value):
                raise self._wrong(name, "expected a host name or an address") from None
        return value

    def domains(self, name: str) -> frozenset[str]:
        parts = [part.strip().lower() for part in self._get(name).split(",") if part.strip()]
        if not all(_HOST_NAME.fullmatch(part) for part in parts):
            raise self._wrong(
                name, "expected domains such as lists.example.org, with commas between"
            )
        return frozenset(parts)

    def ports(self) -> dict[str, int]:
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
        cert, key = self.path("TLS_CERT"), self.path("TLS_KEY")
        if (cert is None) != (key is None):
            raise SettingsError("GROUPWARE_TLS_CERT and GROUPWARE_TLS_KEY: set both or neither.")
        for name, path in (("TLS_CERT", cert), ("TLS_KEY", key)):
            if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
                raise self._wrong(name, "there is no file there that can be read")
        return cert, key

    def networks(self, name: str) -> tuple[Network, ...]:
        parts = [part.strip() for part in self._get(name).split(",") if part.strip()]
        try:
            return tuple(ipaddress.ip_network(part) for part in parts)
        except ValueError:
            raise self._wrong(
                name, "expected addresses or networks such as 10.0.0.0/8, separated by commas"
            ) from None

    def servers(self, name: str, default_port: int) -> tuple[tuple[str, int], ...]:
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
        value = self._get(name)
        if value and urlsplit(value).scheme not in schemes:
            # The value itself may hold a password and is not repeated.
            raise SettingsError(
                f"GROUPWARE_{name}: expected a URL that begins with "
                f"{' or '.join(f'{scheme}://' for scheme in schemes)}."
            )
        return value

    def parsed(self, read: Callable[[Callable[[str], str]], Any]) -> Any:
        try:
            return read(self._get)
        except ValueError as error:
            raise SettingsError(f"GROUPWARE_{error}.") from None

    def relay(self, name: str) -> str:
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
        value = self.url("PUBLIC_URL", ("http", "https")) or default
        if not urlsplit(value).hostname:
            raise self._wrong("PUBLIC_URL", "expected a URL such as https://mail.example.org")
        return value.rstrip("/")

    def database_url(self, data: Path) -> DatabaseUrl:
        value = self.url("DATABASE_URL", ("sqlite", "postgresql", "postgres"))
        if not value:
            return DatabaseUrl("sqlite", str(data / "groupware.sqlite3"))
        if value.startswith("sqlite://"):
            return _sqlite_url(value)
        return _postgresql_url(value)


def _sqlite_url(value: str) -> DatabaseUrl:
    path = unquote(value.removeprefix("sqlite://"))
    if not path.startswith("/") or path.endswith("/"):
        raise SettingsError(
            "GROUPWARE_DATABASE_URL: expected sqlite:///PATH with the absolute path of a file."
        )
    # Four slashes, as some write an absolute path, mean the same as three.
    return DatabaseUrl("sqlite", "/" + path.lstrip("/"))


def _postgresql_url(value: str) -> DatabaseUrl:
    parts = urlsplit(value)
    name = unquote(parts.path.removeprefix("/"))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if not name or "/" in name or port == -1 or parts.query or parts.fragment:
        raise SettingsError(
            "GROUPWARE_DATABASE_URL: expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        )
    return DatabaseUrl(
        engine="postgresql",
        name=name,
        host=unquote(_host_of(parts.netloc)),
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _host_of(netloc: str) -> str:
    """Return the host in its own case: one that begins with %2F is a Unix socket's directory."""
    return re.sub(r":[0-9]*\Z", "", netloc.rpartition("@")[2]).strip("[]")
