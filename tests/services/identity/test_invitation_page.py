"""The page of an invitation: who follows the link chooses a password and is signed in."""

import pytest
from django.test import Client

from groupware.core.clock import now
from groupware.core.leaving import invitations
from groupware.core.models import Account, Invitation
from tests.services.store import create

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]
CHOSEN = {"password": "a word of her own", "again": "a word of her own"}


@pytest.fixture
def zoe(domain: object) -> Account:
    """Return a person who has no password yet."""
    return create("zoe@example.test")


def path_of(account: Account) -> str:
    return f"/account/invitation/{invitations.invite(account.login)}/"


def test_a_password_is_chosen_and_the_browser_signed_in(zoe: Account, browser: Client) -> None:
    path = path_of(zoe)
    asked = browser.get(path)
    assert "zoe@example.test" in asked.content.decode()
    assert "no-store" in asked["Cache-Control"]
    assert asked["Referrer-Policy"] == "same-origin"
    assert browser.post(path, CHOSEN).status_code == 302
    assert browser.get("/account/security/").status_code == 200
    assert browser.get(path).status_code == 404


def test_two_that_differ_are_asked_for_again(zoe: Account, browser: Client) -> None:
    path = path_of(zoe)
    answer = browser.post(path, CHOSEN | {"again": "another word"})
    assert answer.status_code == 422
    assert "differ" in answer.content.decode()
    assert browser.post(path, CHOSEN).status_code == 302


def test_a_link_that_is_over_says_what_to_do(zoe: Account, browser: Client) -> None:
    path = path_of(zoe)
    Invitation.objects.update(expires_at=now())
    for answer in (browser.get(path), browser.post(path, CHOSEN)):
        assert answer.status_code == 404
        assert "ask whoever sent it for a new one" in answer.content.decode()
        assert "zoe@example.test" not in answer.content.decode()
    assert browser.get("/account/security/").status_code == 302


@pytest.mark.usefixtures("recovery_codes")
def test_a_second_factor_is_asked_for_all_the_same(eve: Account, browser: Client) -> None:
    answer = browser.post(path_of(eve), CHOSEN)
    assert answer["Location"] == "/account/login/code/"
    assert browser.get("/account/security/").status_code == 302


def test_other_sites_cannot_send_the_form(zoe: Account) -> None:
    assert Client(enforce_csrf_checks=True).post(path_of(zoe), CHOSEN).status_code == 403
    assert Invitation.objects.filter(account=zoe).exists()
