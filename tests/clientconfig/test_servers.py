"""Where programs are led: by the name of this server, or to the ports it listens on."""

import json

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.clientconfig import phonecode
from groupware.clientconfig.servers import find_servers


def test_a_server_without_a_name_is_reached_where_it_listens(settings: Settings) -> None:
    settings.GROUPWARE_PUBLIC_URL = "http://127.0.0.1:8000"
    held = find_servers()
    ports = settings.GROUPWARE_PORTS
    assert [server.port for server in held.mail] == [
        ports["IMAPS"],
        ports["POP3S"],
        ports["SUBMISSIONS"],
    ]
    assert held.dav is not None
    assert held.dav.url == f"https://127.0.0.1:{ports['HTTPS']}/dav/"


def test_an_address_of_version_six_stands_in_brackets(settings: Settings) -> None:
    settings.GROUPWARE_PUBLIC_URL = "https://[2001:db8::1]:8443"
    held = find_servers()
    assert held.dav is not None
    assert held.dav.url == "https://[2001:db8::1]:8443/dav/"


def test_dav_is_where_the_proxy_ends_tls(settings: Settings) -> None:
    settings.GROUPWARE_PUBLIC_URL = "https://groupware.example.org"
    held = find_servers()
    assert held.dav is not None
    assert held.dav.url == "https://groupware.example.org/dav/"


def test_thunderbird_for_android_is_given_both_servers(settings: Settings) -> None:
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.org"
    code = phonecode.render("ann@team.example", "Ann", "secret", find_servers())
    assert code is not None
    server = ["mail.example.org", 993, 3, 1, "ann@team.example"]
    sending = [0, "mail.example.org", 465, 3, 1, "ann@team.example", "secret"]
    assert json.loads(code) == [
        1,
        [1, 1],
        [0, *server, "ann@team.example", "secret"],
        [[sending, ["ann@team.example", "Ann"]]],
    ]


def test_without_sending_there_is_no_code(settings: Settings) -> None:
    settings.GROUPWARE_PORTS = settings.GROUPWARE_PORTS | {"SUBMISSION": 0, "SUBMISSIONS": 0}
    assert phonecode.render("ann@team.example", "", "", find_servers()) is None


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["caldav", "carddav"])
@pytest.mark.parametrize("method", ["GET", "PROPFIND", "OPTIONS"])
def test_well_known_addresses_lead_to_dav(client: Client, name: str, method: str) -> None:
    response = client.generic(method, f"/.well-known/{name}")
    assert (response.status_code, response["Location"]) == (301, "/dav/")
