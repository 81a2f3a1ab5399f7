"""Signing in with a browser: password, then the second factor where there is one, then a session."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate as django_authenticate
from django.http import HttpResponse
from django.test import Client

from groupware.core import auth, clock, limits
from groupware.core.clock import now
from groupware.core.directory import set_active, set_password
from groupware.core.models import Account
from groupware.identity.models import WebSession
from groupware.identity.services import sessions, sessionstore, signin
from tests.conftest import SetLimit
from tests.services.identity.phones import Phone
from tests.services.store import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]
HOME = "/account/"
LOGIN, CODE, LOGOUT, SECURITY = (
    f"/account/{path}/" for path in ("login", "login/code", "logout", "security")
)


def give_password(browser: Client, password: str = PASSWORD, **fields: str) -> HttpResponse:
    response = browser.post(LOGIN, {"login": "eve@example.test", "password": password, **fields})
    assert isinstance(response, HttpResponse)
    return response


def give_code(browser: Client, code: str) -> HttpResponse:
    response = browser.post(CODE, {"code": code})
    assert isinstance(response, HttpResponse)
    return response


def is_signed_in(browser: Client) -> bool:
    return browser.get(SECURITY).status_code == 200


def test_password_signs_in_where_there_is_no_second_factor(eve: Account, browser: Client) -> None:
    assert not is_signed_in(browser)
    response = give_password(browser)
    assert (response.status_code, response["Location"]) == (302, HOME)
    assert is_signed_in(browser)


def test_wrong_password_does_not(eve: Account, browser: Client) -> None:
    response = give_password(browser, "wrong password")
    assert response.status_code == 403
    assert "The address or the password is wrong." in response.content.decode()
    assert not is_signed_in(browser)


def test_page_says_nothing_else_of_an_address_that_is_nobodys(
    eve: Account, browser: Client
) -> None:
    known = give_password(browser, "wrong password").content.decode()
    asked = browser.post(LOGIN, {"login": "nobody@example.test", "password": "wrong password"})
    unknown = asked.content.decode().replace("nobody@example.test", "eve@example.test")
    assert without_tokens(known) == without_tokens(unknown)


def without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf" not in line and "nonce" not in line]


@pytest.mark.usefixtures("recovery_codes")
def test_password_alone_opens_nothing_with_a_second_factor(
    eve: Account, browser: Client, phone: Phone
) -> None:
    response = give_password(browser)
    assert (response.status_code, response["Location"]) == (302, CODE)
    assert not is_signed_in(browser)
    assert give_code(browser, "wrong!").status_code == 403
    assert not is_signed_in(browser)
    assert give_code(browser, phone.code())["Location"] == HOME
    assert is_signed_in(browser)


def test_recovery_code_signs_in_once(
    eve: Account, browser: Client, recovery_codes: list[str]
) -> None:
    give_password(browser)
    assert give_code(browser, recovery_codes[0]).status_code == 302
    assert is_signed_in(browser)
    other = Client()
    give_password(other)
    assert give_code(other, recovery_codes[0]).status_code == 403


@pytest.mark.usefixtures("recovery_codes")
def test_code_without_the_password_is_not_asked_for(browser: Client, phone: Phone) -> None:
    assert give_code(browser, phone.code())["Location"] == LOGIN
    assert browser.get(CODE)["Location"] == LOGIN


@pytest.mark.usefixtures("recovery_codes")
def test_sign_in_that_took_too_long_begins_again(
    eve: Account,
    browser: Client,
    phone: Phone,
    set_limit: SetLimit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_limit(limits.SIGN_IN_TIME, 60)
    give_password(browser)
    late = clock.epoch() + 61
    monkeypatch.setattr(signin, "epoch", lambda: late)
    assert give_code(browser, phone.code())["Location"] == LOGIN
    assert not is_signed_in(browser)


@pytest.mark.usefixtures("recovery_codes")
def test_sign_in_ends_with_a_change_of_the_password(
    eve: Account, browser: Client, phone: Phone
) -> None:
    give_password(browser)
    set_password(eve.login, "another password")
    assert give_code(browser, phone.code())["Location"] == LOGIN
    assert not is_signed_in(browser)


def test_guesses_have_to_wait(eve: Account, browser: Client, set_limit: SetLimit) -> None:
    set_limit(limits.FREE_FAILURES, 2)
    for guess in ("first guess", "second guess"):
        assert give_password(browser, guess).status_code == 403
    assert give_password(browser).status_code == 429


def test_app_password_signs_no_browser_in(eve: Account, browser: Client) -> None:
    made = auth.create_app_password(eve.pk, "phone", auth.SCOPES)
    assert give_password(browser, made).status_code == 403


def test_djangos_own_way_in_proves_nobody(eve: Account) -> None:
    assert django_authenticate(username=eve.login, password=PASSWORD) is None


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/account/security/?x=1", "/account/security/?x=1"),
        ("https://evil.example/", HOME),
        ("//evil.example/", HOME),
        ("/\\evil.example/", HOME),
        ("javascript:alert(1)", HOME),
        ("", HOME),
    ],
)
def test_browser_goes_on_to_places_of_this_server_only(
    eve: Account, browser: Client, wanted: str, place: str
) -> None:
    assert give_password(browser, next=wanted)["Location"] == place


@pytest.mark.usefixtures("recovery_codes")
def test_where_the_browser_wanted_to_is_kept_over_the_second_factor(
    browser: Client, phone: Phone
) -> None:
    give_password(browser, next="/account/security/?x=1")
    assert give_code(browser, phone.code())["Location"] == "/account/security/?x=1"


def test_forms_want_their_token(eve: Account) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert give_password(browser).status_code == 403
    assert not is_signed_in(browser)


def test_session_gets_another_key_at_each_step(
    eve: Account, browser: Client, phone: Phone, recovery_codes: list[str]
) -> None:
    keys = []
    give_password(browser)
    keys.append(browser.cookies["session"].value)
    give_code(browser, phone.code())
    keys.append(browser.cookies["session"].value)
    assert len(set(keys)) == 2
    assert WebSession.objects.count() == 1


def test_database_holds_no_key_of_a_session(eve: Account, browser: Client) -> None:
    give_password(browser)
    key = browser.cookies["session"].value
    row = WebSession.objects.get()
    assert key not in f"{row.key_sha256} {row.data}"
    thief = Client()
    thief.cookies["session"] = row.key_sha256
    assert not is_signed_in(thief)


def test_signing_out_ends_the_session_at_the_server(eve: Account, browser: Client) -> None:
    give_password(browser)
    kept = Client()
    kept.cookies["session"] = browser.cookies["session"].value
    assert is_signed_in(kept)
    assert browser.get(LOGOUT).status_code == 405
    assert browser.post(LOGOUT)["Location"] == LOGIN
    assert not is_signed_in(kept)
    assert WebSession.objects.count() == 0


@pytest.mark.parametrize("change", ["password", "disabled", "epoch"])
def test_whatever_ends_sessions_ends_those_of_browsers(
    eve: Account, browser: Client, change: str
) -> None:
    give_password(browser)
    assert is_signed_in(browser)
    if change == "password":
        set_password(eve.login, "another password")
    elif change == "disabled":
        set_active(eve.login, active=False)
    else:
        auth.end_sessions(eve.pk)
    assert not is_signed_in(browser)
    assert sessions.list_browsers(eve.pk) == []


def test_session_that_is_unused_ends(
    eve: Account, browser: Client, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.WEB_SESSION_IDLE, 2)
    give_password(browser)
    monkeypatch.setattr(sessionstore, "now", lambda: now() + timedelta(days=1))
    assert is_signed_in(browser)
    monkeypatch.setattr(sessionstore, "now", lambda: now() + timedelta(days=2, hours=23))
    assert is_signed_in(browser)
    monkeypatch.setattr(sessionstore, "now", lambda: now() + timedelta(days=6))
    assert not is_signed_in(browser)


def test_sessions_that_are_over_are_removed(
    eve: Account, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_password(browser)
    assert sessions.remove_expired() == 0
    monkeypatch.setattr(sessions, "now", lambda: now() + timedelta(days=400))
    assert sessions.remove_expired() == 1


def test_one_browser_too_many_ends_the_one_unused_longest(
    eve: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.WEB_SESSIONS, 2)
    browsers = [Client(), Client(), Client()]
    for browser in browsers:
        give_password(browser)
    assert [is_signed_in(browser) for browser in browsers] == [False, True, True]


@pytest.mark.usefixtures("recovery_codes")
def test_sign_ins_that_are_begun_are_bounded(eve: Account, set_limit: SetLimit) -> None:
    set_limit(limits.SIGN_INS, 2)
    assert [give_password(Client()).status_code for _ in range(3)] == [302, 302, 503]


def test_pages_are_kept_by_nobody_and_run_no_script(eve: Account, browser: Client) -> None:
    response = browser.get(LOGIN)
    assert "no-store" in response["Cache-Control"]
    assert "script-src" not in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert b"<script" not in response.content
