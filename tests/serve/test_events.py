"""Server-sent events by the running server: what is heard, how soon, and when a stream ends."""

import contextlib
import http.client
import imaplib
import json
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groupware.core import limits
from groupware.environment import BASE_DIR
from tests.clients.fetched import python_with
from tests.clients.people import Person, create_people
from tests.serve.listening import PATH, Ear, basic
from tests.serve.running import Running, environment, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

HEARD_SECONDS = 10.0
"""Bound of a change's way on a machine that has other things to do; the benchmark has the figure."""
DRIVER = Path(__file__).with_name("sse_driver.py")
ANN, BEN = Person("ann@example.test"), Person("ben@example.test")
ROLES = ("web", "events", "imap")
VARIABLES = {
    "GROUPWARE_EVENTS_MAX_STREAMS_OF_ACCOUNT": "3",
    f"GROUPWARE_{limits.EVENTS_HEARTBEAT.name}": "1",
    # The port of events is one for a proxy that speaks TLS.
    "GROUPWARE_ALLOW_PLAINTEXT": "1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Running]:
    variables = {"GROUPWARE_DATABASE_URL": module_database_url, **VARIABLES}
    data = tmp_path_factory.mktemp("events") / "data"
    with serving(data, *ROLES, **variables) as running:
        create_people(running, [ANN.address, BEN.address], **variables)
        yield running
    assert "Traceback" not in running.output.read_text()


def manage(server: Running, database_url: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), *words],
        check=True,
        capture_output=True,
        text=True,
        env=environment(server.data, server.ports, GROUPWARE_DATABASE_URL=database_url),
    )
    return done.stdout


def append(server: Running, person: Person, mailbox: str = "INBOX") -> None:
    context = ssl.create_default_context(cafile=str(server.trusted))
    with imaplib.IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=context) as client:
        client.authenticate("PLAIN", lambda _: f"\0{person.address}\0{person.password}".encode())
        kind, _ = client.append(mailbox, "", "", b"Subject: news\r\n\r\nHello\r\n")
        assert kind == "OK"


def api(server: Running, person: Person, path: str) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=str(server.trusted))
    connection = http.client.HTTPSConnection(
        "localhost", server.ports["HTTPS"], timeout=30, context=context
    )
    with contextlib.closing(connection):
        connection.request("GET", f"/api/v1/{path}", headers=basic(person))
        response = connection.getresponse()
        found: dict[str, Any] = json.load(response)
        assert response.status == 200, found
        return found


def mailbox_id(server: Running, person: Person, name: str) -> str:
    [found] = [one for one in api(server, person, "mailboxes")["items"] if one["name"] == name]
    return str(found["id"])


@pytest.mark.parametrize("port", ["HTTPS", "EVENTS"])
def test_a_change_by_imap_is_heard_at_once(server: Running, port: str) -> None:
    inbox = mailbox_id(server, ANN, "INBOX")
    with Ear(server, basic(ANN), port=port) as ear:
        assert ear.status == 200
        assert ear.response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        ready = ear.hear()
        assert ready.name == "ready"
        append(server, ANN)
        began = time.monotonic()
        change = ear.hear()
        assert time.monotonic() - began < HEARD_SECONDS
    assert change.name == "change"
    assert [(one["id"], one["kind"]) for one in change.data["collections"]] == [(inbox, "mailbox")]
    assert change.data["modseq"] == change.data["collections"][0]["modseq"]
    assert change.id != ready.id


def test_what_happened_during_a_cut_is_told_behind_it(server: Running) -> None:
    with Ear(server, basic(ANN)) as ear:
        ready = ear.hear()
    append(server, ANN, "Archive")
    append(server, ANN, "INBOX")
    wanted = {mailbox_id(server, ANN, name) for name in ("INBOX", "Archive")}
    with Ear(server, basic(ANN), last_id=ready.id) as ear:
        change = ear.hear()
        assert {one["id"] for one in change.data["collections"]} == wanted
        last = change.id
    with Ear(server, basic(ANN), last_id=last) as ear:
        append(server, ANN)
        again = ear.hear()
        assert [one["id"] for one in again.data["collections"]] == [
            mailbox_id(server, ANN, "INBOX")
        ]


def test_a_library_of_somebody_else_hears_and_goes_on(server: Running) -> None:
    python = python_with(BASE_DIR / "tests" / "api" / "requirements" / "sse.txt")
    url = f"http://127.0.0.1:{server.ports['EVENTS']}{PATH}"
    command = [str(python), str(DRIVER), url, basic(BEN)["Authorization"]]
    with subprocess.Popen([*command, "2"], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        ready = json.loads(first.stdout.readline())
        append(server, BEN)
        change = json.loads(first.stdout.readline())
        assert first.wait(30) == 0
    assert (ready["name"], change["name"]) == ("ready", "change")
    append(server, BEN, "Archive")
    done = subprocess.run(
        [*command, "1", change["id"]], check=True, capture_output=True, text=True, timeout=60
    )
    [told] = json.loads(done.stdout)["data"]["collections"]
    assert told["id"] == mailbox_id(server, BEN, "Archive")


def test_an_id_that_nobody_gave_out_begins_anew(server: Running) -> None:
    with Ear(server, basic(ANN), last_id="made-up") as ear:
        assert ear.hear().name == "ready"


def test_others_hear_what_is_shared_as_long_as_it_is(
    server: Running, module_database_url: str
) -> None:
    with Ear(server, basic(BEN)) as ear:
        assert len(ear.hear().data["accounts"]) == 1
        manage(server, module_database_url, "grant", f"{ANN.address}/mail/INBOX", BEN.address, "lr")
        assert len(ear.hear_until("access").data["accounts"]) == 2
        append(server, ANN, "Archive")  # which ben must not hear of
        append(server, ANN, "INBOX")
        told = ear.hear_until("change").data["collections"]
        assert [one["id"] for one in told] == [mailbox_id(server, ANN, "INBOX")]
        manage(server, module_database_url, "revoke", f"{ANN.address}/mail/INBOX", BEN.address)
        assert len(ear.hear_until("access").data["accounts"]) == 1
        append(server, ANN, "INBOX")
        append(server, BEN, "INBOX")
        told = ear.hear_until("change").data["collections"]
        assert [one["id"] for one in told] == [mailbox_id(server, BEN, "INBOX")]


def test_new_credentials_end_the_streams_of_old_ones(
    server: Running, module_database_url: str
) -> None:
    with Ear(server, basic(BEN)) as ear:
        ear.hear()
        manage(server, module_database_url, "account", "disable", BEN.address)
        assert ear.wait_for_end() < HEARD_SECONDS
    try:
        with Ear(server, basic(BEN)) as ear:
            assert ear.status == 401
    finally:
        manage(server, module_database_url, "account", "enable", BEN.address)


def test_streams_are_listed_among_live_sessions_and_ended_there(
    server: Running, module_database_url: str
) -> None:
    def sessions(*words: str) -> list[dict[str, Any]]:
        text = manage(server, module_database_url, "account", "sessions", BEN.address, *words)
        held: list[dict[str, Any]] = json.loads(text)
        return [one for one in held if one["protocol"] == "events"]

    with Ear(server, basic(BEN)) as ear, Ear(server, basic(BEN), port="EVENTS") as other:
        ear.hear()
        other.hear()
        assert [one["network"] for one in sessions("--json")] == ["127.0.0.1"] * 2
        assert len(sessions("--json", "--end")) == 2
        assert ear.wait_for_end() < HEARD_SECONDS
        assert other.wait_for_end() < HEARD_SECONDS
    assert sessions("--json") == []


def test_a_stream_shows_that_it_lives(server: Running) -> None:
    with Ear(server, basic(ANN)) as ear:
        ear.hear()
        ear.wait_for_comment()


def test_streams_of_one_account_have_a_bound(server: Running) -> None:
    with contextlib.ExitStack() as stack:
        # Each worker counts its own, and the events role has one.
        ears = [stack.enter_context(Ear(server, basic(ANN), port="EVENTS")) for _ in range(4)]
        assert [ear.status for ear in ears] == [200, 200, 200, 503]
        problem = json.loads(ears[-1].response.read())
        assert "close some" in problem["detail"]
        with Ear(server, basic(BEN), port="EVENTS") as other:
            assert other.status == 200


def test_without_credentials_there_is_a_problem_and_no_stream(server: Running) -> None:
    with Ear(server, {}) as ear:
        assert ear.status == 401
        assert json.loads(ear.response.read())["status"] == 401


def test_the_port_of_events_serves_nothing_else(server: Running) -> None:
    assert server.get("/healthz", port="EVENTS")[0] == 200
    status, text = server.get("/api/v1/mailboxes", port="EVENTS")
    assert status == 404
    assert PATH in text


def test_streams_hold_no_thread(server: Running) -> None:
    # Of a worker's eight threads each would be taken.
    with contextlib.ExitStack() as stack:
        for person in (ANN, BEN):
            for _ in range(3):
                stack.enter_context(Ear(server, basic(person), port="EVENTS")).hear()
        assert server.get("/healthz", port="EVENTS")[0] == 200


def test_a_server_that_stops_ends_its_streams(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "web", "events", **VARIABLES) as server:
        create_people(server, [ANN.address], **VARIABLES)
        with Ear(server, basic(ANN)) as ear, Ear(server, basic(ANN), port="EVENTS") as other:
            ear.hear()
            other.hear()
            assert server.stop() < HEARD_SECONDS
            ear.wait_for_end()
            other.wait_for_end()
