"""One session is ended at once, in whatever process it is; the others of its account go on."""

import imaplib
import poplib
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPSHandler, Request, build_opener

import pytest
from pytest_django.fixtures import Settings

from groupware.core.livesessions import LiveSession, list_sessions
from tests.clients.people import Person, create_people
from tests.commands.running import Manage
from tests.hostile.peers import Peer
from tests.serve.listening import Ear, basic
from tests.serve.running import Running, serving, wait_for
from tests.serve.test_sessions import close

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

ENDED_SECONDS = 1.0
ANN, BEN = Person("ann@example.test"), Person("ben@example.test")
imaplib.Commands["ID"] = ("NONAUTH", "AUTH", "SELECTED")
Told = Callable[[], dict[str, LiveSession]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Running]:
    """Serve each protocol in two processes."""
    variables = {
        "GROUPWARE_DATABASE_URL": module_database_url,
        "GROUPWARE_ALLOW_PLAINTEXT": "1",
        "GROUPWARE_PROCESSES": "2",
    }
    data = tmp_path_factory.mktemp("ended") / "data"
    with serving(data, "imap", "pop3", "smtp", "web", **variables) as running:
        create_people(running, [ANN.address, BEN.address], **variables)
        yield running
    assert "Traceback" not in running.output.read_text()


@pytest.fixture
def manage(server: Running, module_database_url: str) -> Manage:
    return Manage(server.data, module_database_url)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


@pytest.fixture(scope="module")
def account_id(server: Running, module_database_url: str) -> int:
    """Return Ann's number, as a session of hers tells it."""
    with imaplib.IMAP4("127.0.0.1", server.ports["IMAP"]) as imap:
        imap.authenticate("PLAIN", lambda _: f"\0{ANN.address}\0{ANN.password}".encode())
        [held] = Manage(server.data, module_database_url).json("account", "sessions", ANN.address)
        return int(held["account_id"])


@pytest.fixture
def told(server: Running, account_id: int, settings: Settings) -> Told:
    """Return what asks the server's processes for Ann's sessions, by their ids."""
    settings.GROUPWARE_DATA = server.data
    return lambda: {held.id: held for held in list_sessions(account_id)}


class Connected:
    """Connections of Ann's, each with the id that its process gave it."""

    def __init__(self, server: Running, stack: ExitStack, told: Told) -> None:
        self._ports, self._stack, self._told = server.ports, stack, told
        self._server = server

    def imap(self, name: str, *, port: str = "IMAP") -> tuple[imaplib.IMAP4, str]:
        before = self._told()
        imap = imaplib.IMAP4("127.0.0.1", self._ports[port])
        self._stack.callback(close, imap)
        imap.authenticate("PLAIN", lambda _: f"\0{ANN.address}\0{ANN.password}".encode())
        imap._simple_command("ID", f'("name" "{name}" "version" "1.2")')
        return imap, self._new(before)

    def pop3(self) -> tuple[poplib.POP3, str]:
        before = self._told()
        pop3 = poplib.POP3("127.0.0.1", self._ports["POP3"])
        self._stack.callback(pop3.close)
        pop3.user(ANN.address)
        pop3.pass_(ANN.password)
        return pop3, self._new(before)

    def smtp(self, name: str) -> tuple[smtplib.SMTP, str]:
        before = self._told()
        smtp = smtplib.SMTP("127.0.0.1", self._ports["SUBMISSION"], local_hostname=name)
        self._stack.callback(smtp.close)
        smtp.login(ANN.address, ANN.password)
        return smtp, self._new(before)

    def events(self) -> tuple[Ear, str]:
        before = self._told()
        ear = Ear(self._server, basic(ANN) | {"User-Agent": "Ear/1"})
        self._stack.callback(ear.close)
        assert ear.hear().name == "ready"
        return ear, self._new(before)

    def _new(self, before: dict[str, LiveSession]) -> str:
        (made,) = self._told().keys() - before.keys()
        return made


@pytest.fixture
def connected(server: Running, stack: ExitStack, told: Told) -> Connected:
    return Connected(server, stack, told)


def ended_within(ends: Callable[[], object]) -> None:
    """Fail unless what ends a connection is heard at once."""
    began = time.monotonic()
    ends()
    assert time.monotonic() - began < ENDED_SECONDS


def test_a_session_of_each_protocol_is_ended_and_its_sibling_goes_on(
    manage: Manage, told: Told, connected: Connected
) -> None:
    (imap, imap_id), (other_imap, other_id) = (connected.imap(name) for name in ("One", "Two"))
    (pop3, pop3_id), (other_pop3, _) = (connected.pop3() for _ in range(2))
    (smtp, smtp_id), (other_smtp, _) = (connected.smtp(name) for name in ("a.test", "b.test"))
    (ear, ear_id), (other_ear, other_ear_id) = (connected.events() for _ in range(2))
    other_imap.select()
    held = told()
    assert (held[imap_id].client, held[imap_id].last_command) == ("One 1.2", "ID")
    assert (held[other_id].client, held[other_id].last_command) == ("Two 1.2", "SELECT")
    assert (held[pop3_id].protocol, held[pop3_id].last_command) == ("pop3", "PASS")
    assert (held[smtp_id].client, held[smtp_id].last_command) == ("a.test", "AUTH")
    assert (held[ear_id].protocol, held[ear_id].client) == ("events", "Ear/1")

    for number in (imap_id, pop3_id, smtp_id, ear_id):
        [ended] = manage.json("account", "sessions", ANN.address, "--kill", number)
        assert ended["id"] == number
    # Each has ended before the command said so: what it was told is there to read.
    ended_within(lambda: bye_of(imap))
    ended_within(lambda: refused(pop3.stat, poplib.error_proto))
    ended_within(lambda: refused(lambda: smtp.docmd("NOOP"), smtplib.SMTPServerDisconnected))
    ended_within(ear.wait_for_end)
    assert not {imap_id, pop3_id, smtp_id, ear_id} & told().keys()

    assert other_imap.noop()[0] == "OK"
    assert other_pop3.stat()[0] >= 0
    assert other_smtp.docmd("NOOP")[0] == 250
    other_imap.append("INBOX", "", "", b"Subject: still here\r\n\r\nyes\r\n")
    assert other_ear.hear().name == "change"
    assert other_ear_id in told()


def bye_of(imap: imaplib.IMAP4) -> None:
    assert imap.readline() == (
        b"* BYE This session was ended by its person or an administrator.\r\n"
    )
    assert imap.readline() == b""


def refused(say: Callable[[], Any], kind: type[Exception]) -> None:
    """Say something to a server that has ended the session, and may have said so before."""
    if kind is smtplib.SMTPServerDisconnected:
        assert say()[0] == 421
    with pytest.raises(kind):
        say()


def test_sessions_in_either_process_are_ended(
    server: Running, manage: Manage, told: Told, connected: Connected
) -> None:
    sockets = list((server.data / "run" / "sessions").glob("*.sock"))
    assert len({path.name.partition("-")[0] for path in sockets}) >= 6
    made = [connected.imap(f"Number {number}") for number in range(8)]
    for imap, number in made[::2]:
        manage.text("account", "sessions", ANN.address, "--kill", number)
        ended_within(lambda: bye_of(imap))  # noqa: B023 (called at once)
    assert told().keys() >= {number for _, number in made[1::2]}
    for imap, _ in made[1::2]:
        assert imap.noop()[0] == "OK"


class Web:
    """A browser that somebody is signed in with."""

    def __init__(self, server: Running, person: Person) -> None:
        context = ssl.create_default_context(cafile=str(server.trusted))
        self._root = f"https://localhost:{server.ports['HTTPS']}"
        self._opener = build_opener(HTTPSHandler(context=context), HTTPCookieProcessor())
        self.post("/account/login/", login=person.address, password=person.password)

    def get(self, path: str) -> str:
        with self._opener.open(self._root + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, path: str, at: str = "", **fields: str) -> float:
        """Send a form of a page, and return when its answer was there."""
        found = re.search('name="csrfmiddlewaretoken" value="([^"]+)"', self.get(at or path))
        assert found is not None
        body = urlencode({"csrfmiddlewaretoken": found[1], **fields}).encode()
        sent = Request(self._root + path, body, {"Referer": self._root + path})  # noqa: S310 (https)
        with self._opener.open(sent, timeout=30) as answer:
            assert answer.status == 200
            return time.monotonic()


def test_a_person_and_an_administrator_end_a_session_on_a_page(
    server: Running, manage: Manage, account_id: int, connected: Connected
) -> None:
    (first, first_id), (second, second_id), (third, _) = (
        connected.imap(name) for name in ("Lost telephone", "Old laptop", "Desk")
    )
    own = Web(server, ANN)
    assert "Lost telephone" in own.get("/account/devices/")
    own.post("/account/devices/end-session/", "/account/devices/", session=first_id)
    ended_within(lambda: bye_of(first))
    manage.text("role", "grant", BEN.address, "help-desk", "example.test")
    panel = Web(server, BEN)
    assert "Old laptop" in panel.get("/admin/sessions/?q=ann&protocol=imap")
    panel.post("/admin/sessions/", account=str(account_id), session=second_id)
    ended_within(lambda: bye_of(second))
    assert third.noop()[0] == "OK"


def test_who_takes_nothing_is_ended_in_the_middle_of_a_response(
    server: Running, manage: Manage, told: Told, connected: Connected
) -> None:
    imap, _ = connected.imap("Writer")
    imap.append("INBOX", "", "", b"Subject: long\r\n\r\n" + b"x" * (8 << 20) + b"\r\n")
    before = told()
    with Peer(server.ports["IMAP"], receive_buffer=4096) as peer:
        peer.send(f"a LOGIN {ANN.address} {{{len(ANN.password)}+}}\r\n".encode())
        peer.send(f"{ANN.password}\r\nb SELECT INBOX\r\nc FETCH * BODY[]\r\n".encode())
        wait_for(lambda: told().keys() - before.keys(), "the login")
        (number,) = told().keys() - before.keys()
        wait_for(lambda: told()[number].last_command == "FETCH", "the command")
        manage.text("account", "sessions", ANN.address, "--kill", number)
        wait_for(lambda: number not in told(), "its end", seconds=ENDED_SECONDS)
    assert imap.noop()[0] == "OK"


def test_a_session_of_somebody_else_and_one_that_is_over_are_not_there(
    server: Running, manage: Manage, told: Told, connected: Connected
) -> None:
    imap, number = connected.imap("Mine")
    line = manage.refusal("account", "sessions", BEN.address, "--kill", number)
    assert "There is no such session any more" in line
    assert imap.noop()[0] == "OK"
    imap.logout()
    wait_for(lambda: number not in told(), "the end of a session")
    line = manage.refusal("account", "sessions", ANN.address, "--kill", number)
    assert "There is no such session any more" in line
