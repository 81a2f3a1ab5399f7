"""Fetching: bounded, and from public hosts alone, whatever the other side does."""

import gzip
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings as Configured

from groupware.core import fetching
from groupware.core.dialing import is_allowed, is_listed
from groupware.core.fetching import Bounds, Fetched, FetchFailed, check_url, fetch
from groupware.core.tls import ensure_certificate, own_certificate_files
from tests.services.web import Web, serving

BOUNDS = Bounds(10_000, 5.0)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as found:
        yield found


@pytest.fixture
def open_loopback(settings: Configured) -> None:
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)


def why(url: str, bounds: Bounds = BOUNDS) -> str:
    with pytest.raises(FetchFailed) as caught:
        fetch(url, bounds)
    return caught.value.message


@pytest.mark.usefixtures("open_loopback")
def test_what_lies_there_comes_with_its_etag(web: Web) -> None:
    url = web.page("/a?b=%20c", b"hello", ETag='"1"')
    assert fetch(url, BOUNDS) == Fetched(b"hello", '"1"')
    web.page("/a?b=%20c", status=304)
    assert fetch(url, BOUNDS, etag='"1"', accept="text/calendar") == Fetched(None, '"1"')
    _, headers = web.asked[-1]
    assert (headers["If-None-Match"], headers["Accept"]) == ('"1"', "text/calendar")
    assert "answers 304" in why(url), "nobody asked whether it is still the same"


@pytest.mark.parametrize("etag", ['"a\0b"', '"a\r\n b"', '"\x85"', "x" * 256])
@pytest.mark.usefixtures("open_loopback")
def test_an_etag_that_cannot_be_kept_or_sent_back_is_none(web: Web, etag: str) -> None:
    assert fetch(web.page("/", b"hello", ETag=etag), BOUNDS) == Fetched(b"hello", "")


@pytest.mark.usefixtures("open_loopback")
def test_it_comes_packed_too_and_is_bounded_unpacked(web: Web) -> None:
    assert fetch(web.page("/", gzip.compress(b"x" * 9_000), Content_Encoding="gzip"), BOUNDS) == (
        Fetched(b"x" * 9_000, "")
    )
    bomb = gzip.compress(b"x" * 10_000_000)
    assert why(web.page("/", bomb, Content_Encoding="gzip")) == "It is larger than 10000 octets."
    assert "cut off" in why(web.page("/", gzip.compress(b"x" * 99)[:-9], Content_Encoding="gzip"))
    assert "damaged" in why(web.page("/", b"nothing of the kind", Content_Encoding="gzip"))
    assert "packed by br" in why(web.page("/", b"x", Content_Encoding="br"))


@pytest.mark.usefixtures("open_loopback")
def test_it_leads_on_a_few_times_and_to_the_web_only(web: Web) -> None:
    web.page("/end", b"here")
    for number in range(5):
        following = f"/{number + 1}" if number < 4 else "end"
        web.page(f"/{number}", status=302, Location=following)
    assert fetch(web.url + "/0", BOUNDS).data == b"here"
    web.page("/loop", status=301, Location="/loop")
    assert "more than 5 times" in why(web.url + "/loop")
    assert "http:// or https://" in why(
        web.page("/file", status=302, Location="file:///etc/passwd")
    )
    assert "answers 302" in why(web.page("/nowhere", status=302))


@pytest.mark.parametrize("status", [204, 401, 404, 500, 999])
@pytest.mark.usefixtures("open_loopback")
def test_any_other_answer_is_said(web: Web, status: int) -> None:
    assert f"127.0.0.1 answers {status}, " in why(web.page("/", status=status))


def test_nothing_is_asked_of_hosts_that_are_not_public(web: Web) -> None:
    assert "no public host" in why(web.page("/", b"secret"))
    assert "no public host" in why(web.url.replace("127.0.0.1", "localhost"))
    assert web.asked == []


def test_a_redirect_is_looked_at_as_the_first_address_is(web: Web, settings: Configured) -> None:
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    port = web.server.server_port
    url = web.page("/", status=302, Location=f"http://127.0.0.2:{port}/secret")
    assert why(url).startswith("127.0.0.2 is no public host")
    assert [path for path, _ in web.asked] == ["/"]


def test_a_name_is_resolved_once_and_what_was_looked_at_is_spoken_to(
    web: Web, settings: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere the next time (DNS rebinding) leads nowhere new."""
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    resolved: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        resolved.append(host)
        addresses = ["10.1.2.3", "127.0.0.1"] if len(resolved) == 1 else ["10.1.2.3"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    web.page("/", b"hello")
    url = f"http://calendar.example:{web.server.server_port}/"
    assert fetch(url, BOUNDS).data == b"hello"
    assert web.asked[0][1]["Host"] == f"calendar.example:{web.server.server_port}"
    assert resolved == ["calendar.example"]
    assert "no public host" in why(url)


@pytest.mark.usefixtures("open_loopback")
def test_credentials_of_an_address_go_to_it_alone(web: Web) -> None:
    web.page("/end", b"here")
    web.page("/", status=302, Location=web.url.replace("127.0.0.1", "127.0.0.1") + "/end")
    fetch(web.url.replace("//", "//ann:p%40ss@") + "/", BOUNDS)
    assert [headers.get("Authorization") for _, headers in web.asked] == [
        "Basic YW5uOnBAc3M=",
        None,
    ]


@pytest.mark.usefixtures("open_loopback")
def test_a_host_that_drips_is_left_at_the_deadline(web: Web) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(200):
            try:
                handler.wfile.write(b"H")
            except OSError:
                return
            time.sleep(0.02)

    def drip_a_body(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        drip(handler)

    web.pages |= {"/": drip, "/body": drip_a_body}
    for path in web.pages:
        begun = time.monotonic()
        assert "took too long" in why(web.url + path, Bounds(10_000, 0.3))
        assert time.monotonic() - begun < 3


@pytest.mark.usefixtures("open_loopback")
def test_what_is_cut_off_is_not_taken_for_whole(web: Web) -> None:
    assert "cut off" in why(web.page("/", b"half", Content_Length="8"))
    assert "broke off" in why(web.page("/", b"8\r\nhalf", Transfer_Encoding="chunked"))

    def close(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.close()

    web.pages["/"] = close
    assert "broke off" in why(web.url + "/")


@pytest.mark.usefixtures("open_loopback")
def test_a_certificate_must_be_true_and_encryption_is_not_given_up(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_certificate(tmp_path, ["127.0.0.1"])
    cert, key = own_certificate_files(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with serving(context) as secure:
        secure.page("/", b"hello")
        assert "could not be spoken to by TLS: self-signed" in why(secure.url + "/")
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        assert fetch(secure.url + "/", BOUNDS).data == b"hello"
        web.page("/", b"hello")
        secure.page("/", status=302, Location=web.url + "/")
        assert "encrypted address to one that is not" in why(secure.url + "/")


@pytest.mark.usefixtures("open_loopback")
def test_where_nothing_is_it_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert why(f"http://127.0.0.1:{port}/") == f"Nothing answers at 127.0.0.1, port {port}."
    assert why("http://no-such-host.invalid/") == "There is no host no-such-host.invalid."


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("ftp://example.org/", "http:// or https://"),
        ("javascript:alert(1)", "http:// or https://"),
        ("http://", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://example.org:99999/", "cannot be read"),
        ("http://example.org:0/", "cannot be read"),
        ("http://example.org/" + "x" * 2_000, "cannot be read"),
        ("http://example.org/a b", "spaces or control"),
        ("http://exa\tmple.org/\r\nHost: evil", "spaces or control"),
    ],
)
def test_what_can_be_no_address_is_refused(url: str, part: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        check_url(url)
    assert part in caught.value.message


def test_addresses_of_calendar_programs_are_those_of_the_web() -> None:
    assert check_url(" webcal://example.org/a.ics#x ") == "https://example.org/a.ics"
    assert check_url("HTTP://Example.org") == "http://Example.org"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::93.184.216.34", True),
        ("2002:0a00:0001::1", False),
        ("2001:0:0a00:1::", False),
        ("192.0.0.8", False),
        ("192.88.99.1", False),
        ("fec0::1", False),
        ("3fff::1", False),
        ("::127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
        ("no address", False),
    ],
)
def test_which_hosts_are_public(address: str, *, allowed: bool) -> None:
    assert is_allowed(address) is allowed


def test_an_admin_may_allow_networks(settings: Configured) -> None:
    settings.GROUPWARE_SOURCE_NETWORKS = (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("fd00::/8"),
    )
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert is_allowed(address)
        assert is_listed(address)
    for address in ("127.0.0.1", "93.184.216.34", "no address"):
        assert not is_listed(address)
    assert not is_allowed("127.0.0.1")
    assert fetching.MAX_REDIRECTS == 5
