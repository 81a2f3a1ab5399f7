"""An Italian browser finds no English on any page, nor in what a service refuses."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from groupware.core.languages import localized
from tests.italian import english_in, is_english
from tests.panel.people import People, browser_of
from tests.panel.table import PanelPage
from tests.panel.test_crossing import PAGES, WRITING, place, sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]
ITALIAN = {"accept-language": "it"}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_is_italian_as_a_whole(page: PanelPage, people: People) -> None:
    path, _target = place(page, people)
    response = browser_of(people.root).get(path, headers=ITALIAN)
    if response.streaming:
        response.close()
        return
    assert english_in(response.content.decode()) == []


@pytest.mark.parametrize("page", WRITING, ids=str)
def test_what_is_done_is_told_in_italian(page: PanelPage, people: People) -> None:
    path, target = place(page, people)
    client = browser_of(people.root)
    data = sent(page, people, target, client, path)
    response = client.post(path, data, headers=ITALIAN, follow=True)
    assert english_in(response.content.decode()) == []


@pytest.mark.parametrize("page", WRITING, ids=str)
def test_an_empty_form_is_refused_in_italian(page: PanelPage, people: People) -> None:
    path, _target = place(page, people)
    response = browser_of(people.root).post(path, {}, headers=ITALIAN, follow=True)
    assert english_in(response.content.decode()) == []


Build = Callable[[People], dict[str, Any]]
REFUSED: list[tuple[str, Build, str]] = [
    ("accounts/add", lambda _: {"address": "ann@example.test", "kind": "person"}, "già in uso"),
    ("accounts/add", lambda _: {"address": "a b", "kind": "person"}, "non è un indirizzo"),
    ("accounts/add", lambda _: {"address": "a@no.test", "kind": "person"}, "che amministri non"),
    ("accounts/{ann}/password", lambda _: {"password": "short"}, "almeno"),
    ("accounts/{ann}/depart", lambda _: {"days": "5", "successor": "ann@example.test"}, "subentra"),
    ("domains/add", lambda _: {"name": "no domain", "alias_of": ""}, "non è un nome di dominio"),
    ("domains/add", lambda _: {"name": "example.test", "alias_of": ""}, "c’è già"),  # noqa: RUF001
    ("domains/{domain}/delete", lambda _: {"typed": "example.test"}, "elimina prima quelli"),
    ("groups/add", lambda _: {"address": "ben@example.test", "members": ""}, "già in uso"),
    (
        "groups/add",
        lambda _: {"address": "new@example.test", "members": "a@elsewhere.test"},
        "si trova altrove",
    ),
    ("addresses/add", lambda _: {"address": "ann@example.test", "targets": "b@c.test"}, "in uso"),
    (
        "roles/add",
        lambda people: {
            "address": "desk@example.test",
            "role": "help-desk",
            "domain": str(people.domain.pk),
        },
        "ha già questo ruolo",
    ),
    ("queue", lambda _: {"action": "hold"}, "Scegli i messaggi"),
]


@pytest.mark.parametrize(("path", "sent_by", "told"), REFUSED)
def test_what_a_service_refuses_is_told_in_italian(
    path: str, sent_by: Build, told: str, people: People
) -> None:
    numbers = {name: getattr(people, name).pk for name in ("root", "ann", "domain")}
    data = sent_by(people)
    response = browser_of(people.root).post(
        f"/admin/{path.format(**numbers)}/", data, headers=ITALIAN, follow=True
    )
    content = html.unescape(response.content.decode())
    assert told in content
    assert english_in(content) == []


@pytest.mark.parametrize("path", ["accounts/0/", "domains/0/", "exports/0/", "groups/0/"])
def test_what_is_not_there_is_said_in_italian(path: str, people: People) -> None:
    response = browser_of(people.root).get(f"/admin/{path}", headers=ITALIAN)
    assert response.status_code == 404
    assert english_in(html.unescape(response.content.decode())) == []


def test_the_same_refusal_is_english_over_rest(people: People) -> None:
    response = browser_of(people.root).get("/api/v1/admin/domains/999999", headers=ITALIAN)
    assert response.status_code == 404
    assert response.json()["detail"] == "There is no domain 999999."


def test_what_is_english_is_found() -> None:
    assert english_in("<p>There is no account.</p><code>the code</code>") == [
        "There is no account."
    ]
    assert english_in('<a title="of the house">x</a><p>`account list` del dominio</p>') == [
        "of the house"
    ]
    with translation.override("en"):
        assert is_english(localized("There is no such mailbox."))
    with translation.override("it"):
        assert not is_english(localized("There is no such mailbox."))
