"""What goes wrong on a working day: a full quota, a server that does not take mail, a lost phone."""

import imaplib
import smtplib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from tests.browser.life.desk import Desk, desk_of
from tests.browser.life.mail import OUTSIDE, Post
from tests.browser.life.people import ANN, BEN, Team
from tests.clients.people import Person
from tests.mailflow.peers import Peer
from tests.serve.running import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

REFUSAL = "451 4.7.1 Our store is closed this morning"


def fill_quota(desk: Desk, post: Post, team: Team) -> None:
    """Give Ann little room, let mail fill it, see it, and give her more."""
    desk.find("Accounts", ANN)
    desk.fill(Space="1 MB")
    desk.press("Keep the changes")
    post.wait_for(team[ANN], post.hand_over(ANN, size=950_000))
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        post.hand_over(ANN, size=300_000)
    assert refused.value.smtp_code in {452, 552}, refused.value
    desk.find("Accounts", ANN)
    assert desk.main.locator("svg.bar.full").count() == 1
    desk.sees("of 1.0 MB")
    desk.fill(Space="1 GB")
    desk.press("Keep the changes")
    assert desk.main.locator("svg.bar.full").count() == 0
    post.wait_for(team[ANN], post.hand_over(ANN, size=300_000))


def unstick_queue(desk: Desk, post: Post, team: Team, peer: Peer) -> str:
    """See why two messages wait; one is held and goes after all, the other one is dropped."""
    peer.say("RCPT", *[REFUSAL] * 20)
    kept, lost = (post.submit(team[BEN], to) for to in (OUTSIDE, "nobody@far.test"))
    desk.reload_until("Queue", "nobody@far.test")
    desk.wait(lambda: desk.menu("Queue"), "Our store is closed this morning")
    choose(desk, OUTSIDE)
    desk.press("Hold")
    desk.sees("Done for 1 recipient.")
    assert row(desk, OUTSIDE).get_by_text("held", exact=True).is_visible()
    choose(desk, "nobody@far.test")
    desk.press("Drop, tell nobody")
    assert "nobody@far.test" not in desk.text
    peer.replies["RCPT"].clear()
    for name in ("Release", "Try now"):
        if OUTSIDE in desk.text:
            choose(desk, OUTSIDE)
            desk.press(name)
    wait_for(lambda: peer.taken, "the message to be taken")
    assert kept.encode() in peer.taken[0].data
    assert all(lost.encode() not in taken.data for taken in peer.taken)
    desk.reload_until("Queue", "Nothing waits")
    return kept


def row(desk: Desk, address: str) -> "Locator":
    """Return the row of a message in the queue."""
    return desk.main.get_by_role("row").filter(has_text=address)


def choose(desk: Desk, address: str) -> None:
    """Tick a message of the queue."""
    row(desk, address).get_by_role("checkbox").check()


def follow(desk: Desk, message_id: str, *steps: str) -> None:
    """Find a message by its Message-ID, and see its steps in their order once they are written."""
    wait_for(lambda: way_of(desk, message_id, steps) == list(steps), f"{steps} of {message_id}")


def way_of(desk: Desk, message_id: str, steps: Sequence[str]) -> list[str]:
    """Return those of the steps that the panel shows of a message."""
    search(desk, message_id)
    if not desk.page.get_by_role("link", name="its way", exact=True).count():
        return []
    desk.open("its way")
    return [step for step in desk.main.locator("tbody .badge").all_inner_texts() if step in steps]


def search(desk: Desk, message_id: str) -> None:
    """Search the trace."""
    desk.menu("Messages")
    desk.page.get_by_label("Sender, recipient or Message-ID").fill(message_id)
    desk.press("Show")


def lose_phone(desk: Desk, post: Post, team: Team, browser: "Browser") -> None:
    """A phone with an app password of its own is lost: out with it, and it stays out."""
    phone = Person(BEN, make_app_password(browser, post, team[BEN]))
    lost, own = post.reading(phone), post.reading(team[BEN])
    lost.select("INBOX")
    desk.menu("Sessions")
    its = desk.main.get_by_role("row").filter(has_text=BEN).filter(has_text="app password")
    its.get_by_role("button").click()
    assert is_closed(lost)
    own.noop()
    desk.find("Accounts", BEN)
    desk.sees("My old phone")
    desk.main.get_by_role("button", name="Revoke My old phone").click()
    desk.press("Revoke an app password")
    desk.sees("The app password opens nothing any more.")
    assert desk.main.get_by_role("button", name="Revoke My old phone").count() == 0
    assert post.is_refused(phone)
    assert is_closed(own)  # whatever else the account has open begins anew
    again = post.reading(team[BEN])
    desk.open("Sign out everywhere")
    desk.press("Sign out everywhere")
    desk.sees("Every session is over.")
    assert is_closed(again)
    with post.reading(team[BEN]) as anew:
        anew.noop()


def make_app_password(browser: "Browser", post: Post, person: Person) -> str:
    """Make an app password as the person does, on the own pages."""
    with desk_of(browser, post.server, person) as own:
        own.open("Set up a device")
        own.page.get_by_role("link", name="Android").click()
        own.look()
        own.fill(Name_of_the_device="My old phone")
        own.press("Make the password")
        shown = own.page.locator("code.secret").inner_text()
        own.open("Devices")
        own.sees("My old phone")
    return shown.replace(" ", "")


def is_closed(client: imaplib.IMAP4) -> bool:
    """Tell whether the server hangs up; it may say BYE before."""
    client.socket().settimeout(30)
    try:
        while client.readline():
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    finally:
        client.shutdown()
    return True
