"""Other ways to a session than protocols: none leads around the second factor."""

import base64
from contextlib import ExitStack

import pytest
from django.test import Client

from groupware.core import auth
from groupware.core.directory import set_password
from groupware.core.models import Account
from groupware.identity.services import factors
from tests.api.speaking import Api
from tests.services.identity.phones import Phone
from tests.services.identity.programs import token
from tests.services.oauth.flow import App
from tests.services.store import PASSWORD

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("cheap_hashes", "recovery_codes"),
]
LOGIN, CODE, SECURITY = "/account/login/", "/account/login/code/", "/account/security/"
API = "/api/v1/mailboxes"


@pytest.fixture
def pending(eve: Account) -> Client:
    """Return a browser that has proven the password and nothing else."""
    browser = Client()
    browser.post(LOGIN, {"login": eve.login, "password": PASSWORD}, secure=True)
    return browser


def test_pending_sign_in_is_no_session_of_the_api(pending: Client, phone: Phone) -> None:
    assert pending.get(API, secure=True).status_code == 401
    pending.post(CODE, {"code": phone.code()}, secure=True)
    assert pending.get(API, secure=True).status_code == 200


def test_pending_sign_in_gives_no_token(pending: Client, phone: Phone) -> None:
    app = App.register(pending)
    asked = app.ask()
    assert asked.status_code == 302
    assert asked["Location"].startswith(LOGIN)
    pending.post(CODE, {"code": phone.code()}, secure=True)
    assert app.get_tokens()["access_token"]


def test_pending_sign_in_changes_nothing_of_the_account(pending: Client, eve: Account) -> None:
    for action in ("create-app-password", "remove-second-factor", "renew-recovery-codes"):
        fields = {"label": "Mine", "scopes": ["imap"]}
        answer = pending.post(f"{SECURITY}{action}/", fields, secure=True)
        assert answer["Location"].startswith(LOGIN)
    assert auth.list_app_passwords(eve.pk) == []
    assert factors.describe(eve.pk).is_on


def test_new_password_by_an_admin_opens_nothing_alone(eve: Account, phone: Phone) -> None:
    set_password(eve.login, "given by the help desk")
    browser = Client()
    given = {"login": eve.login, "password": "given by the help desk"}
    assert browser.post(LOGIN, given)["Location"] == CODE
    assert browser.get(SECURITY).status_code == 302
    browser.post(CODE, {"code": phone.code()})
    assert browser.get(SECURITY).status_code == 200


def test_session_of_before_opens_nothing_more(ben: Account, phone: Phone) -> None:
    set_password(ben.login, PASSWORD)
    browser = Client()
    browser.post(LOGIN, {"login": ben.login, "password": PASSWORD})
    assert browser.get(SECURITY).status_code == 200
    phone.secret = factors.begin_enrolment(ben.pk).secret
    factors.confirm_enrolment(ben.pk, phone.code())
    assert browser.get(SECURITY).status_code == 302


def test_pending_sign_in_of_one_takes_no_code_of_another(
    pending: Client, ben: Account, phone: Phone
) -> None:
    eves, phone.secret = phone.secret, factors.begin_enrolment(ben.pk).secret
    factors.confirm_enrolment(ben.pk, phone.code())
    phone.wait()
    assert pending.post(CODE, {"code": phone.code()}).status_code == 403
    phone.secret = eves
    assert pending.post(CODE, {"code": phone.code()}).status_code == 302


def test_pending_sign_in_is_nobody_to_what_opens_the_account(pending: Client, eve: Account) -> None:
    for path in ("me/app-passwords", "me/second-factor/removal", "me/recovery-codes"):
        body = {"password": PASSWORD, "label": "Mine", "scopes": ["imap"]}
        answer = pending.post(f"/api/v1/{path}", body, "application/json", secure=True)
        assert answer.status_code == 401
    assert auth.list_app_passwords(eve.pk) == []
    assert factors.describe(eve.pk).is_on


@pytest.mark.parametrize("way", ["token", "app password", "password"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/me/app-passwords"),
        ("PUT", "/me/password"),
        ("POST", "/me/second-factor"),
        ("POST", "/me/second-factor/removal"),
        ("POST", "/me/second-factor/confirmation"),
        ("POST", "/me/recovery-codes"),
    ],
)
def test_program_that_knows_the_password_goes_no_further(
    eve: Account, way: str, method: str, path: str
) -> None:
    asked = {"password": PASSWORD, "new_password": "a new password", "code": "000000"}
    body = {**asked, "label": "Mine", "scopes": ["imap"]}
    before = [held.public_id for held in auth.list_app_passwords(eve.pk)]
    with ExitStack() as held:
        if way == "token":
            api = held.enter_context(token(eve))
        elif way == "app password":
            api = Api(eve)
            before = [each.public_id for each in auth.list_app_passwords(eve.pk)]
        else:
            plain = base64.b64encode(f"{eve.login}:{PASSWORD}".encode()).decode()
            api = Api(eve, f"Basic {plain}")
        status = api.send(method, path, body).status_code
    assert status == (401 if way == "password" else 404 if "confirmation" in path else 403)
    assert [each.public_id for each in auth.list_app_passwords(eve.pk)] == before
    eve.refresh_from_db()
    assert eve.check_password(PASSWORD)
    assert factors.describe(eve.pk).is_on
    assert factors.describe(eve.pk).recovery_codes == factors.RECOVERY_CODES
