"""What is answered where a page fails or is none: to a person a page, to a program a sentence."""

import re
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from groupware.core.directory import NewAccount, create_account, create_domain

pytestmark = pytest.mark.django_db
PEOPLE = {"accept": "text/html,application/xhtml+xml"}
NOWHERE = "/nowhere/at/all"


def texts(body: str) -> str:
    return re.sub(r"<[^>]*>|\s+", " ", body)


@pytest.mark.parametrize(
    ("language", "title", "lead"),
    [("en", "Nothing is here", "To your account"), ("it", "Qui non c", "Al tuo account")],
)
def test_who_is_lost_is_led_on(client: Client, language: str, title: str, lead: str) -> None:
    response = client.get(NOWHERE, headers={**PEOPLE, "accept-language": language})
    assert response.status_code == 404
    body = response.content.decode()
    assert f"<h1>{title}" in body
    assert f'<a class="button" href="/account/">{lead}</a>' in body
    nonce = re.search(r"'nonce-([^']+)'", response["Content-Security-Policy"])
    assert nonce is not None
    assert f'nonce="{nonce[1]}"' in body


def test_a_program_is_told_in_a_sentence(client: Client) -> None:
    response = client.get(NOWHERE)
    assert (response.status_code, response["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert response.content.startswith(b"There is nothing at this address")
    assert NOWHERE not in response.content.decode()


def test_what_fails_names_its_lines_of_the_log_and_nothing_else(client: Client) -> None:
    def refuse(*_arguments: object) -> object:
        raise DatabaseError("host=secret.example")

    create_domain("team.example")
    client.force_login(create_account(NewAccount("ann@team.example")))
    client.raise_request_exception = False
    with connection.execute_wrapper(refuse):
        response = client.get("/account/", headers=PEOPLE)
    assert response.status_code == 500
    body = texts(response.content.decode())
    assert re.search(r"the log has it as [0-9a-f]{12}\.", body)
    assert "secret.example" not in body


def test_a_form_that_is_too_old_changes_nothing_and_says_so() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/account/login/", {"login": "a@b.example"}, headers=PEOPLE)
    assert response.status_code == 403
    assert "load the page anew" in texts(response.content.decode())


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/api/v1/me", "application/problem+json")]
)
def test_a_name_that_is_none_of_ours_is_refused_in_the_form_of_its_place(
    client: Client, path: str, kind: str
) -> None:
    response: Any = client.get(path, headers={**PEOPLE, "host": "attacker.example"})
    assert response.status_code == 400
    assert response["Content-Type"].startswith(kind)
    assert "attacker.example" not in response.content.decode()
