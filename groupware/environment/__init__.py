"""The environment contract: every `GROUPWARE_*` variable, its default and what it may hold.

Pure but for looking at the files that a variable names: no Django here, so that `manage.py` can
refuse a wrong value in one line before anything else is imported. The settings carry the parsed
values under the variables' own names.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from groupware.core.limits import LIMITS
from groupware.environment.databases import DatabaseUrl
from groupware.environment.errors import SettingsError
from groupware.environment.values import IMPLICIT_TLS, PORTS, Network, Values
from groupware.identity.providers import LdapServer, OidcProvider, read_ldap, read_oidc

__all__ = [
    "BASE_DIR",
    "IMPLICIT_TLS",
    "PORTS",
    "DatabaseUrl",
    "Environment",
    "SettingsError",
    "is_loopback",
    "prepare_data_directory",
    "read_environment",
    "url_host",
]

BASE_DIR = Path(__file__).resolve().parent.parent.parent

POP3_DELES = ("delete", "trash", "hide")
DMARC_MODES = ("enforce", "junk", "note")
SPAM_MODES = ("junk", "refuse")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MAX_PROCESSES = 64


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
    given: Mapping[str, str]  # what each variable was given, without the secrets


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
    values = Values(environ)
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
        given=values.given,
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
