"""A served server, a browser for each look, and the files."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groupware.environment import BASE_DIR
from tests.browser import chromium
from tests.browser.pages import sign_in
from tests.clients.people import Person
from tests.mailflow.dns import serving_dns
from tests.pictures.shots import DOMAIN, Shot
from tests.serve.running import Running, environment, serving, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RECORDS = (
    (DOMAIN, "MX", f"10 mail.{DOMAIN}."),
    (f"mail.{DOMAIN}", "A", "192.0.2.10"),
    (DOMAIN, "TXT", '"v=spf1 a -all"'),
    (f"mta-sts.{DOMAIN}", "CNAME", f"mail.{DOMAIN}."),
    (f"autoconfig.{DOMAIN}", "CNAME", f"mail.{DOMAIN}."),
)
"""What the DNS says of the domain: some of what it should."""


def take(shots: Sequence[Shot], directory: Path, target: Path) -> Iterator[Path]:
    """Take pictures into `target`, and yield the files."""
    path = chromium.find()
    if path is None:
        raise SystemExit("Run `make test-deps`, which installs chromium.")
    data = directory / "data"
    data.mkdir(mode=0o700)
    # A machine that is busy with other things is not what the pictures are about.
    variables = {"GROUPWARE_DOMAIN": DOMAIN, "GROUPWARE_HEALTH_TIMEOUT": "10000"}
    subprocess.run(
        [sys.executable, "-m", "tests.pictures.livening"],
        check=True,
        cwd=BASE_DIR,
        env=environment(data, {}, DJANGO_SETTINGS_MODULE="groupware.settings", **variables),
    )
    target.mkdir(parents=True, exist_ok=True)
    passwords = _read_passwords(data)
    with ExitStack() as stack:
        dns = stack.enter_context(serving_dns())
        for record in RECORDS:
            dns.add(*record)
        server = stack.enter_context(serving(data, **variables, GROUPWARE_DNS_SERVERS=dns.variable))
        browser = stack.enter_context(chromium.running(path))
        looked = groupby(shots, lambda one: (one.who, one.scheme, one.locale, one.viewport))
        for _, some in looked:
            yield from _look(browser, server, list(some), passwords, target)


def _look(
    browser: "Browser",
    server: Running,
    shots: Sequence[Shot],
    passwords: dict[str, str],
    target: Path,
) -> Iterator[Path]:
    """Take the pictures that one person sees in one look."""
    first = shots[0]
    window = browser.new_context(
        base_url=f"https://localhost:{server.ports['HTTPS']}",
        ignore_https_errors=True,
        viewport=first.viewport,
        color_scheme=first.scheme,  # type: ignore[arg-type]
        locale=first.locale,
        timezone_id="Europe/Vienna",
    )
    try:
        page = window.new_page()
        if first.who:
            sign_in(page, Person(first.who, passwords[first.who]), "/account/")
        for shot in shots:
            path = target / f"{shot.name}.png"
            _open(page, shot)
            page.screenshot(path=path, full_page=shot.is_whole, animations="disabled")
            yield path
    finally:
        window.close()


def _open(page: "Page", shot: Shot) -> None:
    """Come to a page; the first one of the panel is shown when every part of the server has begun."""
    page.goto(shot.path)
    wait_for(lambda: _is_well(page), "every part of the server", seconds=120)
    for selector in filter(None, shot.find.split(" >> ")):
        link: Any = page.locator(selector).first
        page.goto(link.evaluate("(found) => found.href"))


def _is_well(page: "Page") -> bool:
    if not page.locator(".troubled").count():
        return True
    page.reload()
    return False


def _read_passwords(data: Path) -> dict[str, str]:
    lines = (data / "demo-passwords.txt").read_text("utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)
