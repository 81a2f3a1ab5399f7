"""What opens somebody's account: credentials, sessions, what applications hold."""

import secrets
from typing import Any

import pyotp
from django.test import Client

from groupware.core import auth, directory
from groupware.core.models import Account
from groupware.identity.services import factors, sessions
from groupware.oauth.services.applications import NewApplication, create_application
from tests.api.objects import operation, parameter
from tests.api.objects.admin import last_made
from tests.services.identity.browsers import open_browser
from tests.services.oauth.flow import App, signed_in
from tests.services.store import PASSWORD


@parameter("app_password_id")
def app_password_id(owner: Account) -> str:
    made: str = auth.create_app_password(owner.pk, "Secret", frozenset({"imap"}))
    return made.partition("-")[0]


@parameter("held_app_password_id")
def held_app_password_id(_owner: Account) -> str:
    """An app password of the account that the path names before it."""
    return str(app_password_id(last_made()))


@parameter("authorization_id")
def authorization_id(owner: Account) -> str:
    app: App = App.register(signed_in(owner))
    app.get_tokens()
    return str(app.client_id)


@parameter("held_authorization_id")
def held_authorization_id(_owner: Account) -> str:
    return str(authorization_id(last_made()))


@parameter("application_id")
def application_id(_owner: Account) -> str:
    new = NewApplication("Secret", ("https://app.example/answer",), frozenset({"imap"}))
    return str(create_application(new).client_id)


@parameter("session_id")
def session_id(owner: Account) -> str:
    known = {browser.id for browser in sessions.list_browsers(owner.pk)}
    fields = {"login": owner.login, **proof(owner)}
    answer = Client().post("/account/login/", fields, secure=True)
    assert answer.status_code == 302, answer.content
    (made,) = {browser.id for browser in sessions.list_browsers(owner.pk)} - known
    return str(made)


@parameter("live_session_id")
def live_session_id(_owner: Account) -> str:
    """A session of the account that the path names before it."""
    return open_browser(last_made())


def proof(owner: Account, **more: Any) -> dict[str, Any]:
    """Return what proves that it is the owner, who may have had no password until now."""
    owner.refresh_from_db()
    if not owner.check_password(PASSWORD):
        directory.set_password(owner.login, PASSWORD)
    return {"password": PASSWORD, **more}


def begun(owner: Account) -> dict[str, Any]:
    """Return what confirms a second factor that is being set up."""
    given = proof(owner)
    return {**given, "code": pyotp.TOTP(factors.begin_enrolment(owner.pk).secret).now()}


def code_of(owner: Account) -> dict[str, Any]:
    """Return a proof by both factors; the second is one of the recovery codes."""
    given = proof(owner)
    owner.refresh_from_db()
    if owner.second_factor:
        return {**given, "code": factors.renew_recovery_codes(owner.pk)[0]}
    return {**given, "code": factors.confirm_enrolment(owner.pk, begun(owner)["code"])[0]}


operation("change_profile", body=lambda _: {"name": f"Ann {secrets.token_hex(2)}"})
operation("change_password", body=lambda owner: proof(owner, new_password="another one"))
operation("begin_second_factor", body=proof)
operation("confirm_second_factor", body=begun)
operation("remove_second_factor", body=code_of)
operation("renew_recovery_codes", body=code_of)
operation("create_app_password", body=lambda owner: proof(owner, label="Program", scopes=["imap"]))
operation(
    "admin_create_application",
    body=lambda _: {
        "name": "New",
        "redirect_uris": ["https://app.example/answer"],
        "scopes": ["mail:read"],
        "confidential": True,
    },
)
