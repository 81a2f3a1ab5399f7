"""Who is signed in, as the panel shows it: by whom it is seen and ended; and when somebody was last seen."""

from html import unescape

import pytest

from groupware.core import auth, devices
from groupware.core.audit import AuditFilter, list_entries
from groupware.core.livesessions import MOST_TOLD, list_sessions
from groupware.core.models import Account
from groupware.core.principals import Principal
from tests.panel.people import People, browser_of
from tests.services.identity.browsers import open_browser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


def shown(account: Account, path: str = "sessions/") -> str:
    response = browser_of(account).get(f"/admin/{path}")
    assert response.status_code == 200
    return unescape(response.content.decode())


def ids(account: Account) -> set[str]:
    return {held.id for held in list_sessions(account.pk)}


def test_sessions_are_shown_by_account_and_found_by_address_and_protocol(people: People) -> None:
    open_browser(people.ann, "Ann's browser")
    open_browser(people.ben, "Ben's browser")
    page = shown(people.admin)
    assert "Ann's browser" in page
    assert "Ben's browser" in page
    assert f"/admin/accounts/{people.ann.pk}/" in page
    page = shown(people.admin, "sessions/?q=ANN%40&protocol=web")
    assert "Ann's browser" in page
    assert "Ben's browser" not in page
    assert "Nothing here is as you search for." in shown(people.admin, "sessions/?protocol=imap")


def test_one_session_is_ended_and_the_log_says_which(people: People) -> None:
    first, second = open_browser(people.ann), open_browser(people.ann)
    client = browser_of(people.help_desk, is_fresh=False)
    sent = {"account": str(people.ann.pk), "session": first}
    response = client.post("/admin/sessions/?q=ann", sent)
    assert response.headers["Location"] == "/admin/sessions/?q=ann"
    assert ids(people.ann) == {second}
    [entry] = list_entries(AuditFilter(action="account.end-session"))
    assert (entry.actor, entry.target) == (people.help_desk.login, people.ann.login)
    assert entry.detail == {"session": first, "protocol": "web", "network": "192.0.2.9"}
    again = client.post("/admin/sessions/", sent, follow=True).content.decode()
    assert "it has ended already" in again
    assert ids(people.ann) == {second}


def test_sessions_of_another_domain_are_neither_seen_nor_ended(people: People) -> None:
    held = open_browser(people.ann, "Ann's browser")
    for account in people.strangers.values():
        assert "Ann's browser" not in shown(account)
        client = browser_of(account)
        sent = {"account": str(people.ann.pk), "session": held}
        assert client.post("/admin/sessions/", sent).status_code == 404
        own = {"account": str(account.pk), "session": held}
        assert (
            "has ended already"
            in client.post("/admin/sessions/", own, follow=True).content.decode()
        )
    assert ids(people.ann) == {held}


def test_the_help_desk_ends_nothing_of_who_has_more_rights(people: People) -> None:
    held = open_browser(people.admin)
    client = browser_of(people.help_desk)
    client.post("/admin/sessions/", {"account": str(people.admin.pk), "session": held})
    client.post(f"/admin/accounts/{people.admin.pk}/end-session/", {"session": held})
    assert ids(people.admin) == {held}


def test_sessions_beyond_those_that_are_told_are_counted(people: People) -> None:
    for _ in range(MOST_TOLD + 3):
        open_browser(people.ann)
    page = shown(people.admin, "sessions/?q=ann")
    assert "3 more are not shown" in page
    assert page.count('name="session"') == MOST_TOLD


def test_the_page_of_an_account_says_when_it_was_last_seen_and_ends_a_session(
    people: People,
) -> None:
    principal = Principal(people.ann.pk, people.ann.login, people.ann.credential_epoch)
    for protocol in ("imap", "dav", auth.WEB):
        devices.note_login(principal, protocol, "192.0.2.1", "Phone 1")
    devices.flush()
    first, second = open_browser(people.ann, "First browser"), open_browser(people.ann)
    path = f"accounts/{people.ann.pk}/"
    page = shown(people.help_desk, path)
    seen = page[page.index("Last seen") :]
    seen = seen[: seen.index("</dl>")]
    assert all(name in seen for name in ("IMAP", "CalDAV, CardDAV", "Browser"))
    assert "First browser" in page
    client = browser_of(people.help_desk)
    assert client.post(f"/admin/{path}end-session/", {"session": first}).status_code == 302
    assert ids(people.ann) == {second}
    assert client.post(f"/admin/{path}end-session/", {"session": first}).status_code == 422
