"""A domain, its people, a group, a list, a room, and something that two of them share."""

import csv
import json
from dataclasses import dataclass, field
from urllib.request import Request, urlopen

from tests.browser.life.desk import Desk
from tests.browser.life.mail import Post
from tests.browser.pages import WAIT_SECONDS
from tests.clients.people import Person
from tests.mailflow.dns import Dns

DOMAIN = "hill.test"
ANN, BEN, CARL, DORA = (f"{name}@{DOMAIN}" for name in ("ann", "ben", "carl", "dora"))

FILE = f"""\
address,name,quota
{ANN},Ann Archer,5G
{BEN},Ben Baker,5G
{CARL},Carl Cooper,
eve@elsewhere.test,Eve,
"""


@dataclass
class Team:
    """Who is there, with the passwords that the panel showed."""

    people: dict[str, Person] = field(default_factory=dict)

    def __getitem__(self, address: str) -> Person:
        return self.people[address]


def make_domain(desk: Desk, dns: Dns) -> None:
    """Make the domain and a key, and see what the DNS lacks."""
    desk.menu("Domains")
    desk.open("New domain")
    desk.fill(Domain=DOMAIN)
    desk.press("Create")
    desk.sees("What the DNS has to say", f"_dmarc.{DOMAIN}", "v=spf1 mx -all")
    desk.open("Make a key")
    desk.press("Make a key")
    desk.sees("The key is made", "v=DKIM1")
    dns.add_txt(DOMAIN, "v=spf1 mx -all")
    desk.open("Compare with the DNS")
    right = desk.main.get_by_role("listitem").filter(has_text="SPF")
    assert right.locator(".badge").first.inner_text() == "right"
    assert desk.main.get_by_text("missing", exact=True).count() > 3


def import_people(desk: Desk) -> Team:
    """Import three people from a file of four rows: first seen, then done; load their passwords."""
    desk.menu("Import")
    octets = FILE.encode()
    desk.field("File").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": octets}
    )
    desk.press("Show what changes")
    desk.sees("Nothing is done yet. 3 accounts", "Carl Cooper", "elsewhere.test")
    desk.menu("Accounts")
    assert CARL not in desk.text
    desk.menu("Import")
    desk.main.get_by_role("region", name="Your imports").get_by_role("link").first.click()
    desk.press("Import these accounts")
    desk.page.get_by_role("heading", name="The import is done").wait_for(timeout=WAIT_SECONDS * 1e3)
    desk.look()
    with desk.page.expect_download() as loading:
        desk.main.get_by_role("button", name="Load the passwords").click()
    rows = csv.DictReader(loading.value.path().read_text("utf-8-sig").splitlines())
    team = Team({row["address"]: Person(row["address"], row["password"]) for row in rows})
    assert set(team.people) == {ANN, BEN, CARL}
    desk.find("Accounts", CARL)
    desk.sees("Carl Cooper", "May sign in")
    return team


def make_group(desk: Desk) -> None:
    """Make a group by the keyboard alone."""
    keys, page = desk.page.keyboard, desk.page
    desk.tab_to(page.get_by_role("link", name="Groups and lists"))
    keys.press("Enter")
    page.wait_for_url("**/groups/")
    desk.tab_to(page.get_by_role("link", name="New group").first)
    keys.press("Enter")
    page.wait_for_url("**/add/")
    desk.tab_to(desk.field("Address"))
    keys.type(f"team@{DOMAIN}")
    desk.tab_to(desk.field("Members"))
    keys.type(f"{ANN}\n{BEN}\n{CARL}")
    desk.tab_to(page.get_by_role("button", name="Create"))
    keys.press("Enter")
    page.get_by_role("heading", name=f"team@{DOMAIN}").wait_for()
    desk.look()
    assert desk.field("Members").input_value().split() == [ANN, BEN, CARL]


def make_list(desk: Desk) -> None:
    """Make an address that leads to two people, and let members alone write to it."""
    desk.menu("Addresses")
    desk.open("New address")
    desk.fill(Address=f"sales@{DOMAIN}", Leads_to=f"{ANN}\n{BEN}")
    desk.press("Create")
    desk.open("Change who writes to it")
    desk.fill(Who_may_write_to_it="people of its domain")
    desk.press("Change who writes to it")
    desk.sees("The policy is kept.", "people of its domain")


def make_room(desk: Desk) -> None:
    """Make a room."""
    desk.menu("Rooms and equipment")
    desk.open("New room")
    desk.fill(Name="Attic", Address=f"attic@{DOMAIN}")
    desk.press("Create")
    desk.sees("Attic", f"attic@{DOMAIN}")


def share(desk: Desk, team: Team, post: Post) -> None:
    """Share Ann's inbox and calendar with Ben, who sees both."""
    for place in ("INBOX (mailbox)", "Calendar (calendar)"):
        desk.find("Accounts", ANN)
        desk.open("Share something")
        desk.fill(What=place, With=BEN, May="read")
        desk.press("Share something")
        desk.sees("It is shared now.", BEN)
    desk.find("Accounts", BEN)
    desk.sees("Received from others", ANN)
    desk.menu("Shares")
    desk.sees(ANN, BEN, "INBOX (mailbox)")
    with post.reading(team[BEN]) as client:
        _, listed = client.list('""', f'"Other Users/{ANN}/*"')
        assert any(line and b"INBOX" in line for line in listed), listed
    assert ANN in owners_of_calendars(post, team)


def owners_of_calendars(post: Post, team: Team) -> str:
    """Return what REST tells Ben of his calendars."""
    url = f"https://localhost:{post.server.ports['HTTPS']}/api/v1/calendars"
    request = Request(url, headers=post.basic(team[BEN]))
    with urlopen(request, context=post.tls, timeout=30) as answer:  # noqa: S310
        return json.dumps(json.load(answer))
