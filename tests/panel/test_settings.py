"""The page of settings: what is set, what it means, who is told of what; never a secret."""

import importlib.util
from html import unescape

import pytest
from pytest_django.fixtures import Settings

from groupware.core import limits, variables
from groupware.core.variabletable import VARIABLES
from groupware.environment import PORTS, read_environment
from groupware.environment.secrets import without_secret
from tests.conftest import SetLimit
from tests.panel.people import People, browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]
GIVEN = {
    "DATABASE_URL": "postgresql://keeper:hush@db.internal:5432/groupware",
    "BROKER_URL": "redis://:hush@broker.internal/0",
    "SMARTHOST_URL": "smtp://us:hush@relay.internal:587?tls=none",
    "RSPAMD_URL": "http://:hush@127.0.0.1:11334",
    "OIDC_ISSUER": "https://id.example.org",
    "OIDC_CLIENT_ID": "groupware",
    "OIDC_CLIENT_SECRET": "hush",
    "LDAP_URL": "ldap://127.0.0.1",
    "LDAP_BASE": "dc=example",
    "LDAP_DOMAINS": "example.org",
    "LDAP_BIND_PASSWORD": "hush",
    "PROCESSES": "3",
    "AUDIT_DAYS": "77",
}


def given() -> dict[str, str]:
    environ = {f"GROUPWARE_{name}": value for name, value in GIVEN.items()}
    with pytest.MonkeyPatch.context() as patch:
        # The extra for LDAP is not installed everywhere; reading the variables wants none of it.
        patch.setattr(importlib.util, "find_spec", lambda _name: True)
        return dict(read_environment(environ).given)


def shown(people: People, query: str = "", language: str = "en") -> str:
    client = browser_of(people.root)
    client.cookies["language"] = language
    response = client.get(f"/admin/settings/{query}")
    assert response.status_code == 200
    return unescape(response.content.decode().replace("_<wbr>", "_"))


def test_every_variable_that_is_read_is_in_the_table_and_no_other() -> None:
    read = given().keys() - {limit.name for limit in limits.LIMITS}
    named = [held.name for held in VARIABLES]
    assert len(set(named)) == len(named)
    assert read == set(named)
    assert {f"{name}_PORT" for name in PORTS} <= set(named)


def test_ports_are_told_with_the_defaults_that_they_have() -> None:
    told = {held.name: held.default for held in VARIABLES}
    assert {name: told[f"{name}_PORT"] for name in PORTS} == {
        name: str(port) for name, port in PORTS.items()
    }


def test_what_is_set_is_told_with_its_default_and_without_a_secret(
    people: People, settings: Settings, set_limit: SetLimit
) -> None:
    settings.GROUPWARE_GIVEN = given()
    set_limit(limits.AUDIT_DAYS, 77)
    page = shown(people)
    assert "hush" not in page
    assert "postgresql://…@db.internal:5432/groupware" in page
    assert "smtp://…@relay.internal:587?tls=none" in page
    assert "<b>77 days</b>" in page
    assert "400 days" in page
    assert limits.MESSAGE_SIZE.meaning in page
    only_set = shown(people, "?show=set")
    assert "GROUPWARE_PROCESSES" in only_set
    assert "GROUPWARE_LMTP_PORT" not in only_set


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LDAP_BIND_PASSWORD", "hush", "…"),
        ("OIDC_CLIENT_SECRET", "hush", "…"),
        ("OIDC_CLIENT_SECRET", "", ""),
        ("TLS_KEY", "/etc/ssl/key.pem", "/etc/ssl/key.pem"),
        ("DATABASE_URL", "postgresql://a:hu/s@h@host/name", "postgresql://…@host/name"),
        ("BROKER_URL", "redis://host/0?password=hush", "redis://host/0?…"),
        ("BROKER_URL", "redis://host/0", "redis://host/0"),
        ("SMARTHOST_URL", "smtp://a:b@c?tls=none", "smtp://…@c?tls=none"),
        ("DOMAIN", "example.org", "example.org"),
        ("DNS_SERVERS", "[::1]:53,127.0.0.1", "[::1]:53,127.0.0.1"),
    ],
)
def test_of_a_secret_nothing_is_shown(name: str, value: str, expected: str) -> None:
    assert without_secret(name, value) == expected


def test_long_names_break_between_their_words(people: People) -> None:
    page = browser_of(people.root).get("/admin/settings/").content.decode()
    assert "<code>GROUPWARE_<wbr>MAX_<wbr>MESSAGE_<wbr>SIZE</code>" in page


def test_settings_are_searched_by_name_and_meaning(people: People) -> None:
    page = shown(people, "?q=pop3+hides")
    assert "GROUPWARE_POP3_HIDE_DAYS" in page
    assert "GROUPWARE_MAX_MESSAGE_SIZE" not in page
    assert "Nothing here is as you search for." in page
    assert "GROUPWARE_DATABASE_URL" in shown(people, "?q=dov%E2%80%99%C3%A8+il+database", "it")


def test_what_a_limit_means_is_told_in_italian(people: People) -> None:
    page = shown(people, "?q=GROUPWARE_MAX_MESSAGE_SIZE", "it")
    assert "il messaggio più grande che si accetta, con qualsiasi protocollo" in page


def test_what_is_computed_is_told_as_it_came_out(settings: Settings) -> None:
    settings.GROUPWARE_GIVEN = {"HOST": ""}
    settings.GROUPWARE_PROCESSES = 9
    settings.GROUPWARE_DEMO = True
    told = {held.name: held.value for held in variables.list_variables()}
    assert told["GROUPWARE_PROCESSES"] == "9"
    assert told["GROUPWARE_DEMO"] == "1"
    assert told["GROUPWARE_DATA"] == str(settings.GROUPWARE_DATA)


def test_what_would_be_told_to_whom_is_shown(people: People, set_limit: SetLimit) -> None:
    set_limit(limits.NOTICE_DISK, 0)
    assert "Nothing wants to be looked at now." in shown(people)
    set_limit(limits.NOTICE_DISK, 100)
    page = shown(people)
    assert "The disk of this server has" in page
    assert "goes once a day to root@example.test" in page


def test_it_is_for_who_administers_everything(people: People) -> None:
    for account in (people.admin, people.help_desk, people.others_admin):
        client = browser_of(account)
        assert client.get("/admin/settings/").status_code == 403
        assert "/admin/settings/" not in client.get("/admin/").content.decode()
