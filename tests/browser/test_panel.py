"""The panel in a real browser: no serious fault that axe finds, nothing that its policy forbids."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from groupware.environment import BASE_DIR
from tests.browser import pages
from tests.browser.conftest import ROOT
from tests.serve.running import Running, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PATHS = (
    "/admin/",
    "/admin/domains/",
    "/admin/domains/1/",
    "/admin/accounts/",
    "/admin/accounts/?q=nobody+is+called+so",
    "/admin/accounts/1/",
    "/admin/accounts/1/share/",
    "/admin/accounts/1/delete/",
    "/admin/accounts/bulk-delete/?_selected_action=1&_selected_action=2",
    "/admin/accounts/add/",
    "/admin/imports/",
    "/admin/groups/",
    "/admin/groups/add/",
    "/admin/addresses/",
    "/admin/rooms/",
    "/admin/shares/",
    "/admin/roles/",
    "/admin/settings/",
    "/admin/doctor/",
    "/admin/retention/",
    "/admin/retention/add/",
    "/admin/retention/preview/?target=example.test&use=INBOX&action=archive&days=30",
    "/admin/holds/",
    "/admin/outside/",
    "/admin/queue/",
    "/admin/trace/",
    "/admin/sessions/",
    "/admin/audit/",
    "/admin/accounts/999999/",
)
SERIOUS = {"serious", "critical"}
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}


WORK_OFF = "from groupware.core.administration import csvfiles; csvfiles.work_off()"
"""What the worker does, which the tests' server leaves out."""


def manage(server: Running, database_url: str, *words: str) -> None:
    """Run a command on the server's store."""
    subprocess.run(
        [sys.executable, "manage.py", *words],
        check=True,
        cwd=BASE_DIR,
        env=environment(server.data, server.ports, GROUPWARE_DATABASE_URL=database_url),
    )


@pytest.fixture(scope="module", autouse=True)
def role(server: Running, module_database_url: str) -> None:
    """Let Root administer everything."""
    manage(server, module_database_url, "role", "grant", ROOT.address, "global")


@contextmanager
def signed_in(
    chromium: "Browser", server: Running, **options: Any
) -> Iterator[tuple["Page", list[str]]]:
    """Yield a page of who administers, and what the console says of faults."""
    base = f"https://localhost:{server.ports['HTTPS']}"
    context = chromium.new_context(base_url=base, ignore_https_errors=True, **options)
    said: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if is_fault(message) else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        pages.sign_in(page, ROOT, "/admin/")
        yield page, said
    finally:
        context.close()


def is_fault(message: Any) -> bool:
    # A page that is not there is one of ours, with its status; Chromium notes the status.
    return message.type in {"error", "warning"} and "status of 404" not in message.text


def serious_faults(page: "Page") -> list[tuple[str, list[Any]]]:
    return [
        (held["id"], [node["target"] for node in held["nodes"]])
        for held in Axe().run(page).response["violations"]
        if held["impact"] in SERIOUS
    ]


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light", "dark-phone"]
)
def test_pages_have_no_serious_fault_and_keep_to_their_policy(
    chromium: "Browser", server: Running, scheme: str, size: dict[str, int]
) -> None:
    with signed_in(chromium, server, color_scheme=scheme, viewport=size) as (page, said):
        for path in PATHS:
            page.goto(path)
            assert serious_faults(page) == [], path
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{path} is wider than its window"
            assert said == [], path


def test_a_menu_opens_and_closes_by_the_keyboard(chromium: "Browser", server: Running) -> None:
    with signed_in(chromium, server, viewport=PHONE) as (page, said):
        entry = page.get_by_role("link", name="Accounts", exact=True)
        assert not entry.is_visible()
        page.get_by_role("button", name="Menu").focus()
        page.keyboard.press("Enter")
        assert entry.is_visible()
        page.keyboard.press("Escape")
        assert not entry.is_visible()
        assert said == []


def test_an_account_is_made_in_italian_and_its_password_is_shown_once(
    chromium: "Browser", server: Running
) -> None:
    with signed_in(chromium, server, locale="it-IT") as (page, said):
        page.goto("/admin/accounts/add/")
        assert page.title().startswith("Nuovo account")
        page.fill("input[name=address]", "nuova@example.test")
        page.fill("input[name=name]", "Nuova Persona")
        page.click("main button[type=submit]")
        shown = page.locator("#secret").inner_text()
        page.get_by_role("link", name="Vai all").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Nuova Persona"
        assert shown not in page.content()
        assert said == []


def test_bulk_actions_are_offered_when_something_is_chosen(
    chromium: "Browser", server: Running
) -> None:
    with signed_in(chromium, server) as (page, said):
        page.goto("/admin/accounts/")
        bar = page.locator("[data-bulk]")
        assert not bar.is_visible()
        page.get_by_role("checkbox").nth(1).check()
        assert bar.is_visible()
        assert bar.locator("[data-count]").inner_text() == "1"
        bar.get_by_label("Do").select_option("end-sessions")
        bar.get_by_role("button", name="Go on").click()
        assert "/admin/accounts/bulk-end-sessions/?" in page.url
        assert "It is done to 1 that you chose." in page.locator("main").inner_text()
        page.get_by_role("link", name="Cancel").click()
        assert page.url.endswith("/admin/accounts/")
        assert said == []


def test_another_browser_is_signed_out_by_a_button(chromium: "Browser", server: Running) -> None:
    with (
        signed_in(chromium, server, user_agent="Lost telephone/1") as (other, _),
        signed_in(chromium, server) as (page, said),
    ):
        page.get_by_role("link", name="Sessions").click()
        lost = page.locator("tbody tr").filter(has_text="Lost telephone")
        lost.get_by_role("button", name="End Browser of").click()
        assert "The session is over." in page.locator("[role=status]").inner_text()
        assert lost.count() == 0
        other.goto("/admin/")
        assert "/account/login/" in other.url
        page.get_by_role("link", name="My account").click()
        assert page.url.endswith("/account/")
        page.get_by_role("link", name="Administration").click()
        assert page.url.endswith("/admin/")
        assert said == []


def test_accounts_are_imported_from_a_file_that_was_shown_first(
    chromium: "Browser", server: Running, module_database_url: str, tmp_path: Path
) -> None:
    rows = "address;name;quota\nann@example.test;Ann Rossi;5G\nimported@example.test;;\nwrong;;\n"
    file = tmp_path / "people.csv"
    file.write_text(rows)
    with signed_in(chromium, server, viewport=PHONE, accept_downloads=True) as (page, said):
        page.goto("/admin/imports/")
        page.set_input_files("input[name=file]", file)
        page.get_by_role("button", name="Show what changes").click()
        assert page.get_by_role("heading", level=1).inner_text() == "What would change"
        assert "wrong" in page.locator("table").inner_text()
        assert serious_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name="Import these accounts").click()
        assert page.get_by_role("heading", level=1).inner_text() == "The import is under way"
        assert serious_faults(page) == []
        manage(server, module_database_url, "shell", "-c", WORK_OFF)
        # The page loads itself anew meanwhile.
        page.get_by_role("button", name="Load the passwords").wait_for()
        with page.expect_download() as loaded:
            page.get_by_role("button", name="Load the passwords").click()
        text = loaded.value.path().read_text("utf-8-sig")
        assert text.splitlines()[1].startswith("imported@example.test,,")
        page.reload()
        assert page.get_by_role("button", name="Load the passwords").count() == 0
        assert said == []
