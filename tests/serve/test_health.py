"""The panel says within seconds which part of the server is dead, and when it lives again."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from groupware.environment import BASE_DIR
from tests.clients.people import Person, create_people
from tests.serve.running import Running, environment, exists, serving, wait_for

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
ROOT = Person("root@example.test")
RED_SECONDS = 20.0
"""What is kept, what a look may take, and a machine that has other things to do."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Running]:
    variables = {"GROUPWARE_DATABASE_URL": module_database_url}
    data = tmp_path_factory.mktemp("health") / "data"
    with serving(data, "web", "worker", "beat", **variables) as running:
        create_people(running, [ROOT.address], **variables)
        subprocess.run(
            [sys.executable, "manage.py", "role", "grant", ROOT.address, "global"],
            check=True,
            cwd=BASE_DIR,
            env=environment(data, running.ports, **variables),
            capture_output=True,
        )
        yield running


class Browser:
    """A browser that is signed in at the panel."""

    def __init__(self, server: Running) -> None:
        self._base = f"http://127.0.0.1:{server.ports['HTTP']}"
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        page = self.get("/account/login/?next=/admin/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None
        sent = {"login": ROOT.address, "password": ROOT.password, "next": "/admin/"}
        body = urlencode({**sent, "csrfmiddlewaretoken": token[1]}).encode()
        self._opener.open(f"{self._base}/account/login/?next=/admin/", body, timeout=60).close()

    def get(self, path: str) -> str:
        with self._opener.open(self._base + path, timeout=60) as response:
            return unescape(response.read().decode())

    def states(self) -> dict[str, str]:
        """Return the level of each part on the first page: good, warn or bad."""
        return states_of(self.get("/admin/"))


def states_of(page: str) -> dict[str, str]:
    shown = page.partition('class="states"')[2].partition("</ul>")[0]
    found = re.findall(r'badge (\w*)">[^<]*</span> <b>([^<]*)</b>', shown)
    return {name: level for level, name in found}


def tells_of_dead_imap(page: str, port: int) -> bool:
    """Return whether a page says that IMAP alone is dead, and why."""
    states = states_of(page)
    dead = {states["IMAP, STARTTLS"], states["IMAP, TLS"]}
    others = {states[name] for name in ("Database", "Blob store", "Certificate", "Web", "Web, TLS")}
    sentence = f"Nothing answers on port {port}: the process of imap has ended"
    return dead == {"bad"} and others == {"good"} and sentence in page


def test_a_dead_imap_is_red_within_seconds_and_green_when_it_is_back(
    server: Running, module_database_url: str
) -> None:
    variables = {"GROUPWARE_DATABASE_URL": module_database_url}
    variables |= {f"GROUPWARE_{name}_PORT": str(port) for name, port in server.ports.items()}
    browser = Browser(server)
    with serving(server.data, "imap", log="imap", **variables) as imap:
        wait_for(lambda: browser.states()["IMAP, TLS"] == "good", "IMAP")
        pids = list(imap.children())
        imap.process.send_signal(signal.SIGKILL)
        wait_for(lambda: not any(map(exists, pids)), "the end of IMAP")
        # Each of the web's processes keeps for a moment what it has found.
        port = server.ports["IMAPS"]
        wait_for(
            lambda: tells_of_dead_imap(browser.get("/admin/"), port), "red", seconds=RED_SECONDS
        )
        imap.process.wait()
    with serving(server.data, "imap", log="imap2", **variables):
        wait_for(lambda: browser.states()["IMAP, TLS"] == "good", "IMAP again")


def test_a_worker_shows_its_beat(server: Running) -> None:
    browser = Browser(server)
    wait_for(lambda: browser.states()["Background work"] == "good", "the first beat")
