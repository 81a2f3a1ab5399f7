"""The whole life of a team in the panel, as one admin drives it in a real browser.

One test, as each chapter goes on from where the one before it ended. Everything that the admin does is
a click or a key; mail comes and goes by SMTP and LMTP, and is read by IMAP, as it is by others.
"""

import ssl
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from groupware.environment import BASE_DIR
from tests.browser.conftest import ROOT
from tests.browser.life import leaving, people, trouble
from tests.browser.life.desk import desk_of
from tests.browser.life.mail import Post
from tests.clients.people import create_people
from tests.mailflow.dns import Dns, serving_dns
from tests.mailflow.peers import Peer, serving_peer
from tests.serve.running import environment, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROLES = ("web", "imap", "smtp", "lmtp", "worker", "beat")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    """Return the mail server of far.test."""
    with serving_peer() as found:
        yield found


@pytest.fixture(scope="module")
def dns() -> Iterator[Dns]:
    """Return the DNS of the test, which knows far.test."""
    with serving_dns() as found:
        found.add("far.test", "MX", "10 mx.far.test.")
        found.add("mx.far.test", "A", "127.0.0.2")
        yield found


@pytest.fixture(scope="module")
def post(
    tmp_path_factory: pytest.TempPathFactory, module_database_url: str, dns: Dns, peer: Peer
) -> Iterator[Post]:
    """Return a server where nobody is but Root, who administers all of it."""
    variables = {
        "GROUPWARE_DATABASE_URL": module_database_url,
        "GROUPWARE_DNS_SERVERS": dns.variable,
        "GROUPWARE_MX_PORT": str(peer.port),
        "GROUPWARE_TRUSTED_NETWORKS": "127.0.0.0/8",
    }
    data = tmp_path_factory.mktemp("life") / "data"
    with serving(data, *ROLES, **variables) as server:
        create_people(server, [ROOT.address], **variables)
        subprocess.run(
            [sys.executable, "manage.py", "role", "grant", ROOT.address, "global"],
            check=True,
            cwd=BASE_DIR,
            env=environment(server.data, server.ports, **variables),
        )
        yield Post(server, ssl.create_default_context(cafile=str(server.trusted)), variables)


def test_a_team_lives_in_the_panel_from_its_domain_to_its_leaver(
    chromium: "Browser", post: Post, dns: Dns, peer: Peer
) -> None:
    with desk_of(chromium, post.server, ROOT) as desk:
        people.make_domain(desk, dns)
        team = people.import_people(desk)
        people.make_group(desk)
        people.make_list(desk)
        people.make_room(desk)
        people.share(desk, team, post)

        trouble.fill_quota(desk, post, team)
        sent = trouble.unstick_queue(desk, post, team, peer)
        trouble.follow(desk, sent, "received", "waits to be sent", "held", "sent")
        came = post.bring(f"team@{people.DOMAIN}")
        trouble.follow(desk, came, "received", "to the members of a list", *["delivered"] * 3)
        trouble.lose_phone(desk, post, team, chromium)

        leaving.invite(desk, post, team, chromium)
        leaving.leave(desk, post, team)
        leaving.audit(desk)
    with desk_of(chromium, post.server, ROOT, viewport=PHONE, color_scheme="dark") as small:
        entries = small.page.get_by_role("navigation", name="Administration").locator("a")
        for name in entries.evaluate_all("(found) => found.map((one) => one.textContent.trim())"):
            small.page.get_by_role("button", name="Menu").click()
            small.menu(name)
