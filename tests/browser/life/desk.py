"""The browser of who administers, or of a person: links, buttons and fields by their names."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.browser import axe
from tests.browser.pages import WAIT_SECONDS
from tests.clients.people import Person
from tests.serve.running import Running, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

FIRST = "/admin/"
MOST_TABS = 80


@dataclass
class Desk:
    """A page of somebody's; `said` is what the console said of faults."""

    page: "Page"
    said: list[str]
    looked_at: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Let axe see the page, unless it saw one of its kind; nothing may be wrong with it."""
        kind = re.sub(r"\d+", "N", self.page.url.partition("?")[0])
        if kind not in self.looked_at:
            self.looked_at.add(kind)
            assert axe.faults_of(self.page) == [], kind
        assert self.said == [], (self.page.url, self.said)

    def open(self, *names: str) -> None:
        """Follow links by their names, the first one in the sidebar or on the page."""
        for name in names:
            self.page.get_by_role("link", name=name, exact=True).first.click()
            self.look()

    def menu(self, name: str) -> None:
        """Follow a link of the sidebar."""
        side = self.page.get_by_role("navigation", name="Administration")
        side.get_by_role("link", name=name, exact=True).click()
        self.look()

    def find(self, section: str, what: str) -> None:
        """Open what a list of the sidebar has, by its search."""
        self.menu(section)
        self.page.get_by_label("Search").fill(what)
        self.press("Show")
        self.page.locator("tbody th a").first.click()
        self.look()

    def fill(self, **fields: str) -> None:
        """Fill fields of the form by their labels; `_` stands for a blank."""
        for label, text in fields.items():
            found = self.field(label.replace("_", " "))
            if found.evaluate("(one) => one.tagName") == "SELECT":
                found.select_option(label=text)
            else:
                found.fill(text)

    def field(self, label: str) -> "Locator":
        """Return a field by its label; sections may be called the same."""
        kinds = self.page.locator("input, select, textarea")
        return self.main.get_by_label(label, exact=True).and_(kinds)

    def press(self, name: str) -> None:
        """Press a button."""
        self.main.get_by_role("button", name=name, exact=True).click()
        self.look()

    def reload_until(self, section: str, text: str) -> None:
        """Come back to a page of the sidebar until it says something."""
        self.wait(lambda: self.menu(section), text)

    def wait(self, again: Any, text: str) -> None:
        """Do something again until the page says a text."""

        def is_there() -> bool:
            again()
            return text in self.text

        wait_for(is_there, text, seconds=WAIT_SECONDS)

    def sees(self, *texts: str) -> None:
        """Find texts on the page."""
        shown = self.text
        for text in texts:
            assert text in shown, f"no {text!r} in:\n{shown}"

    def tab_to(self, wanted: "Locator") -> None:
        """Come to something by the key Tab alone."""
        for _ in range(MOST_TABS):
            if wanted.evaluate("(one) => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{wanted} is not reached by Tab")

    @property
    def main(self) -> "Locator":
        return self.page.get_by_role("main")

    @property
    def text(self) -> str:
        """What a reader reads."""
        return self.main.inner_text().replace("\xa0", " ")


@contextmanager
def desk_of(
    browser: "Browser", server: Running, person: Person | None, **options: Any
) -> Iterator[Desk]:
    """Yield a browser of its own, of which the first address is typed, and no other one."""
    from tests.browser.pages import sign_in

    base = f"https://localhost:{server.ports['HTTPS']}"
    window = browser.new_context(base_url=base, ignore_https_errors=True, locale="en", **options)
    axe.bring(window)
    said: list[str] = []
    page = window.new_page()
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        if person is not None:
            sign_in(page, person, FIRST if person.address.startswith("root@") else "/account/")
        yield Desk(page, said)
    finally:
        window.close()
