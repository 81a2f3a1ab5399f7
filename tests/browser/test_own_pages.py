"""The person's own pages in a real browser: usable by everybody, wide and narrow, light and dark."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import axe
from tests.browser.conftest import ANN
from tests.browser.pages import sign_in
from tests.serve.running import Running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
HOME = "/account/"
PAGES = (
    HOME,
    "/account/devices/new/",
    "/account/devices/new/?kind=apple",
    "/account/devices/new/?kind=android",
    "/account/devices/new/?kind=outlook",
    "/account/devices/",
    "/account/security/",
    "/account/profile/",
    "/account/identities/",
    "/account/shares/",
    "/account/elsewhere/",
    "/account/space/",
    "/account/export/",
    "/account/login/",
)
LOOKS: tuple[dict[str, Any], ...] = (
    {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en"},
    {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark", "locale": "it"},
)


@pytest.fixture(scope="module", params=LOOKS, ids=["wide, light, English", "narrow, dark, Italian"])
def page(chromium: "Browser", server: Running, request: pytest.FixtureRequest) -> Iterator["Page"]:
    """Return a window of Ann's, who signed in a moment ago."""
    base = f"https://localhost:{server.ports['HTTPS']}"
    window = chromium.new_context(base_url=base, ignore_https_errors=True, **request.param)
    axe.bring(window)
    try:
        page = window.new_page()
        sign_in(page, ANN, HOME)
        yield page
    finally:
        window.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_grave_fault(page: "Page", path: str) -> None:
    page.goto(path)
    assert axe.faults_of(page) == []


def test_a_password_and_its_codes_are_shown_once(page: "Page") -> None:
    page.goto("/account/devices/new/?kind=android")
    page.click("main form button[type=submit]")
    shown = page.text_content("code.secret")
    assert shown is not None
    assert len(shown) > 32
    codes = page.locator("img.qr")
    assert codes.count() == 2
    assert all(
        codes.nth(number).evaluate("(image) => image.naturalWidth > 100") for number in (0, 1)
    )
    assert axe.faults_of(page) == []
    page.goto("/account/devices/")
    assert shown not in page.content()
    assert axe.faults_of(page) == []


def test_it_is_gone_through_by_the_keyboard(page: "Page") -> None:
    page.goto(HOME)
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('main') !== null")


def test_another_language_is_chosen_and_kept(page: "Page") -> None:
    page.goto(HOME)
    other = page.locator(".foot button:not([aria-current])")
    code = other.get_attribute("value")
    other.click()
    page.wait_for_url(f"**{HOME}")
    page.goto("/account/space/")
    assert page.get_attribute("html", "lang") == code
    page.locator(".foot button:not([aria-current])").click()
