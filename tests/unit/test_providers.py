"""What an installation says of LDAP and OpenID Connect."""

import importlib.util
from pathlib import Path

import pytest

from groupware.environment import SettingsError, read_environment
from groupware.identity import providers

LDAP = {
    "LDAP_URL": "ldaps://ldap.example.org/",
    "LDAP_BASE": "dc=example,dc=org",
    "LDAP_DOMAINS": "example.org, Example.NET",
}
OIDC = {
    "OIDC_ISSUER": "https://id.example.org/realm",
    "OIDC_CLIENT_ID": "groupware",
    "OIDC_CLIENT_SECRET": "the secret of it",
}


@pytest.fixture(autouse=True)
def _extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the extra be there, as far as it is looked for."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


def read(**values: str) -> object:
    return read_environment({f"GROUPWARE_{name}": value for name, value in values.items()})


def ldap(**values: str) -> providers.LdapServer:
    held = providers.read_ldap(lambda name: (LDAP | values).get(name, ""))
    assert held is not None
    return held


def oidc(**values: str) -> providers.OidcProvider:
    held = providers.read_oidc(lambda name: (OIDC | values).get(name, ""))
    assert held is not None
    return held


def test_neither_is_there_by_default() -> None:
    environment = read_environment({})
    assert (environment.ldap, environment.oidc) == (None, None)


def test_directory_is_read(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    held = ldap(LDAP_CA=str(ca_file), LDAP_BIND_DN="cn=reader", LDAP_BIND_PASSWORD="secret")
    assert held.url == "ldaps://ldap.example.org"
    assert held.domains == {"example.org", "example.net"}
    assert held.filter == "(mail=%(user)s)"
    assert (held.bind_dn, held.bind_password, held.ca_file) == ("cn=reader", "secret", ca_file)


def test_provider_is_read() -> None:
    assert oidc().name == "id.example.org"
    assert oidc(OIDC_NAME="Our own").name == "Our own"
    assert oidc(OIDC_ISSUER="http://127.0.0.1:5000").issuer == "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"LDAP_URL": "http://ldap.example.org"}, "LDAP_URL: expected ldap://"),
        ({"LDAP_URL": "ldap:///dc=example"}, "LDAP_URL: expected ldap://"),
        ({"LDAP_BASE": ""}, "LDAP_BASE: expected a value such as dc=example,dc=org"),
        ({"LDAP_DOMAINS": ""}, "LDAP_DOMAINS: expected a value"),
        ({"LDAP_FILTER": "(mail=eve)"}, "LDAP_FILTER: expected a filter"),
        ({"LDAP_FILTER": "(mail=%(user)s)(x=%s)"}, "LDAP_FILTER: expected a filter"),
        ({"LDAP_CA": "/nowhere/ca.pem"}, "LDAP_CA: there is no file"),
    ],
)
def test_directory_that_cannot_be_stops_the_start(values: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        read(**LDAP | values)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"OIDC_ISSUER": "http://id.example.org"}, "OIDC_ISSUER: expected a URL"),
        ({"OIDC_ISSUER": "https://id.example.org?x=1"}, "OIDC_ISSUER: expected a URL"),
        ({"OIDC_ISSUER": "https://"}, "OIDC_ISSUER: expected a URL"),
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID: expected a value"),
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET: expected a value"),
    ],
)
def test_provider_that_cannot_be_stops_the_start(values: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsError, match=text) as refused:
        read(**OIDC | values)
    assert OIDC["OIDC_CLIENT_SECRET"] not in str(refused.value)


def test_directory_without_the_extra_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(
        SettingsError, match=r"install the extra first: pip install 'groupware\[ldap\]'"
    ):
        read(**LDAP)
