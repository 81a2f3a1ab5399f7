"""What an installation says of those who know its people elsewhere: an LDAP directory, a provider.

Pure: `groupware.environment` reads them before Django is there. What is wrong raises ValueError with
a text that names the variable, without the prefix.
"""

import importlib.util
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

Get = Callable[[str], str]
"""Returns the value of a variable by its name without the prefix, "" where it is not set."""

_PLACE = "%(user)s"


@dataclass(frozen=True, slots=True)
class LdapServer:
    """A directory that keeps the passwords of the accounts of some domains."""

    url: str
    base: str
    filter: str  # with %(user)s for the address
    domains: frozenset[str]
    bind_dn: str
    bind_password: str
    ca_file: Path | None

    @property
    def starts_tls(self) -> bool:
        """Whether StartTLS comes first: always, unless it is TLS already or this machine."""
        return self.url.startswith("ldap://") and not _is_loopback(urlsplit(self.url).hostname)


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """An OpenID Connect provider that signs people in."""

    issuer: str
    client_id: str
    client_secret: str
    name: str


def read_ldap(get: Get) -> LdapServer | None:
    """Return what GROUPWARE_LDAP_* say; None where no URL is set."""
    url = get("LDAP_URL")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname or parts.path not in {"", "/"}:
        raise ValueError("LDAP_URL: expected ldap://HOST or ldaps://HOST, with or without :PORT")
    values = _required(get, {"LDAP_BASE": "dc=example,dc=org", "LDAP_DOMAINS": "example.org"})
    search = get("LDAP_FILTER") or f"(mail={_PLACE})"
    if search.count(_PLACE) != 1 or "%" in search.replace(_PLACE, ""):
        raise ValueError(f"LDAP_FILTER: expected a filter with {_PLACE} once, and no other %")
    ca_file = Path(get("LDAP_CA")) if get("LDAP_CA") else None
    if ca_file is not None and not ca_file.is_file():
        raise ValueError("LDAP_CA: there is no file there that can be read")
    if importlib.util.find_spec("django_auth_ldap") is None:
        raise ValueError("LDAP_URL: install the extra first: pip install 'groupware[ldap]'")
    return LdapServer(
        url=url.rstrip("/"),
        base=values["LDAP_BASE"],
        filter=search,
        domains=_domains(values["LDAP_DOMAINS"]),
        bind_dn=get("LDAP_BIND_DN"),
        bind_password=get("LDAP_BIND_PASSWORD"),
        ca_file=ca_file,
    )


def read_oidc(get: Get) -> OidcProvider | None:
    """Return what GROUPWARE_OIDC_* say; None where no issuer is set."""
    issuer = get("OIDC_ISSUER")
    if not issuer:
        return None
    parts = urlsplit(issuer)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    if not is_safe or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("OIDC_ISSUER: expected a URL such as https://id.example.org")
    values = _required(get, {"OIDC_CLIENT_ID": "an id", "OIDC_CLIENT_SECRET": "its secret"})
    return OidcProvider(
        issuer=issuer,
        client_id=values["OIDC_CLIENT_ID"],
        client_secret=values["OIDC_CLIENT_SECRET"],
        name=get("OIDC_NAME") or parts.hostname,
    )


def _required(get: Get, examples: Mapping[str, str]) -> dict[str, str]:
    values = {name: get(name) for name in examples}
    for name, value in values.items():
        if not value:
            raise ValueError(f"{name}: expected a value such as {examples[name]}")
    return values


def _domains(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
