"""What tests do with pages: sign in as people do, and wait for what is to come."""

import time
from typing import TYPE_CHECKING, Any

from tests.clients.people import Person

if TYPE_CHECKING:
    from playwright.sync_api import Page

WAIT_SECONDS = 60.0
"""On a machine that has other things to do."""


def sign_in(page: "Page", person: Person, following: str) -> None:
    """Go to a page that wants to know who it is, by the page where people sign in."""
    page.goto(f"/account/login/?next={following}")
    page.fill("input[name=login]", person.address)
    page.fill("input[name=password]", person.password)
    page.click("button[type=submit]")
    page.wait_for_url(f"**{following}")


def wait_until(page: "Page", script: str) -> Any:
    """Return what a function says in the page as soon as that is something true.

    Playwright's own `wait_for_function` evaluates text, which our policy forbids.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := page.evaluate(script)):
        assert time.monotonic() < deadline, f"waited in vain for {script}"
        page.wait_for_timeout(20)
    return found
