"""The page on which a person answers an application, and what the application is sent."""

import re

import pytest
from django.test import Client
from oauth2_provider.models import AccessToken, Grant, RefreshToken
from pytest_django.fixtures import Settings

from groupware.core import limits
from groupware.core.models import Account, Domain
from groupware.identity.services import sessions
from groupware.oauth.models import Application
from tests.services.oauth.flow import REDIRECT, VERIFIER, App, answer_of, signed_in
from tests.services.store import PASSWORD, create

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(ann: Account) -> App:
    """Return a public application, in front of ann."""
    return App.register(signed_in(ann))


def refused(response: object) -> str:
    """Return what a page says that sends nobody anywhere."""
    assert response.status_code == 400, response  # type: ignore[attr-defined]
    text = response.content.decode()  # type: ignore[attr-defined]
    assert "No access was given" in text
    assert "<form" not in text
    return str(text)


def test_page_says_who_asks_whom_for_what_and_where_the_answer_goes(app: App) -> None:
    page = app.ask().content.decode()
    assert "Sample mail asks for access to your account" in page
    assert "ann@example.test" in page
    assert "Read, change and delete all of your mail with a mail program" in page
    assert "See your name and your address" in page
    assert "CalDAV" not in page
    assert "app.example" in page


def test_page_needs_no_script_and_no_mouse(app: App) -> None:
    response = app.ask()
    page = response.content.decode()
    policy = response["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'<style nonce="{nonce[1]}">' in page
    assert "script" not in page
    assert "style=" not in page
    assert " on" not in re.sub(r">[^<]*<", "><", page.partition("</style>")[2])
    assert re.findall(r'<button type="submit"', page) == ['<button type="submit"'] * 2
    assert "form-action 'self' https://app.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "no-store" in response["Cache-Control"]


def test_who_allows_sends_a_code_and_who_it_is_from(app: App) -> None:
    answer = answer_of(app.answer(app.ask()))
    assert answer.pop("code")
    assert answer == {"state": "xyz", "iss": "https://127.0.0.1:8443"}


def test_who_refuses_sends_no_code(app: App) -> None:
    answer = answer_of(app.answer(app.ask(), allow=False))
    assert answer["error"] == "access_denied"
    assert answer["state"] == "xyz"
    assert "code" not in answer
    assert not Grant.objects.exists()


def test_who_is_not_signed_in_signs_in_first_and_comes_back(app: App) -> None:
    app.browser = Client()
    response = app.ask()
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/?next=/oauth/authorize/%3F")


def test_browser_is_asked_again_each_time(app: App) -> None:
    app.get_tokens()
    for wish in ("auto", "force", ""):
        assert "asks for access" in app.ask(approval_prompt=wish).content.decode()


def test_answer_without_the_token_of_the_form_is_none(ann: Account) -> None:
    app = App.register(signed_in(ann, enforce_csrf_checks=True))
    page = app.ask()
    assert app.answer(page, {"csrfmiddlewaretoken": ""}).status_code == 403
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("origin", "status"), [("http://127.0.0.1:8000", 302), ("https://evil.example", 403)]
)
def test_form_comes_from_the_address_that_people_know(
    ann: Account, origin: str, status: int
) -> None:
    """A proxy that ends TLS passes on what the browser says, which is not how it speaks to us."""
    app = App.register(signed_in(ann, enforce_csrf_checks=True))
    page = app.ask()
    app.browser.defaults["HTTP_ORIGIN"] = origin
    assert app.answer(page).status_code == status


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/answer", "https://app.example/answer/more", "https://app.example/",
        "https://app.example/answer?x=1", "https://app.example/answer#x",
        "https://app.example.evil.example/answer", "http://app.example/answer",
        "https://app.example:444/answer", "https://x@app.example/answer", "javascript:alert(1)",
        "https://app.example/answer\0", "//evil.example", "",
    ],
)  # fmt: skip
def test_nothing_is_sent_where_no_application_is_registered(app: App, uri: str) -> None:
    refused(app.ask(redirect_uri=uri))


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:50123/answer", "http://127.0.0.1/answer", "http://[::1]:9/answer",
            "http://localhost:50123/answer"],
)  # fmt: skip
def test_program_on_a_machine_listens_at_any_port(ann: Account, uri: str) -> None:
    """RFC 8252 §7.3."""
    registered = ("http://127.0.0.1/answer", "http://[::1]/answer", "http://localhost/answer")
    app = App.register(signed_in(ann), redirect_uris=registered)
    page = app.ask(redirect_uri=uri)
    assert page.status_code == 200
    assert app.answer(page)["Location"].startswith(f"{uri}?code=")


def test_program_with_a_scheme_of_its_own_is_answered(ann: Account) -> None:
    """RFC 8252 §7.1."""
    uri = "org.example.app:/answer"
    app = App.register(signed_in(ann), redirect_uris=(uri,))
    page = app.ask(redirect_uri=uri)
    assert "form-action 'self' org.example.app:;" in page["Content-Security-Policy"]
    assert app.answer(page)["Location"].startswith(f"{uri}?code=")
    refused(app.ask(redirect_uri="org.example.other:/answer"))


@pytest.mark.parametrize("client_id", ["nobody", "", "x\0y", "x" * 5_000])
def test_application_that_nobody_registered_is_answered_by_nobody(app: App, client_id: str) -> None:
    refused(app.ask(client_id=client_id))


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": "plain", "code_challenge": VERIFIER},
        {"code_challenge_method": None},
        {"code_challenge_method": "S512"},
        {"code_challenge": "short"},
        {"code_challenge": "x" * 200},
    ],
)
def test_without_pkce_there_is_no_code(app: App, changes: dict[str, str | None]) -> None:
    answer = answer_of(app.ask(**changes))
    assert answer["error"] == "invalid_request"
    assert answer["state"] == "xyz"


@pytest.mark.parametrize(
    ("field", "value"), [("code_challenge", ""), ("code_challenge_method", "plain"),
                         ("code_challenge", "x" * 200)],
)  # fmt: skip
def test_form_without_pkce_is_refused_as_well(app: App, field: str, value: str) -> None:
    answer = answer_of(app.answer(app.ask(), {field: value}))
    assert answer["error"] == "invalid_request"
    assert not Grant.objects.exists()


@pytest.mark.parametrize("scope", ["imap calendars:write", "everything", "imap admin:write"])
def test_application_asks_for_nothing_that_it_may_not(app: App, scope: str) -> None:
    assert answer_of(app.ask(scope=scope))["error"] == "invalid_scope"
    assert answer_of(app.answer(app.ask(), {"scope": scope}))["error"] == "invalid_scope"


def test_application_that_names_no_scope_asks_for_all_of_its_own(app: App) -> None:
    assert set(app.get_tokens(scope=None)["scope"].split()) == {
        "mail:read", "profile", "imap", "pop3", "smtp", "dav",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["token", "id_token", "code token", "none", None])
def test_tokens_never_come_in_an_address(app: App, kind: str | None) -> None:
    answer = answer_of(app.ask(response_type=kind))
    assert answer["error"] in {
        "unsupported_response_type",
        "invalid_request",
        "unauthorized_client",
    }


def test_form_of_an_application_that_is_gone_is_refused(app: App) -> None:
    page = app.ask()
    Application.objects.all().delete()
    refused(app.answer(page))
    refused(app.answer(page, {"client_id": "x\0y"}))


def test_form_that_is_not_whole_is_refused(app: App) -> None:
    refused(app.browser.post("/oauth/authorize/", {"allow": "True"}, secure=True))
    assert refused(app.answer(app.ask(), {"redirect_uri": "https://evil.example/answer"}))


@pytest.mark.parametrize("query", ["client_id=%zz", "scope=%", "state=%00", "\xff=1"])
def test_query_that_is_no_form_is_refused(app: App, query: str) -> None:
    refused(app.browser.get(f"/oauth/authorize/?{query}", secure=True))


def test_nothing_is_asked_in_the_clear(app: App, settings: Settings) -> None:
    response = app.browser.get("/oauth/authorize/", app.asked)
    assert response.status_code == 403
    assert "over TLS only" in response.content.decode()
    settings.GROUPWARE_ALLOW_PLAINTEXT = True
    assert app.browser.get("/oauth/authorize/", app.asked).status_code == 400


def test_what_belongs_to_other_protocols_is_not_kept(app: App) -> None:
    page = app.ask(nonce="n" * 900, claims='{"x": 1}', resource="https://x.example/")
    app.answer(page)
    [grant] = Grant.objects.all()
    assert (grant.nonce, grant.claims, grant.resource) == ("", "{}", [])


def test_database_opens_nothing(app: App) -> None:
    """No code, no token and no secret of an application can be had from its rows."""
    confidential = App.register(app.browser, is_confidential=True)
    code = confidential.get_code()
    tokens = app.get_tokens()
    rows = [
        str(vars(row))
        for model in (Grant, AccessToken, RefreshToken, Application)
        for row in model.objects.all()
    ]
    assert len(rows) == 5
    for secret in (code, tokens["access_token"], tokens["refresh_token"], confidential.secret):
        assert len(secret) >= 30
        assert not any(secret in row for row in rows)


def test_redirect_of_a_program_is_the_one_that_it_asked_with(app: App) -> None:
    assert app.exchange(app.get_code(), redirect_uri=REDIRECT + "/").status_code == 400


@pytest.fixture
def administers(domain: Domain) -> App:
    """Return an application that asks for more than what people keep here, in front of nobody."""
    assert domain.name == "example.test"
    return App.register(Client(), scopes=frozenset({"account:write", "admin:write", "profile"}))


def sign_in(browser: Client, person: Account) -> None:
    fields = {"login": person.login, "password": PASSWORD}
    assert browser.post("/account/login/", fields, secure=True).status_code == 302


@pytest.mark.parametrize("scope", ["account:write", "admin:write profile", None])
def test_who_signed_in_long_ago_gives_nothing_that_opens_an_account(
    administers: App, scope: str | None
) -> None:
    person = create("eve@example.test", password=PASSWORD)
    administers.browser.force_login(person)
    page = administers.ask(scope=scope)
    assert page.status_code == 302
    assert page["Location"].startswith("/account/login/?next=/oauth/authorize/%3F")
    sign_in(administers.browser, person)
    assert administers.get_code(scope=scope)


def test_lesser_things_are_given_by_who_signed_in_long_ago(administers: App, ann: Account) -> None:
    administers.browser.force_login(ann)
    assert administers.get_code(scope="profile")


def test_page_that_lay_open_for_long_gives_nothing(
    administers: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = create("eve@example.test", password=PASSWORD)
    sign_in(administers.browser, person)
    page = administers.ask(scope="account:write")
    signed_in_at = administers.browser.session[sessions.AUTHENTICATED_AT]
    later = signed_in_at + limits.REAUTHENTICATION.value
    monkeypatch.setattr(sessions, "epoch", lambda: later)
    assert "too long ago" in refused(administers.answer(page))
    assert not Grant.objects.exists()
    assert answer_of(administers.answer(page, allow=False))["error"] == "access_denied"
