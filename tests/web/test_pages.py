import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from groupware.core import limits
from groupware.core.blobs import service
from groupware.core.health import looking
from groupware.core.proxies import client_address
from groupware.core.tls import ensure_certificate
from groupware.web.status import port_states
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db


def test_front_page_is_self_contained(client: Client) -> None:
    response = client.get("/")
    body = response.content.decode()
    nonce = re.search(r"'nonce-([^']+)'", response["Content-Security-Policy"])
    assert nonce is not None
    assert f'<link rel="stylesheet" href="/static/groupware/pages.css" nonce="{nonce[1]}">' in body
    assert not re.findall(r'(?:src|href)="(?!/|#|data:)', body)
    assert "style=" not in body
    assert "<script" not in body


def test_each_response_has_a_nonce_of_its_own(client: Client) -> None:
    policies = {client.get("/")["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


def test_front_page_is_in_the_language_of_its_reader(client: Client) -> None:
    body = client.get("/", headers={"accept-language": "it"}).content.decode()
    assert '<html lang="it">' in body
    assert "Collega un dispositivo" in body
    for word in ("Where", "Connect", "running", "not answering", "Free software"):
        assert word not in re.sub(r'(?:class|id)="[^"]*"', "", body)


def test_front_page_tells_the_ports_that_there_are(client: Client, settings: Settings) -> None:
    settings.GROUPWARE_PORTS = settings.GROUPWARE_PORTS | {
        "POP3": 0, "POP3S": 0, "SUBMISSION": 0, "SUBMISSIONS": 10_465,
    }  # fmt: skip
    body = client.get("/").content.decode()
    assert "<dd><code>10465</code> with TLS</dd>" in body
    assert "POP3, INBOX only" not in body


@pytest.mark.parametrize("program", ["Thunderbird", "Apple", "Android", "mutt", "mbsync"])
def test_front_page_tells_how_to_connect(client: Client, program: str) -> None:
    assert f"<summary>{program}</summary>" in client.get("/").content.decode()


def test_front_page_tells_the_address_of_calendars(client: Client, settings: Settings) -> None:
    port = settings.GROUPWARE_PORTS["HTTPS"]
    assert f"https://127.0.0.1:{port}/dav/" in client.get("/").content.decode()
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.test"
    assert "https://mail.example.test/dav/" in client.get("/").content.decode()


def test_front_page_hides_paths_of_this_machine_from_others(
    client: Client, settings: Settings
) -> None:
    ensure_certificate(settings.GROUPWARE_DATA, ["example.test"])
    assert str(settings.GROUPWARE_DATA) in client.get("/").content.decode()
    settings.GROUPWARE_HOST = "0.0.0.0"
    body = client.get("/").content.decode()
    assert str(settings.GROUPWARE_DATA) not in body
    assert "SHA-256" in body


def test_health_is_told_of_database_and_blobs(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "blobs": "ok"}


def test_health_without_a_database_is_503(client: Client) -> None:
    def refuse(*_arguments: object) -> object:
        raise DatabaseError("gone")

    with connection.execute_wrapper(refuse):
        response = client.get("/healthz")
    assert response.status_code == 503
    assert json.loads(response.content)["database"] == "unreachable"


@pytest.fixture
def unreadable_blobs(settings: Settings, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "blobs.sqlite3").mkdir()
    settings.GROUPWARE_DATA = tmp_path
    service._local_store.cache_clear()
    yield
    service._local_store.cache_clear()


def test_health_without_blobs_is_503(client: Client, unreadable_blobs: None) -> None:
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()["blobs"] == "unreachable"


def test_metrics_are_for_private_networks(client: Client) -> None:
    assert client.get("/metrics").status_code == 200
    response = client.get("/metrics", REMOTE_ADDR="8.8.8.8")
    assert response.status_code == 403
    assert b"groupware_" not in response.content


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("mail.example.test", 200),
        ("attacker.example", 400),
        ("", 400),
    ],
)
def test_only_names_of_this_server_are_answered(client: Client, host: str, status: int) -> None:
    assert client.get("/", headers={"host": host}).status_code == status


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_are_only_read(client: Client, method: str) -> None:
    assert getattr(client, method)("/healthz").status_code == 405


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "not an address", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("", "203.0.113.9", "0.0.0.0"),
    ],
)
def test_client_address_trusts_only_the_proxies_that_are_named(
    settings: Settings, remote: str, forwarded: str, expected: str
) -> None:
    import ipaddress

    settings.GROUPWARE_TRUSTED_PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)
    request = RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)
    assert str(client_address(request.META)) == expected


def test_ports_are_off_or_do_not_answer_where_nothing_runs(
    settings: Settings, tmp_path: Path
) -> None:
    settings.GROUPWARE_DATA = tmp_path
    settings.GROUPWARE_PORTS = dict(settings.GROUPWARE_PORTS) | {"IMAP": 0, "LMTP": 1}
    looking.forget()
    states = {state.name: state.state for state in port_states()}
    assert {name: states[name] for name in ("IMAP", "LMTP")} == {
        "IMAP": "off",
        "LMTP": "not answering",
    }


def test_a_port_that_takes_its_time_is_slow(
    client: Client, settings: Settings, set_limit: SetLimit, tmp_path: Path
) -> None:
    settings.GROUPWARE_DATA = tmp_path
    set_limit(limits.HEALTH_TIMEOUT, 50)
    looking.forget()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings.GROUPWARE_PORTS = dict.fromkeys(settings.GROUPWARE_PORTS, 0) | {"IMAP": port}
        body = client.get("/").content.decode()
    assert '<span class="state slow">answers slowly</span>' in body
    assert "not answering" not in body
