"""Thunderbird's own code reads what it asks this server for."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.core.directory import create_domain
from tests.clientconfig.thunderbird import Reader, reading

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(300)]
STARTTLS, TLS = 2, 3
CLEARTEXT = 3


@pytest.fixture(scope="module")
def thunderbird() -> Iterator[Reader]:
    with reading() as reader:
        yield reader


@pytest.fixture(autouse=True)
def domain(db: None, settings: Settings) -> None:
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.org"
    create_domain("team.example")


def servers(config: dict[str, Any]) -> list[tuple[object, ...]]:
    held = [
        config["incoming"],
        *config["incomingAlternatives"],
        config["outgoing"],
        *config["outgoingAlternatives"],
    ]
    names = ("type", "hostname", "port", "socketType", "auth", "username")
    return [tuple(server[name] for name in names) for server in held]


def test_it_takes_every_server_of_autoconfig(client: Client, thunderbird: Reader) -> None:
    response = client.get("/mail/config-v1.1.xml", headers={"host": "autoconfig.team.example"})
    config = thunderbird.read_autoconfig(response.content.decode())
    assert (config["id"], config["domains"]) == ("team.example", ["team.example"])
    login = "%EMAILADDRESS%"
    assert servers(config) == [
        ("imap", "mail.example.org", 993, TLS, CLEARTEXT, login),
        ("pop3", "mail.example.org", 995, TLS, CLEARTEXT, login),
        ("smtp", "mail.example.org", 465, TLS, CLEARTEXT, login),
    ]


def test_it_takes_what_begins_in_the_clear(
    client: Client, thunderbird: Reader, settings: Settings
) -> None:
    off = {"IMAPS": 0, "POP3": 0, "POP3S": 0, "SUBMISSIONS": 0}
    settings.GROUPWARE_PORTS = settings.GROUPWARE_PORTS | off
    response = client.get("/mail/config-v1.1.xml", headers={"host": "autoconfig.team.example"})
    config = thunderbird.read_autoconfig(response.content.decode())
    told = [(kind, port, how) for kind, _, port, how, *_ in servers(config)]
    assert told == [("imap", 143, STARTTLS), ("smtp", 587, STARTTLS)]


def test_it_takes_every_server_of_autodiscover(client: Client, thunderbird: Reader) -> None:
    response = client.get("/autodiscover/autodiscover.xml?Email=ann@team.example", secure=True)
    config = thunderbird.read_autodiscover(response.content.decode())
    login = "ann@team.example"
    assert servers(config) == [
        ("imap", "mail.example.org", 993, TLS, CLEARTEXT, login),
        ("pop3", "mail.example.org", 995, TLS, CLEARTEXT, login),
        ("smtp", "mail.example.org", 465, TLS, CLEARTEXT, login),
    ]
