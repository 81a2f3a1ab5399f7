"""A person changes what opens the account: only after proving it anew."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client

from groupware.core import auth, clock, limits
from groupware.core.errors import AuthenticationFailed
from groupware.core.models import Account
from groupware.identity.services import factors, sessions
from groupware.identity.views.security import ACTIONS
from tests.conftest import SetLimit
from tests.services.identity.phones import NETWORK, Phone
from tests.services.store import PASSWORD, create

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]
LOGIN, SECURITY = "/account/login/", "/account/security/"


@pytest.fixture
def signed_in(eve: Account, browser: Client) -> Client:
    """Return a browser of the person, who signed in a moment ago."""
    browser.post(LOGIN, {"login": eve.login, "password": PASSWORD})
    assert browser.get(SECURITY).status_code == 200
    return browser


def act(browser: Client, action: str, **fields: str | list[str]) -> HttpResponse:
    response = browser.post(f"{SECURITY}{action}/", fields)
    assert isinstance(response, HttpResponse)
    return response


def opens(account: Account, password: str) -> bool:
    try:
        auth.authenticate(account.login, password, protocol="imap", network=NETWORK)
    except AuthenticationFailed:
        return False
    return True


def found(pattern: str, response: HttpResponse) -> list[str]:
    return re.findall(pattern, response.content.decode())


def test_password_is_changed_by_who_knows_it(eve: Account, signed_in: Client) -> None:
    other = Client()
    other.post(LOGIN, {"login": eve.login, "password": PASSWORD})
    new = {"new": "a new password", "again": "a new password"}
    assert act(signed_in, "change-password", current="wrong", **new).status_code == 403
    assert opens(eve, PASSWORD)
    assert act(signed_in, "change-password", current=PASSWORD, **new).status_code == 200
    assert not opens(eve, PASSWORD)
    assert opens(eve, "a new password")
    assert signed_in.get(SECURITY).status_code == 200
    assert other.get(SECURITY).status_code == 302


@pytest.mark.parametrize(("new", "again"), [("a new password", "another one"), ("short", "short")])
def test_password_that_cannot_be_is_refused(
    eve: Account, signed_in: Client, new: str, again: str
) -> None:
    response = act(signed_in, "change-password", current=PASSWORD, new=new, again=again)
    assert response.status_code == 422
    assert opens(eve, PASSWORD)


def test_second_factor_is_set_up_used_and_turned_off(
    eve: Account, signed_in: Client, phone: Phone
) -> None:
    page = act(signed_in, "begin-second-factor")
    assert b"data:image/png;base64," in page.content
    phone.secret = found(r"<code>([A-Z2-7 ]{39})</code>", page)[0].replace(" ", "")
    assert b"data:image/png" in act(signed_in, "confirm-second-factor", code="wrong").content
    page = act(signed_in, "confirm-second-factor", code=phone.code())
    codes = found(r"<code>((?:[a-z0-9]{4}-){3}[a-z0-9]{4})</code>", page)
    assert len(codes) == 10
    assert signed_in.get(SECURITY).status_code == 200
    assert not opens(eve, PASSWORD)
    phone.wait()
    assert act(signed_in, "remove-second-factor", code="wrong").status_code == 403
    assert factors.describe(eve.pk).is_on
    assert act(signed_in, "remove-second-factor", code=phone.code()).status_code == 200
    assert not factors.describe(eve.pk).is_on
    assert opens(eve, PASSWORD)


def test_recovery_codes_are_renewed(
    eve: Account, browser: Client, phone: Phone, recovery_codes: list[str]
) -> None:
    browser.post(LOGIN, {"login": eve.login, "password": PASSWORD})
    browser.post("/account/login/code/", {"code": phone.code()})
    page = act(browser, "renew-recovery-codes")
    codes = found(r"<code>((?:[a-z0-9]{4}-){3}[a-z0-9]{4})</code>", page)
    assert len(codes) == 10
    assert not set(codes) & set(recovery_codes)


def test_app_password_is_made_and_revoked(eve: Account, signed_in: Client) -> None:
    page = act(signed_in, "create-app-password", label="Tablet", scopes=["imap"])
    (made,) = found(r'<code class="secret">([0-9a-f]{8}-[0-9a-f]{32})</code>', page)
    assert opens(eve, made)
    assert act(signed_in, "create-app-password", label="Tablet").status_code == 422
    act(signed_in, "revoke-app-password", id=made.partition("-")[0])
    assert not opens(eve, made)
    assert signed_in.get(SECURITY).status_code == 200


def test_other_browser_is_signed_out(eve: Account, signed_in: Client) -> None:
    other = Client(headers={"user-agent": "Other/1.0"})
    other.post(LOGIN, {"login": eve.login, "password": PASSWORD})
    (theirs,) = (held for held in sessions.list_browsers(eve.pk) if held.agent == "Other/1.0")
    assert b"Other/1.0" in signed_in.get(SECURITY).content
    assert act(signed_in, "end-session", id=str(theirs.id)).status_code == 302
    assert other.get(SECURITY).status_code == 302
    assert signed_in.get(SECURITY).status_code == 200


def test_nobody_ends_sessions_of_another(eve: Account, signed_in: Client) -> None:
    create("zoe@example.test", password=PASSWORD)
    other = Client()
    other.post(LOGIN, {"login": "zoe@example.test", "password": PASSWORD})
    (theirs,) = sessions.list_browsers(Account.objects.get(login="zoe@example.test").pk)
    assert act(signed_in, "end-session", id=str(theirs.id)).status_code == 404
    assert act(signed_in, "end-session", id="9" * 40).status_code == 422
    assert other.get(SECURITY).status_code == 200


def test_signing_out_everywhere_ends_all(eve: Account, signed_in: Client) -> None:
    other = Client()
    other.post(LOGIN, {"login": eve.login, "password": PASSWORD})
    eve.refresh_from_db()
    assert act(signed_in, "end-all-sessions")["Location"] == LOGIN
    assert not auth.is_current(eve.pk, eve.credential_epoch)
    assert [one.get(SECURITY).status_code for one in (signed_in, other)] == [302, 302]


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_nothing_is_changed_by_who_signed_in_too_long_ago(
    eve: Account,
    signed_in: Client,
    action: str,
    set_limit: SetLimit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_limit(limits.REAUTHENTICATION, 300)
    later = clock.epoch() + 301
    monkeypatch.setattr(sessions, "epoch", lambda: later)
    fields = {"current": PASSWORD, "new": "a new password", "again": "a new password"}
    response = act(signed_in, action, label="Tablet", scopes=["imap"], **fields)
    assert response["Location"] == f"{LOGIN}?next=%2Faccount%2Fsecurity%2F"
    assert auth.list_app_passwords(eve.pk) == []
    assert opens(eve, PASSWORD)
    assert len(sessions.list_browsers(eve.pk)) == 1
    assert b"sign in again" in signed_in.get(SECURITY).content


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_nothing_is_changed_by_who_is_not_signed_in(eve: Account, action: str) -> None:
    response = act(Client(), action)
    assert response.status_code == 302
    assert response["Location"].startswith(LOGIN)
    assert act(Client(enforce_csrf_checks=True), action).status_code == 403


def test_changes_do_not_keep_a_sign_in_fresh(
    eve: Account, signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = signed_in.session[sessions.AUTHENTICATED_AT] + 599
    monkeypatch.setattr(sessions, "epoch", lambda: later)
    new = {"current": PASSWORD, "new": "a new password", "again": "a new password"}
    assert act(signed_in, "change-password", **new).status_code == 200
    monkeypatch.setattr(sessions, "epoch", lambda: later + 2)
    assert act(signed_in, "renew-recovery-codes").status_code == 302


def test_unknown_action_is_not_there(signed_in: Client) -> None:
    assert act(signed_in, "fly").status_code == 404
    assert act(signed_in, "link").status_code == 404
