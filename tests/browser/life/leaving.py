"""Somebody comes by an invitation, somebody leaves and hands over; the log tells all of it."""

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from groupware.environment import BASE_DIR
from tests.browser.life.desk import Desk, desk_of
from tests.browser.life.mail import Post
from tests.browser.life.people import ANN, BEN, CARL, DOMAIN, DORA, Team
from tests.clients.people import Person
from tests.serve.running import environment, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHOSEN = "seven brown bears on a hill"


def invite(desk: Desk, post: Post, team: Team, browser: "Browser") -> None:
    """Make the successor's account; she chooses her password by a link."""
    desk.menu("Accounts")
    desk.open("New account")
    desk.fill(Address=DORA, Name="Dora")
    desk.press("Create")
    desk.open("Go on to the account", "Invite by a link")
    desk.press("Invite by a link")
    link = desk.page.locator("#secret").inner_text()
    with desk_of(browser, post.server, None) as own:
        own.page.goto(link)
        own.look()
        own.fill(Password=CHOSEN, The_same_again=CHOSEN)
        own.press("Set the password and sign in")
        own.page.wait_for_url("**/account/**")
        own.look()
    team.people[DORA] = Person(DORA, CHOSEN)


def leave(desk: Desk, post: Post, team: Team) -> None:
    """Carl leaves; Dora reads his mail, his file is loaded; he comes back for a moment, and goes."""
    kept = post.hand_over(CARL)
    depart(desk, days="30")
    desk.sees("leaving", f"{DORA} takes over.")
    post.wait_for(team[DORA], kept, f"Other Users/{CARL}/INBOX")
    desk.wait(lambda: desk.find("Accounts", CARL), "Load the file")
    with desk.page.expect_download() as loading:
        desk.main.get_by_role("link", name="Load the file").first.click()
    with zipfile.ZipFile(loading.value.path()) as file:
        assert file.testzip() is None
        assert any(kept.encode() in file.read(name) for name in file.namelist())
    desk.open("Let it stay")
    desk.press("Let it stay")
    desk.sees("The account stays.")
    depart(desk, days="0")
    wait_for(lambda: has_gone(desk, post), f"the end of {CARL}", seconds=60)
    post.wait_for(team[DORA], kept, f"Handed over/{CARL}")
    post.wait_for(team[DORA], post.hand_over(CARL))


def depart(desk: Desk, *, days: str) -> None:
    """Let Carl leave after some days; Dora takes over."""
    desk.find("Accounts", CARL)
    desk.open("Let it leave")
    desk.fill(Days_until_it_is_deleted=days, Successor=DORA)
    desk.press("Let it leave")
    desk.sees("The account is leaving.")


def has_gone(desk: Desk, post: Post) -> bool:
    """Do what is due, and tell whether the list knows the account no more."""
    variables = environment(post.server.data, post.server.ports)
    subprocess.run(
        [sys.executable, "-m", "tests.browser.life.duties", "exports", "departures"],
        check=True,
        cwd=BASE_DIR,
        env=variables | post.variables,
    )
    desk.menu("Accounts")
    return CARL not in desk.text


ACTS = (
    "created the domain",
    "imported a file of accounts",
    "created the account",
    "created the group",
    "created the address",
    "shared something",
    "changed the space",
    "held mail",
    "dropped mail",
    "ended a session",
    "revoked an app password",
    "ended every session",
    "invited the person",
    "let the account leave",
    "let the account stay",
    "asked for a file of everything",
    "loaded a file of everything",
    "deleted the account",
)


def audit(desk: Desk) -> None:
    """Find each act in the log, with who did it."""
    desk.menu("Audit log")
    seen = desk.text
    while desk.page.get_by_role("link", name="Older").count():
        desk.open("Older")
        seen += desk.text
    missing = [act for act in ACTS if act not in seen]
    assert missing == [], seen
    for name in (ANN, BEN, CARL, DORA, f"team@{DOMAIN}", "root@example.test"):
        assert name in seen
