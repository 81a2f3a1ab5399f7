"""Proof of sync: each device of an account with its last contact, and how far behind it is.

Real clients of every protocol against the served programs; what is known of them is asked over REST.
"""

import http.client
import imaplib
import json
import poplib
import re
import smtplib
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import quote

import pytest

from tests.hostile.peers import ANNA, PASSWORD, create_people
from tests.serve.running import Running, free_ports, serving, wait_for
from tests.serve.test_sessions import close

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
BEGIN:VEVENT
UID:lunch
DTSTAMP:20260101T000000Z
DTSTART:20260101T120000Z
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
imaplib.Commands["ID"] = ("NONAUTH", "AUTH", "SELECTED")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("devices") / "data"
    create_people(data, free_ports(), ANNA)
    with serving(
        data, "imap", "pop3", "smtp", "web", GROUPWARE_ALLOW_PLAINTEXT="1",
        GROUPWARE_DOMAIN="team.example",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


class Http:
    """A program that speaks HTTP, by its name."""

    def __init__(self, server: Running, name: str) -> None:
        self._port, self._name = server.ports["HTTP"], name

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> str:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)) as wire:
            said = b64encode(f"{ANNA}:{PASSWORD}".encode()).decode()
            own = {"Authorization": f"Basic {said}", "User-Agent": self._name, **headers}
            wire.request(method, path, body.encode(), own)
            answer = wire.getresponse()
            text = answer.read().decode()
            assert answer.status < 300, (answer.status, text)
            return text

    def api(self, path: str) -> Any:
        return json.loads(self.ask("GET", f"/api/v1{path}"))


def devices_of(viewer: Http) -> dict[str, Any]:
    """Return the account's devices by what they call themselves, or their protocol."""
    return {held["client"] or held["protocol"]: held for held in viewer.api("/me/devices")["items"]}


def behind(viewer: Http, *names: str) -> list[int | None]:
    held = devices_of(viewer)
    told = [held[name]["behind"] if name in held else {"changes": -1} for name in names]
    return [None if one is None else one["changes"] for one in told]


def becomes(viewer: Http, wanted: dict[str, int | None]) -> None:
    """Wait until the devices are so far behind."""
    wait_for(lambda: behind(viewer, *wanted) == [*wanted.values()], f"{wanted}", seconds=30)


def imap_of(server: Running, stack: ExitStack, name: str = "") -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["IMAP"])
    stack.callback(close, imap)
    imap.login(ANNA, PASSWORD)
    if name:
        imap._simple_command("ID", f'("name" "{name}" "version" "1.2")')
        imap.enable("QRESYNC")
    return imap


def code(imap: imaplib.IMAP4, name: str) -> int:
    """Return a number of the last SELECT."""
    return int(imap.response(name)[1][0].split()[0])


class Calendar:
    """A DAV client that keeps a sync-token."""

    def __init__(self, http: Http, url: str) -> None:
        self._http, self._url, self._token = http, url, ""

    def sync(self) -> int:
        """Return how many members the report names."""
        text = self._http.ask(
            "REPORT",
            self._url,
            '<D:sync-collection xmlns:D="DAV:">'
            f"<D:sync-token>{self._token}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getetag/></D:prop></D:sync-collection>",
            Depth="0",
        )
        found = re.search("<[A-Za-z]*:?sync-token[^>]*>([^<]*)<", text)
        assert found is not None
        self._token = found[1]
        return len(re.findall(r"\.ics</", text))


class Script:
    """A REST program that keeps the state of its inbox."""

    def __init__(self, http: Http) -> None:
        self._http = http
        [inbox] = [box for box in http.api("/mailboxes")["items"] if box["name"] == "INBOX"]
        self._path = f"/mailboxes/{inbox['id']}/messages"
        self._state = http.api(self._path)["state"]

    def sync(self) -> int:
        told = self._http.api(f"{self._path}?since={quote(self._state)}")
        self._state = told["state"]
        return len(told["items"])


def test_each_device_is_shown_with_its_last_contact_and_how_far_behind_it_is(
    server: Running, stack: ExitStack
) -> None:
    began = time.time()
    viewer = Http(server, "Viewer/1.0")
    alpha, beta = (imap_of(server, stack, name) for name in ("Alpha", "Beta"))
    for imap in (alpha, beta):
        imap.select()
    valid, modseq = code(beta, "UIDVALIDITY"), code(beta, "HIGHESTMODSEQ")
    number = _account_id(viewer)
    calendar = Calendar(Http(server, "DAVx5/4.4"), f"/dav/{number}/calendar/")
    script = Script(Http(server, "Script/3.1"))
    assert (calendar.sync(), script.sync()) == (0, 0)
    becomes(viewer, {"Alpha 1.2": 0, "Beta 1.2": 0, "DAVx5/4.4": 0, "Script/3.1": 0})

    plain = imap_of(server, stack)
    plain.select()
    for _ in range(2):
        plain.append("INBOX", "", "", b"Subject: news\r\n\r\nnews\r\n")
    viewer.ask(
        "PUT", f"/dav/{number}/calendar/lunch.ics", EVENT, **{"Content-Type": "text/calendar"}
    )
    becomes(viewer, {"Alpha 1.2": 2, "Beta 1.2": 2, "DAVx5/4.4": 1, "Script/3.1": 2})

    alpha.noop()
    becomes(viewer, {"Alpha 1.2": 0, "Beta 1.2": 2, "DAVx5/4.4": 1, "Script/3.1": 2})
    beta.shutdown()
    again = imap_of(server, stack, "Beta")
    again._simple_command("SELECT", "INBOX", f"(QRESYNC ({valid} {modseq}))")
    assert (calendar.sync(), script.sync()) == (1, 2)
    becomes(viewer, {"Alpha 1.2": 0, "Beta 1.2": 0, "DAVx5/4.4": 0, "Script/3.1": 0})

    pop3 = poplib.POP3("127.0.0.1", server.ports["POP3"])
    stack.callback(pop3.close)
    pop3.user(ANNA)
    pop3.pass_(PASSWORD)
    smtp = smtplib.SMTP("127.0.0.1", server.ports["SUBMISSION"], local_hostname="anna.example")
    stack.callback(smtp.close)
    smtp.login(ANNA, PASSWORD)
    becomes(viewer, {"imap": None, "pop3": None, "anna.example": None})

    held = devices_of(viewer)
    assert {one["network"] for one in held.values()} == {"127.0.0.1"}
    assert min(one["last_seen"] for one in held.values()) >= time.strftime(
        "%Y-%m-%dT%H:%M:%S", time.gmtime(began)
    )
    names = {one["name"] for one in held["DAVx5/4.4"]["collections"]}
    assert len(names) == 1


def _account_id(viewer: Http) -> int:
    """Return the number of the account, from where DAV leads its owner."""
    text = viewer.ask(
        "PROPFIND",
        "/dav/",
        '<D:propfind xmlns:D="DAV:"><D:prop><D:current-user-principal/></D:prop></D:propfind>',
        Depth="0",
    )
    found = re.search(r"current-user-principal[^/]*/dav/(?:principals/)?([0-9]+)/", text)
    assert found is not None, text
    return int(found[1])
