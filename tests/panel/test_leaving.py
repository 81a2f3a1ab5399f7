"""Who comes and who goes, by the pages of an account: links, departures, files."""

import io
import re
import zipfile
from html import unescape

import pytest

from groupware.core.directory import get_account
from groupware.core.leaving import exports, invitations
from groupware.core.models import AccountExport, AuditEntry, Departure
from tests.panel.people import People, browser_of
from tests.services.store import append, prepared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


def test_a_link_is_shown_once_and_invites(people: People) -> None:
    client = browser_of(people.admin)
    page = f"/admin/accounts/{people.ann.pk}/"
    shown = client.post(f"{page}invite/", {})
    found = re.search(r"/account/invitation/([\w-]+)/", shown.content.decode())
    assert found
    assert "no-store" in shown.headers["Cache-Control"]
    assert invitations.find_invited(found[1]) == people.ann
    assert found[1] not in client.get(page).content.decode()


def test_who_leaves_is_shown_as_leaving_and_comes_back(people: People) -> None:
    client = browser_of(people.admin)
    page = f"/admin/accounts/{people.ann.pk}/"
    sent = {"days": "5", "successor": people.ben.login}
    client.post(f"{page}depart/", sent)
    departure = Departure.objects.get()
    assert (departure.successor, departure.wants_export) == (people.ben, False)
    shown = unescape(client.get(page).content.decode())
    assert "ben@example.test takes over." in shown
    assert f"{page}depart/" not in shown
    assert 'href="stay/"' in shown or f"{page}stay/" in shown
    client.post(f"{page}stay/", {})
    assert get_account(people.ann.login).is_active
    assert not Departure.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"days": "5", "successor": "nobody@example.test"},
        {"days": "5", "successor": "someone@elsewhere.example"},
        {"days": "-1"},
        {"days": "many"},
        {},
    ],
)
def test_what_cannot_be_is_said_beside_the_form(people: People, sent: dict[str, str]) -> None:
    path = f"/admin/accounts/{people.ann.pk}/depart/"
    answer = browser_of(people.admin).post(path, sent)
    assert answer.status_code == 422
    assert 'method="post"' in answer.content.decode()
    assert get_account(people.ann.login).is_active


def test_the_file_of_an_account_is_loaded_by_who_administers_it(people: People) -> None:
    append(people.ann, data=prepared(subject="Offer"))
    client = browser_of(people.admin)
    page = f"/admin/accounts/{people.ann.pk}/"
    client.post(f"{page}export/", {})
    assert "is being made" in client.get(page).content.decode()
    exports.work_off()
    made = AccountExport.objects.get()
    assert f"/admin/exports/{made.pk}/" in client.get(page).content.decode()
    answer = client.get(f"/admin/exports/{made.pk}/")
    data = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
    assert "attachment" in answer.headers["Content-Disposition"]
    last = AuditEntry.objects.order_by("pk").last()
    assert last is not None
    assert (last.actor, last.action) == (people.admin.login, "account.load-export")


def test_a_file_wants_a_fresh_sign_in(people: People) -> None:
    made = exports.ask(people.ann)
    exports.work_off()
    answer = browser_of(people.admin, is_fresh=False).get(f"/admin/exports/{made.pk}/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/login/")
