"""CalDAV and CardDAV as granian serves them: over TLS, with bodies of every kind."""

import base64
import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterator

import pytest

from tests.clients.people import PASSWORD, create_people
from tests.serve.running import Running, serving

ANN = "ann@example.test"
ASK = b'<D:propfind xmlns:D="DAV:"><D:prop><D:current-user-principal/></D:prop></D:propfind>'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("dav") / "data"
    with serving(data, "web", GROUPWARE_ALLOW_PLAINTEXT="0") as server:
        create_people(server, [ANN])
        yield server


def connect(running: Running, port: str) -> http.client.HTTPConnection:
    if port == "HTTP":
        return http.client.HTTPConnection("127.0.0.1", running.ports[port], timeout=20)
    context = ssl.create_default_context(cafile=str(running.trusted))
    return http.client.HTTPSConnection(
        "localhost", running.ports[port], timeout=20, context=context
    )


def ask(
    connection: http.client.HTTPConnection, body: bytes | Iterator[bytes], path: str = "/dav/"
) -> tuple[int, bytes]:
    credentials = base64.b64encode(f"{ANN}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Depth": "0"}
    connection.request("PROPFIND", path, body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def test_a_body_may_come_with_its_length_or_in_chunks_or_not_at_all(running: Running) -> None:
    with contextlib.closing(connect(running, "HTTPS")) as connection:
        for body in (ASK, iter([ASK[:20], ASK[20:]]), b"", ASK):
            status, answer = ask(connection, body)
            assert status == 207
            assert (b"current-user-principal" in answer) == (body != b"")


def test_passwords_are_taken_over_tls_alone(running: Running) -> None:
    with contextlib.closing(connect(running, "HTTP")) as connection:
        status, answer = ask(connection, ASK)
    assert (status, b"https" in answer) == (403, True)


def test_pages_are_still_pages(running: Running) -> None:
    assert running.get("/")[0] == 200
    assert running.get("/davy")[0] == 404
    assert running.get("/dav/")[0] == 401
    assert running.get("/dav")[0] == 401


def test_an_address_that_is_not_utf_8_is_refused(running: Running) -> None:
    # A connection each: one is closed whose request was refused with its body unread.
    for path, statuses in (("%ff/", {400}), ("%C3%A9/", {404}), ("../dav/", {207, 404})):
        with contextlib.closing(connect(running, "HTTPS")) as connection:
            assert ask(connection, ASK, f"/dav/{path}")[0] in statuses


@pytest.mark.parametrize("size", [1_000, 3_000_000])
def test_a_refusal_before_the_body_is_heard_and_spoils_nothing(running: Running, size: int) -> None:
    for head in ({}, {"Authorization": "Basic eDp5"}):
        with (
            contextlib.closing(connect(running, "HTTPS")) as connection,
            contextlib.suppress(ConnectionError, ssl.SSLError),
        ):
            connection.request("PUT", "/dav/1/calendar/a.ics", bytes(size), head)
            assert connection.getresponse().read()
        with contextlib.closing(connect(running, "HTTPS")) as connection:
            assert ask(connection, ASK)[0] == 207


@pytest.mark.parametrize(
    "lines",
    [
        [b"Content-Length: 99999999999999999999"],
        [b"Content-Length: -1"],
        [b"Content-Length: 3", b"Content-Length: 4"],
        [b"Depth: 0\x00"],
    ],
)
def test_a_head_that_is_none_is_refused_and_the_connection_closed(
    running: Running, lines: list[bytes]
) -> None:
    with socket.create_connection(("127.0.0.1", running.ports["HTTP"]), 20) as peer:
        peer.sendall(
            b"\r\n".join([b"PROPFIND /dav/ HTTP/1.1", b"Host: localhost", *lines, b"", b""])
        )
        answer = b""
        while data := peer.recv(4096):
            answer += data
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_body_that_ends_early_is_no_body(running: Running) -> None:
    head = (
        f"PUT /dav/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n{_credentials()}\r\n\r\n"
    )
    with contextlib.closing(connect(running, "HTTPS")) as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.sendall(head.replace("PUT", "PROPFIND", 1).encode() + b"<D:propfind")
    with contextlib.closing(connect(running, "HTTPS")) as connection:
        assert ask(connection, ASK)[0] == 207


def _credentials() -> str:
    return "Authorization: Basic " + base64.b64encode(f"{ANN}:{PASSWORD}".encode()).decode()


def test_bodies_that_do_not_come_keep_nobody_out(running: Running) -> None:
    head = f"PROPFIND /dav/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n{_credentials()}"
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            connection = stack.enter_context(contextlib.closing(connect(running, "HTTPS")))
            connection.connect()
            assert connection.sock is not None
            connection.sock.sendall(f"{head}\r\n\r\n<D:propfind".encode())
        with contextlib.closing(connect(running, "HTTPS")) as connection:
            assert [ask(connection, ASK)[0] for _ in range(20)] == [207] * 20
        assert running.get("/healthz", port="HTTPS")[0] == 200
