"""The MTA-STS policy and settings for mail programs: for our domains alone, at their hosts alone."""

from pathlib import Path

import pytest
from defusedxml import ElementTree
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.core.directory import create_domain
from mail.records import list_wanted

pytestmark = pytest.mark.django_db
PATH = "/.well-known/mta-sts.txt"
AUTOCONFIG = "/mail/config-v1.1.xml"


@pytest.fixture(autouse=True)
def domains(db: None, settings: Settings) -> None:
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.org"
    create_domain("team.example")
    create_domain("alias.example", alias_of="team.example")


@pytest.mark.parametrize("host", ["mta-sts.team.example", "MTA-STS.alias.example:443"])
def test_the_policy_host_of_a_domain_has_it(client: Client, host: str) -> None:
    response = client.get(PATH, headers={"host": host})
    assert response["Content-Type"] == "text/plain"
    assert response.content == (
        b"version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 604800\r\n"
    )


@pytest.mark.parametrize("host", ["team.example", "mta-sts.other.example", "mta-sts.", "", "\xff"])
def test_no_other_host_has_one(client: Client, host: str) -> None:
    assert client.get(PATH, headers={"host": host}).status_code == 404


def test_nothing_is_to_be_posted_there(client: Client) -> None:
    assert client.post(PATH, headers={"host": "mta-sts.team.example"}).status_code == 404


def test_with_a_real_certificate_it_is_enforced_and_has_another_id(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    def policy_id() -> str:
        [value] = [held.value for held in list_wanted("team.example") if "STSv1" in held.value]
        return value

    before = policy_id()
    settings.GROUPWARE_TLS_CERT = tmp_path / "cert.pem"
    response = client.get(PATH, headers={"host": "mta-sts.team.example"})
    assert b"mode: enforce" in response.content
    assert policy_id() != before


@pytest.mark.parametrize("domain", ["team.example", "alias.example"])
def test_a_mail_program_finds_its_settings(client: Client, settings: Settings, domain: str) -> None:
    moved = {"SUBMISSIONS": 10_465, "POP3": 0, "POP3S": 0}
    settings.GROUPWARE_PORTS = settings.GROUPWARE_PORTS | moved
    response = client.get(AUTOCONFIG, headers={"host": f"autoconfig.{domain}"})
    assert response["Content-Type"] == "text/xml"
    provider = ElementTree.fromstring(response.content).find("emailProvider")
    assert provider is not None
    assert (provider.get("id"), provider.findtext("domain")) == (domain, domain)
    told = [
        (server.get("type"), *(server.findtext(name) for name in ("hostname", "port", "username")))
        for server in provider
        if server.tag.endswith("Server")
    ]
    assert told == [
        ("imap", "mail.example.org", "993", "%EMAILADDRESS%"),
        ("smtp", "mail.example.org", "10465", "%EMAILADDRESS%"),
    ]


@pytest.mark.parametrize(
    "host", ["team.example", "autoconfig.other.example", "mta-sts.team.example"]
)
def test_no_other_host_has_settings(client: Client, host: str) -> None:
    assert client.get(AUTOCONFIG, headers={"host": host}).status_code == 404


def test_a_domain_that_leads_here_itself_has_them_too(client: Client) -> None:
    path = "/.well-known/autoconfig/mail/config-v1.1.xml"
    there = client.get(AUTOCONFIG, headers={"host": "autoconfig.team.example"})
    assert client.get(path, headers={"host": "team.example"}).content == there.content
    assert client.get(path, headers={"host": "other.example"}).status_code == 404


def test_calendars_and_contacts_are_told_beside_mail(client: Client) -> None:
    response = client.get(AUTOCONFIG, headers={"host": "autoconfig.team.example"})
    root = ElementTree.fromstring(response.content)
    told = [
        (held.tag, held.get("type"), held.findtext("serverURL"), held.findtext("username"))
        for held in root
        if held.tag != "emailProvider"
    ]
    url, login = "https://mail.example.org/dav/", "%EMAILADDRESS%"
    assert told == [("addressBook", "carddav", url, login), ("calendar", "caldav", url, login)]


def test_the_page_that_helps_is_named_in_each_language(client: Client) -> None:
    response = client.get(AUTOCONFIG, headers={"host": "autoconfig.team.example"})
    [page] = ElementTree.fromstring(response.content).iter("documentation")
    assert page.get("url") == "https://mail.example.org/account/devices/new/"
    assert [held.get("lang") for held in page] == ["en", "it"]
