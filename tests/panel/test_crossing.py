"""Nobody reaches what is beyond his role: every page of the table of URLs, as everybody.

A new page is covered without being named; where it needs an object or a form, tests/panel/needs.py
says what.
"""

import re
from typing import Any

import pytest
from django.test import Client

from groupware.core import audit
from groupware.core.audit import AuditFilter
from groupware.core.models import Account, AuditEntry
from groupware.core.roles import Permission
from tests.panel.people import People, browser_of
from tests.panel.table import PanelPage, list_pages

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]

PAGES = list_pages()
OF_OBJECTS = [page for page in PAGES if page.parameters]
WITHOUT = [page for page in PAGES if not page.parameters]
READING = {
    "index",
    "domain-dns",
    "trace",
    "account-export",
    "accounts-csv",
    "audit-log",
    "settings",
    "retention-preview",
    "mail_retentionrule_change",
    "mail_retentionhold_change",
    "mail_outsideaccount_change",
    "core_domain_change",
    "core_grant_change",
    "core_adminrole_change",
}
"""Pages that only show something; so do lists."""
WRITING = [
    page for page in PAGES if page.name not in READING and not page.name.endswith("_changelist")
]
HELPING = {None, Permission.LOOK, Permission.HELP}


def place(page: PanelPage, people: People) -> tuple[str, Any]:
    """Return the path of a page, and its object, which is fresh and Ann's."""
    if not page.parameters:
        return page.path(), None
    assert page.needs.target is not None, f"tests/panel/needs.py lacks {page.name}"
    target = page.needs.target(people)
    return page.path(object_id=target.pk), target


def sent(page: PanelPage, people: People, target: Any, client: Client, path: str) -> dict[str, Any]:
    """Return what the form is sent: with what the page itself had hidden in it."""
    data = page.needs.sent(people, target) if page.needs.sent is not None else {}
    shown = client.get(path)
    if hidden := re.search(r'name="seen" value="(\w+)"', shown.content.decode()):
        data["seen"] = hidden[1]
    return data


def entries() -> set[int]:
    return set(AuditEntry.objects.values_list("pk", flat=True))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_who_administers_everything_is_shown_it(page: PanelPage, people: People) -> None:
    path, _ = place(page, people)
    response = browser_of(people.root).get(path)
    assert response.status_code == 200
    assert "nonce-" in response.headers["Content-Security-Policy"]
    assert "no-store" in response.headers["Cache-Control"]
    response.close()


@pytest.mark.parametrize("page", WRITING, ids=str)
def test_each_write_is_done_by_a_service_that_the_log_names(
    page: PanelPage, people: People
) -> None:
    path, target = place(page, people)
    client = browser_of(people.root)
    data = sent(page, people, target, client, path)
    before = audit.last_entry()
    response = client.post(path, data)
    assert response.status_code in {200, 302}, response.content.decode()
    made = audit.list_following(AuditFilter(), before, limit=20)
    assert {entry.actor for entry in made} == {"root@example.test"}
    assert {entry.role for entry in made} == {"global"}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_nobody_is_led_to_sign_in_and_a_person_without_a_role_is_told_so(
    page: PanelPage, people: People
) -> None:
    path, _ = place(page, people)
    before = entries()
    for method in ("get", "post"):
        response = getattr(browser_of(None), method)(path)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/account/login/?next=")
        assert getattr(browser_of(people.ben), method)(path).status_code == 403
    assert entries() == before


@pytest.mark.parametrize("page", OF_OBJECTS, ids=str)
def test_nothing_is_there_for_those_of_another_domain(page: PanelPage, people: People) -> None:
    path, target = place(page, people)
    data = page.needs.sent(people, target) if page.needs.sent is not None else {}
    before = entries()
    reached = {}
    for who, account in people.strangers.items():
        client = browser_of(account)
        answers = [client.get(path), client.post(path, data)]
        # A permission that is nobody's of a domain is refused before its objects are looked for.
        if [answer.status_code for answer in answers] not in ([404, 404], [403, 403]):
            reached[who] = answers
        assert people.ann.login not in answers[0].content.decode()
    assert reached == {}
    assert entries() == before
    found = browser_of(people.root).get(path)
    assert found.status_code == 200
    found.close()


@pytest.mark.parametrize("page", WITHOUT, ids=str)
def test_pages_show_nothing_of_another_domain(page: PanelPage, people: People) -> None:
    for account in people.strangers.values():
        content = browser_of(account).get(page.path()).content.decode()
        assert "example.test" not in content


@pytest.mark.parametrize("page", WRITING, ids=str)
def test_the_help_desk_helps_and_changes_nothing_else(page: PanelPage, people: People) -> None:
    path, target = place(page, people)
    client = browser_of(people.help_desk)
    data = sent(page, people, target, browser_of(people.root), path)
    before = audit.last_entry()
    response = client.post(path, data)
    is_help = page.permission in HELPING and not page.name.endswith("_change")
    if is_help:
        assert response.status_code in {200, 302}, response.content.decode()
        assert audit.last_entry() > before
    else:
        assert response.status_code == 403
        assert audit.last_entry() == before


@pytest.mark.parametrize("page", WRITING, ids=str)
def test_a_domain_admin_does_what_is_of_his_domain(page: PanelPage, people: People) -> None:
    path, target = place(page, people)
    client = browser_of(people.admin)
    data = sent(page, people, target, browser_of(people.root), path)
    response = client.post(path, data)
    expected = {403} if page.permission is Permission.INSTALL else {200, 302}
    assert response.status_code in expected, response.content.decode()


def test_a_domain_admin_creates_nothing_in_another_domain(people: People) -> None:
    client = browser_of(people.others_admin)
    data = {"address": "intruder@example.test", "kind": "person"}
    assert client.post("/admin/accounts/add/", data).status_code == 422
    assert not Account.objects.filter(login="intruder@example.test").exists()
