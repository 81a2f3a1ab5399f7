"""What is done to many at once: the page that names them and asks, and what becomes of each."""

from html import unescape
from typing import Any

import pytest

from groupware.core.audit import AuditFilter, list_entries
from groupware.core.models import Account
from groupware.panel.admin.bulk import MOST_AT_ONCE, MOST_NAMED
from groupware.panel.registry import site
from tests.panel.people import OWN, People, browser_of
from tests.services.identity.browsers import open_browser
from tests.services.store import create

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]

DISABLE = "/admin/accounts/bulk-disable/"
DELETE = "/admin/accounts/bulk-delete/"


def chosen(*accounts: Account) -> dict[str, Any]:
    return {"_selected_action": [str(account.pk) for account in accounts]}


def active(*accounts: Account) -> list[bool]:
    return [Account.objects.get(pk=account.pk).is_active for account in accounts]


def test_the_list_leads_to_a_page_that_names_what_was_chosen_and_changes_nothing(
    people: People,
) -> None:
    client = browser_of(people.admin)
    sent = {"action": "disable", "index": "0", **chosen(people.ann, people.ben)}
    response = client.post("/admin/accounts/", sent, follow=True)
    assert response.request["PATH_INFO"] == DISABLE
    page = response.content.decode()
    assert people.ann.login in page
    assert people.ben.login in page
    assert "each of 2 that you chose" in page
    assert "every session ends" in page
    assert active(people.ann, people.ben) == [True, True]


def test_each_is_done_with_an_entry_of_its_own_in_the_log(people: People) -> None:
    client = browser_of(people.admin)
    response = client.post(DISABLE, chosen(people.ann, people.ben), follow=True)
    assert "2 changed." in response.content.decode()
    assert active(people.ann, people.ben) == [False, False]
    made = list_entries(AuditFilter(action="account.disable"))
    assert {(entry.actor, entry.target) for entry in made} == {
        (people.admin.login, people.ann.login),
        (people.admin.login, people.ben.login),
    }


def test_what_is_beyond_the_role_is_neither_named_nor_touched(people: People) -> None:
    client = browser_of(people.others_admin)
    page = client.get(DISABLE, chosen(people.ann, people.others_help_desk)).content.decode()
    assert people.ann.login not in page
    assert "It is done to 1 that you chose." in page
    client.post(DISABLE, chosen(people.ann, people.others_help_desk))
    assert active(people.ann, people.others_help_desk) == [True, False]
    client = browser_of(people.help_desk)
    for response in (
        client.get(DISABLE, chosen(people.ann)),
        client.post(DISABLE, chosen(people.ann)),
    ):
        assert response.status_code == 403
    assert active(people.ann) == [True]


def test_oneself_and_who_has_more_rights_are_spared_and_told_by_name(people: People) -> None:
    client = browser_of(people.admin)
    response = client.post(DISABLE, chosen(people.ann, people.admin, people.root), follow=True)
    page = unescape(response.content.decode())
    assert active(people.ann, people.admin, people.root) == [False, True, True]
    assert f"{people.admin.login}: " in page
    assert f"{people.root.login}: " in page
    assert "1 changed." in page


def test_who_signed_in_long_ago_proves_it_and_comes_back_to_what_was_chosen(
    people: People,
) -> None:
    client = browser_of(people.root, is_fresh=False)
    for response in (
        client.get(DISABLE, chosen(people.ann, people.ben)),
        client.post(DISABLE, chosen(people.ann, people.ben)),
    ):
        assert response.status_code == 302
        back = response.headers["Location"].partition("?next=")[2]
        assert back.startswith("%2Fadmin%2Faccounts%2Fbulk-disable%2F%3F")
        assert f"_selected_action%3D{people.ann.pk}%26_selected_action%3D{people.ben.pk}" in back
    assert active(people.ann, people.ben) == [True, True]


def test_signing_out_everywhere_wants_no_proof_and_is_the_help_desks(people: People) -> None:
    open_browser(people.ann)
    client = browser_of(people.help_desk, is_fresh=False)
    path = "/admin/accounts/bulk-end-sessions/"
    assert "Every session ends" in client.get(path, chosen(people.ann)).content.decode()
    epoch = Account.objects.get(pk=people.ann.pk).credential_epoch
    assert client.post(path, chosen(people.ann)).status_code == 302
    assert Account.objects.get(pk=people.ann.pk).credential_epoch == epoch + 1


def test_who_deletes_many_types_how_many(people: People) -> None:
    client = browser_of(people.admin)
    sent = chosen(people.ann, people.ben)
    for typed in ("", "1", people.ann.login):
        assert client.post(DELETE, {**sent, "typed": typed}).status_code == 422
    assert Account.objects.filter(pk__in=[people.ann.pk, people.ben.pk]).count() == 2
    assert client.post(DELETE, {**sent, "typed": "2"}).status_code == 302
    assert not Account.objects.filter(pk__in=[people.ann.pk, people.ben.pk]).exists()
    assert len(list_entries(AuditFilter(action="account.delete"))) == 2


def test_the_first_are_named_others_are_counted_and_more_than_a_page_is_refused(
    people: People,
) -> None:
    made = [create(f"n{number:03}@{OWN}") for number in range(MOST_NAMED + 5)]
    client = browser_of(people.root)
    page = client.get(DISABLE, chosen(*made)).content.decode()
    assert f"each of {len(made)} that you chose" in page
    assert made[MOST_NAMED - 1].login in page
    assert made[MOST_NAMED].login not in page
    assert "and 5 more" in page
    made += [create(f"m{number:03}@{OWN}") for number in range(MOST_AT_ONCE)]
    sent = {"action": "disable", "index": "0", "select_across": "1", **chosen(people.ann)}
    response = client.post("/admin/accounts/", sent, follow=True)
    assert f"more than {MOST_AT_ONCE} at once" in response.content.decode()
    assert all(active(*made))


def test_nothing_that_is_not_a_number_is_looked_for(people: People) -> None:
    client = browser_of(people.root)
    sent = {"_selected_action": ["x", "-1", "9" * 40, "1 OR 1=1"]}
    assert "Nothing is chosen" in client.get(DISABLE, sent).content.decode()
    assert client.post(DISABLE, sent).status_code == 422
    assert active(people.ann, people.ben) == [True, True]


def test_every_act_that_is_done_to_many_asks_for_nothing_else() -> None:
    """An act with a form of its own would be done without what the form asks for."""
    found = [act for held in site.admins for act in held.bulk_acts()]
    assert found
    assert [act.slug for act in found if act.form is not None or act.shown] == []
