"""Tokens at CalDAV and CardDAV (RFC 6750): each request shows one, so a revoked one ends at once."""

from typing import Any

import pytest

from groupware.core.auth import Principal
from groupware.core.models import Account
from groupware.dav.door import authenticate_request
from groupware.dav.errors import DavError
from tests.services.oauth.flow import App, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(ann: Account) -> App:
    """Return a public application, in front of ann."""
    return App.register(signed_in(ann))


def knock(said: str, scheme: str = "https") -> Principal:
    environ: dict[str, Any] = {
        "HTTP_AUTHORIZATION": said, "wsgi.url_scheme": scheme, "REMOTE_ADDR": "192.0.2.1",
    }  # fmt: skip
    return authenticate_request(environ)


def refusal_of(said: str, scheme: str = "https") -> DavError:
    with pytest.raises(DavError) as caught:
        knock(said, scheme)
    return caught.value


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_token_that_is_for_dav_is_taken(app: App, ann: Account, scheme: str) -> None:
    token = app.get_tokens(scope="dav")["access_token"]
    principal = knock(f"{scheme} {token}")
    assert (principal.account_id, principal.scopes) == (ann.pk, frozenset({"dav"}))


def test_token_is_refused_from_its_revocation_on(app: App) -> None:
    token = app.get_tokens(scope="dav")["access_token"]
    knock(f"Bearer {token}")
    app.revoke(token)
    error = refusal_of(f"Bearer {token}")
    assert error.status == 401
    assert error.headers["WWW-Authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in error.headers["WWW-Authenticate"]


def test_token_that_is_for_something_else_is_refused(app: App) -> None:
    token = app.get_tokens(scope="imap mail:read")["access_token"]
    assert refusal_of(f"Bearer {token}").status == 401


@pytest.mark.parametrize("said", ["Bearer", "Bearer ", "Bearer x", "Bearer a b", "Bearer \xff"])
def test_what_is_no_token_is_refused(db: None, said: str) -> None:
    assert refusal_of(said).status == 401


def test_token_is_not_taken_in_the_clear(app: App) -> None:
    token = app.get_tokens(scope="dav")["access_token"]
    assert refusal_of(f"Bearer {token}", "http").status == 403


def test_who_says_nothing_is_asked_for_a_password(db: None) -> None:
    assert refusal_of("").headers["WWW-Authenticate"].startswith("Basic ")
