"""Codes: each becomes tokens once, and whoever shows one again ends them."""

from hashlib import sha256

import pytest

from groupware.core import auth, limits
from groupware.core.events import CredentialsChanged
from groupware.core.models import Account
from groupware.oauth.models import UsedCode
from groupware.oauth.services import tokens
from tests.conftest import SetLimit
from tests.services.oauth.conftest import Later
from tests.services.oauth.flow import App, error_of, is_refused, open_session

pytestmark = pytest.mark.django_db


def test_code_is_used_once(app: App) -> None:
    code = app.get_code()
    assert app.exchange(code).status_code == 200
    assert error_of(app.exchange(code)) == "invalid_grant"


def test_code_that_is_shown_again_ends_what_came_of_it(app: App) -> None:
    """RFC 6749 §4.1.2: somebody else has the code, and one of the two is a thief."""
    code, other = app.get_code(), app.get_tokens()
    given = app.exchange(code).json()
    renewed = app.renew(given["refresh_token"]).json()
    principal = open_session(renewed["access_token"])
    assert error_of(app.exchange(code, code_verifier="x")) == "invalid_grant"
    assert not auth.is_principal_current(principal)
    assert is_refused(renewed["access_token"])
    assert error_of(app.renew(renewed["refresh_token"])) == "invalid_grant"
    assert not is_refused(other["access_token"])
    assert app.renew(other["refresh_token"]).status_code == 200


def test_code_that_another_application_shows_ends_nothing(app: App) -> None:
    code = app.get_code()
    given = app.exchange(code).json()
    assert error_of(App.register(app.browser).exchange(code)) == "invalid_grant"
    assert not is_refused(given["access_token"])


@pytest.mark.django_db(transaction=True)
def test_sessions_are_told_of_a_code_that_is_shown_again(
    app: App, ann: Account, published: list[object]
) -> None:
    code = app.get_code()
    app.exchange(code)
    published.clear()
    app.exchange(code)
    assert published == [CredentialsChanged(ann.pk)]


def test_used_code_lies_as_a_digest_and_goes_with_its_token(
    app: App, later: Later, set_limit: SetLimit
) -> None:
    set_limit(limits.OAUTH_REFRESH_LIFETIME, 10)
    code = app.get_code()
    app.exchange(code)
    assert UsedCode.objects.get().code == sha256(code.encode()).hexdigest()
    later(days=10, seconds=1)
    tokens.forget_expired()
    assert not UsedCode.objects.exists()
    assert error_of(app.exchange(code)) == "invalid_grant"


def test_code_is_good_for_a_moment(app: App, later: Later, set_limit: SetLimit) -> None:
    set_limit(limits.OAUTH_CODE_LIFETIME, 30)
    code = app.get_code()
    later(seconds=31)
    assert error_of(app.exchange(code)) == "invalid_grant"
