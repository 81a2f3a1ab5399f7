"""Tokens: given for a code, renewed, taken back; who uses one twice loses them all."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from groupware.core import auth, db, limits
from groupware.core.directory import delete_account, set_active
from groupware.core.errors import NotFound
from groupware.core.events import CredentialsChanged
from groupware.core.models import Account
from groupware.oauth import queries, validator
from groupware.oauth.services import applications, tokens
from tests.conftest import SetLimit
from tests.services.oauth.conftest import Later
from tests.services.oauth.flow import (
    REDIRECT,
    VERIFIER,
    App,
    error_of,
    is_refused,
    open_session,
    signed_in,
)
from tests.services.store import create

pytestmark = pytest.mark.django_db


def test_token_of_a_code_opens_what_it_was_given_for(app: App, ann: Account) -> None:
    given = app.get_tokens()
    assert given["token_type"] == "Bearer"
    assert given["expires_in"] == 3600
    assert set(given["scope"].split()) == {"imap", "profile"}
    principal = open_session(given["access_token"])
    assert (principal.account_id, principal.scopes) == (ann.pk, frozenset({"imap", "profile"}))
    assert is_refused(given["access_token"], "smtp")
    assert is_refused(given["refresh_token"])


def test_answer_is_kept_by_nobody_on_the_way(app: App) -> None:
    response = app.exchange(app.get_code())
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": VERIFIER[::-1]},
        {"code_verifier": ""},
        {"redirect_uri": "https://app.example/other"},
        {"code": "x"},
        {"code": ""},
        {"code": "\0"},
        {"redirect_uri": "\0"},
        {"grant_type": "password", "username": "ann@example.test", "password": "x"},
        {"grant_type": "client_credentials"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"},
        {"grant_type": ""},
        {"client_id": "\0"},
        {"client_id": "nobody"},
    ],
)
def test_whoever_lacks_a_part_gets_no_token(app: App, changes: dict[str, str]) -> None:
    response = app.exchange(app.get_code(), **changes)
    assert 400 <= response.status_code <= 401
    assert "error" in response.json()
    assert not AccessToken.objects.exists()


def test_code_of_one_application_is_of_no_use_to_another(app: App) -> None:
    other = App.register(app.browser)
    assert error_of(other.exchange(app.get_code())) == "invalid_grant"


def test_confidential_application_proves_who_it_is(ann: Account) -> None:
    app = App.register(signed_in(ann), is_confidential=True)
    for wrong in ("", "x", app.secret[:-1], app.secret + "x"):
        assert error_of(app.exchange(app.get_code(), client_secret=wrong), 401) == "invalid_client"
    assert app.exchange(app.get_code()).status_code == 200
    basic = base64.b64encode(f"{app.client_id}:{app.secret}".encode()).decode()
    fields = {
        "grant_type": "authorization_code", "code": app.get_code(), "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }  # fmt: skip
    headers = {"authorization": f"Basic {basic}"}
    response = Client().post("/oauth/token/", fields, secure=True, headers=headers)
    assert response.status_code == 200


def test_public_application_has_no_secret_that_would_do(app: App) -> None:
    code = app.get_code()
    assert error_of(app.exchange(code, client_secret="x"), 401) == "invalid_client"
    fields = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    headers = {"authorization": f"Basic {base64.b64encode(f'{app.client_id}:'.encode()).decode()}"}
    response = Client().post("/oauth/token/", fields, secure=True, headers=headers)
    assert error_of(response, 401) == "invalid_client"


def test_access_token_ends_by_itself(app: App, later: Later, set_limit: SetLimit) -> None:
    set_limit(limits.OAUTH_ACCESS_LIFETIME, 600)
    given = app.get_tokens()
    assert given["expires_in"] == 600
    principal = open_session(given["access_token"])
    later(seconds=601)
    assert is_refused(given["access_token"])
    assert not auth.is_principal_current(principal)
    assert not is_refused(app.renew(given["refresh_token"]).json()["access_token"])


def test_renewal_takes_the_place_of_what_was(app: App) -> None:
    given = app.get_tokens()
    principal = open_session(given["access_token"])
    renewed = app.renew(given["refresh_token"]).json()
    assert renewed["refresh_token"] != given["refresh_token"]
    assert renewed["scope"] == given["scope"]
    assert not is_refused(renewed["access_token"])
    assert is_refused(given["access_token"])
    assert not auth.is_principal_current(principal)


def test_renewal_may_ask_for_less_and_never_for_more(app: App) -> None:
    given = app.get_tokens()
    assert error_of(app.renew(given["refresh_token"], scope="imap smtp")) == "invalid_scope"
    renewed = app.renew(given["refresh_token"], scope="profile").json()
    assert renewed["scope"] == "profile"
    assert is_refused(renewed["access_token"])


def test_refresh_token_that_is_used_twice_ends_the_whole_line(app: App) -> None:
    """RFC 9700 §4.14.2: one of the two who have it has stolen it."""
    given = app.get_tokens()
    second = app.renew(given["refresh_token"]).json()
    third = app.renew(second["refresh_token"]).json()
    other = app.get_tokens()
    assert error_of(app.renew(given["refresh_token"])) == "invalid_grant"
    assert is_refused(third["access_token"])
    assert error_of(app.renew(third["refresh_token"])) == "invalid_grant"
    assert not is_refused(other["access_token"])


def test_refresh_token_ends_when_its_application_stays_away(
    app: App, later: Later, set_limit: SetLimit
) -> None:
    set_limit(limits.OAUTH_REFRESH_LIFETIME, 10)
    given, other = app.get_tokens(), app.get_tokens()
    later(days=9)
    assert app.renew(given["refresh_token"]).status_code == 200
    later(days=10, seconds=1)
    assert error_of(app.renew(other["refresh_token"])) == "invalid_grant"


def test_refresh_token_of_one_application_is_of_no_use_to_another(app: App) -> None:
    other = App.register(app.browser)
    assert error_of(other.renew(app.get_tokens()["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"},
                                  {"token_type_hint": "refresh_token"}, {"token_type_hint": "x"}])  # fmt: skip
def test_revoked_tokens_open_nothing_more(app: App, kind: str, hint: dict[str, str]) -> None:
    """RFC 7009: either of them takes the other along."""
    given = app.get_tokens()
    principal = open_session(given["access_token"])
    assert app.revoke(given[kind], **hint).status_code == 200
    assert not auth.is_principal_current(principal)
    assert is_refused(given["access_token"])
    assert error_of(app.renew(given["refresh_token"])) == "invalid_grant"
    assert app.revoke(given[kind], **hint).status_code == 200


def test_application_revokes_nothing_of_another(app: App) -> None:
    given = app.get_tokens()
    other = App.register(app.browser)
    assert other.revoke(given["access_token"]).status_code == 200
    assert not is_refused(given["access_token"])


@pytest.mark.parametrize("token", ["", "x", "\0"])
def test_revocation_of_what_is_no_token_is_no_fault_of_ours(app: App, token: str) -> None:
    assert app.revoke(token).status_code in {200, 400}


@pytest.mark.django_db(transaction=True)
def test_sessions_are_told_when_a_token_ends(
    app: App, ann: Account, published: list[object]
) -> None:
    told = [CredentialsChanged(ann.pk)]
    given = app.get_tokens()
    published.clear()
    renewed = app.renew(given["refresh_token"]).json()
    assert published == told
    published.clear()
    app.revoke(renewed["access_token"])
    assert published == told
    again = app.get_tokens()
    published.clear()
    tokens.revoke_application(ann.pk, app.client_id)
    assert published == told
    assert is_refused(again["access_token"])
    app.get_tokens()
    published.clear()
    applications.delete_application(app.client_id)
    assert published == told


@pytest.mark.django_db(transaction=True)
def test_reuse_is_told_at_once(app: App, ann: Account, published: list[object]) -> None:
    given = app.get_tokens()
    app.renew(given["refresh_token"])
    published.clear()
    app.renew(given["refresh_token"])
    assert published == [CredentialsChanged(ann.pk)]


def test_person_sees_and_takes_back_what_was_allowed(app: App, ann: Account) -> None:
    given = app.get_tokens()
    [held] = queries.list_authorizations(ann.pk)
    assert (held.client_id, held.application) == (app.client_id, "Sample mail")
    assert set(held.scopes) == {"imap", "profile"}
    code = app.get_code()
    tokens.revoke_application(ann.pk, app.client_id)
    assert queries.list_authorizations(ann.pk) == []
    assert is_refused(given["access_token"])
    assert error_of(app.exchange(code)) == "invalid_grant"
    with pytest.raises(NotFound):
        tokens.revoke_application(ann.pk, app.client_id)


def test_nobody_takes_back_what_is_another_persons(app: App) -> None:
    given = app.get_tokens()
    ben = create("ben@example.test")
    with pytest.raises(NotFound):
        tokens.revoke_application(ben.pk, app.client_id)
    assert not is_refused(given["access_token"])


def test_account_has_a_bounded_number_of_authorizations(
    app: App, ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.OAUTH_AUTHORIZATIONS, 2)
    first, second, third = (app.get_tokens()["access_token"] for _ in range(3))
    assert [is_refused(token) for token in (first, second, third)] == [True, False, False]
    assert len(queries.list_authorizations(ann.pk)) == 2


def test_disabled_account_gets_no_tokens_and_deleted_one_leaves_none(
    app: App, ann: Account
) -> None:
    given, code = app.get_tokens(), app.get_code()
    set_active(ann.login, active=False)
    assert error_of(app.renew(given["refresh_token"])) == "invalid_grant"
    assert error_of(app.exchange(code)) == "invalid_grant"
    delete_account(ann.login)
    for model in (AccessToken, RefreshToken, Grant):
        assert not model.objects.exists()


def test_what_is_over_is_forgotten_and_what_may_be_shown_again_is_not(
    app: App, later: Later, set_limit: SetLimit
) -> None:
    set_limit(limits.OAUTH_REFRESH_LIFETIME, 10)
    app.get_code()
    given = app.get_tokens()
    live = app.renew(given["refresh_token"]).json()
    later(days=9)
    tokens.forget_expired()
    assert (Grant.objects.count(), RefreshToken.objects.count()) == (0, 2)
    assert AccessToken.objects.count() == 1
    assert error_of(app.renew(given["refresh_token"])) == "invalid_grant"
    assert error_of(app.renew(live["refresh_token"])) == "invalid_grant"
    later(days=11)
    tokens.forget_expired()
    assert not RefreshToken.objects.exists()
    assert not AccessToken.objects.exists()


def test_what_names_nothing_of_ours_takes_no_lock(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise AssertionError("a write was begun")

    given = app.get_tokens()
    monkeypatch.setattr(db, "write_transaction", refuse)
    assert error_of(app.exchange("x")) == "invalid_grant"
    assert error_of(app.renew("x")) == "invalid_grant"
    assert app.revoke("x").status_code == 200
    with pytest.raises(AssertionError):
        app.renew(given["refresh_token"])


def test_nothing_is_told_in_the_clear(app: App) -> None:
    for path in ("/oauth/token/", "/oauth/revoke/"):
        response = Client().post(path, {"client_id": app.client_id})
        assert error_of(response, 403) == "invalid_request"


@pytest.mark.parametrize("path", ["/oauth/token/", "/oauth/revoke/"])
def test_endpoints_are_for_posts_of_forms(app: App, path: str) -> None:
    assert Client().get(path, secure=True).status_code == 405
    assert (
        Client().post(f"{path}?x=%zz", {"client_id": app.client_id}, secure=True).status_code < 500
    )
    response = Client().post(path, "{}", content_type="application/json", secure=True)
    assert 400 <= response.status_code < 500


def test_lookups_of_a_session_are_narrow(
    app: App, django_assert_num_queries: Callable[[int], Any]
) -> None:
    given = app.get_tokens()
    with django_assert_num_queries(2):
        principal = open_session(given["access_token"])
    with django_assert_num_queries(2):
        assert auth.is_principal_current(principal)


@pytest.mark.parametrize(
    ("challenge", "method", "is_one"),
    [("a" * 43, "S256", True), ("a" * 42, "S256", False), ("a" * 44, "S256", False),
     ("a" * 43, "plain", False), ("a" * 43, None, False), (None, "S256", False),
     ("=" * 43, "S256", False)],
)  # fmt: skip
def test_challenges(challenge: str | None, method: str | None, is_one: bool) -> None:
    assert validator.is_challenge(challenge, method) is is_one
