"""A browser's own EventSource: it hears, comes back by itself without a gap, and ends at sign-out."""

import imaplib
import os
import signal
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from groupware.environment import BASE_DIR
from tests.browser.conftest import ANN, ROOT
from tests.browser.pages import sign_in, wait_until
from tests.clients.people import Person
from tests.serve.running import Running, child_pids, environment, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
DOCS, PANEL, OWN = "/api/v1/docs/", "/admin/", "/account/security/"
LISTEN = """() => {
    const told = window.told = [];
    const source = window.source = new EventSource("/api/v1/events");
    source.onopen = () => told.push({name: "open"});
    source.onerror = () => told.push({name: "error", state: source.readyState});
    for (const name of ["ready", "change", "access", "reset"])
        source.addEventListener(name, (event) => told.push(
            {name, data: JSON.parse(event.data), id: event.lastEventId}));
}"""


def append(server: Running, person: Person, mailbox: str) -> None:
    context = ssl.create_default_context(cafile=str(server.trusted))
    with imaplib.IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=context) as client:
        client.authenticate("PLAIN", lambda _: f"\0{person.address}\0{person.password}".encode())
        assert client.append(mailbox, "", "", b"Subject: news\r\n\r\nHello\r\n")[0] == "OK"


def told(page: "Page", name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("() => window.told")
    return [one for one in found if one["name"] == name]


def wait_for_told(page: "Page", name: str, number: int) -> list[dict[str, Any]]:
    wait_until(page, f"() => window.told.filter((one) => one.name === '{name}').length >= {number}")
    return told(page, name)


def kill_workers(server: Running) -> None:
    """Cut every connection of the web's TLS port, as a crash would; others take it up."""
    program = server.pid_of("web-tls")
    killed = child_pids(program)
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: set(killed).isdisjoint(child_pids(program)), "the workers to be gone")


def collections(events: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for event in events for one in event["data"]["collections"]]


def test_a_page_hears_comes_back_without_a_gap_and_ends_with_its_session(
    window: "BrowserContext", server: Running
) -> None:
    page = window.new_page()
    sign_in(page, ANN, DOCS)
    violations: list[str] = []
    page.on("console", lambda line: violations.append(line.text))
    page.evaluate(LISTEN)
    [ready] = wait_for_told(page, "ready", 1)
    append(server, ANN, "INBOX")
    [heard] = wait_for_told(page, "change", 1)
    [inbox] = collections([heard])
    assert heard["id"] != ready["id"]
    assert not [line for line in violations if "Content Security Policy" in line]

    kill_workers(server)
    append(server, ANN, "Archive")
    append(server, ANN, "INBOX")
    wait_for_told(page, "open", 2)
    wait_until(page, "() => window.told.at(-1).name === 'change'")
    append(server, ANN, "INBOX")
    behind = wait_for_told(page, "change", 3)[1:]
    assert len(set(collections(behind))) == 2
    assert inbox in collections(behind)
    assert len(told(page, "ready")) == 1, "without Last-Event-ID it would have begun anew"

    other = window.new_page()
    other.goto(OWN)
    other.click("form[action='/account/logout/'] button")
    wait_until(page, "() => window.source.readyState === EventSource.CLOSED")
    before = len(told(page, "change"))
    append(server, ANN, "INBOX")
    assert len(told(page, "change")) == before


def test_pages_of_the_panel_may_listen(
    window: "BrowserContext", server: Running, module_database_url: str
) -> None:
    subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), "role", "grant", ROOT.address, "global"],
        check=True,
        capture_output=True,
        env=environment(server.data, server.ports, GROUPWARE_DATABASE_URL=module_database_url),
    )
    page = window.new_page()
    sign_in(page, ROOT, PANEL)
    page.evaluate(LISTEN)
    wait_for_told(page, "ready", 1)
    append(server, ROOT, "INBOX")
    wait_for_told(page, "change", 1)
