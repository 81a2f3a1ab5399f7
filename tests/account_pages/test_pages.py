"""Every page: for who is signed in alone, about nobody else, in both languages, under its policy."""

import re
from typing import cast

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from groupware.account.urls import urlpatterns
from groupware.core import clock, limits, rights
from groupware.core.models import Account, Collection
from mail.services import identities
from tests.account_pages.signing import SignIn

pytestmark = pytest.mark.django_db
PAGES = sorted(
    reverse(str(held.name))
    for held in urlpatterns
    if held.name
    not in {
        "account-photo",
        "account-identity",
        "account-revoke-application",
        "account-end-session",
        "account-apple-profile",
        "account-end-share",
        "account-export-download",
        "account-export-remove",
    }
)
SECURITY = "/account/security/"


def get(browser: Client, path: str, **headers: str) -> HttpResponse:
    response = browser.get(path, headers=headers)
    assert response.status_code == 200, path
    return cast("HttpResponse", response)


def fill(ann: Account) -> int:
    """Give Ann something for each page, and return the number of her identity."""
    rights.grant(ann, None, rights.find_grantee("@example.test"), rights.parse_rights("free-busy"))
    made = identities.create_identity(ann.pk, {"address": ann.login, "name": "Ann of Secrets"})
    return made.pk


@pytest.mark.parametrize("path", [*PAGES, "/account/profile/photo/", "/account/identities/1/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_sees_a_page_without_signing_in(client: Client, path: str, method: str) -> None:
    response = client.generic(method, path)
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/?next=/account/")


def test_every_url_is_one_of_those(ann: Account) -> None:
    """What is new is tested here too."""
    assert {held.name for held in urlpatterns} == {
        "account-home",
        "account-space",
        "account-profile",
        "account-photo",
        "account-devices",
        "account-revoke-application",
        "account-end-session",
        "account-new-device",
        "account-apple-profile",
        "account-identities",
        "account-identity",
        "account-elsewhere",
        "account-shares",
        "account-end-share",
        "account-export",
        "account-export-download",
        "account-export-remove",
    }


@pytest.mark.parametrize("path", [*PAGES, SECURITY])
def test_a_page_is_kept_nowhere_and_runs_nothing(browser: Client, path: str) -> None:
    response = get(browser, path)
    body = response.content.decode()
    assert "no-store" in response["Cache-Control"]
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not re.findall(r"<script|<style| style=|\son\w+=|javascript:", body)
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'href="/static/groupware/pages.css" nonce="{nonce[1]}"' in body
    assert not re.findall(r'(?:src|href)="(?!/|data:image/|#|\?)', body)


@pytest.mark.parametrize("path", [*PAGES, SECURITY])
@pytest.mark.parametrize("language", ["en", "it"])
def test_a_page_speaks_the_language_of_the_browser(
    browser: Client, path: str, language: str
) -> None:
    body = get(browser, path, **{"accept-language": language}).content.decode()
    assert f'<html lang="{language}">' in body
    assert ("Panoramica" in body) == (language == "it")
    assert ("Skip to the content" in body) == (language == "en")


def test_a_language_can_be_chosen_and_is_kept(browser: Client) -> None:
    browser.post("/language/", {"language": "it", "next": "/account/"})
    assert "Panoramica" in get(browser, "/account/", **{"accept-language": "en"}).content.decode()
    cookie = browser.cookies["language"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("path", [*PAGES, SECURITY])
@pytest.mark.parametrize("kind", ["", "?kind=apple", "?kind=android", "?kind=../etc"])
def test_a_page_is_about_who_is_signed_in_alone(
    ann: Account, ben: Account, sign_in: SignIn, path: str, kind: str
) -> None:
    fill(ann)
    body = get(sign_in(ben), f"{path}{kind}").content.decode()
    assert "Ann of Secrets" not in body
    if "ann@example.test" in body:
        assert path == "/account/shares/", "who shares with him is named there"


def test_somebody_elses_identity_is_not_there(ann: Account, ben: Account, sign_in: SignIn) -> None:
    path = f"/account/identities/{fill(ann)}/"
    browser = sign_in(ben)
    assert browser.get(path).status_code == 404
    assert browser.post(path, {"delete": "1"}).status_code == 404
    assert identities.list_identities(ann.pk)


def test_somebody_elses_share_is_not_ended(ann: Account, ben: Account, sign_in: SignIn) -> None:
    fill(ann)
    [held] = rights.list_grants(ann.pk)
    assert sign_in(ben).post("/account/shares/end/", {"id": str(held.pk)}).status_code == 404
    assert rights.list_grants(ann.pk)


def test_somebody_elses_mailbox_is_not_shared(ann: Account, ben: Account, sign_in: SignIn) -> None:
    inbox = Collection.objects.get(account=ann, kind="mail", name="INBOX")
    form = {"collection": inbox.object_id, "grantee": ben.login, "may": "all"}
    assert sign_in(ben).post("/account/shares/", form).status_code == 422
    assert rights.list_grants(ann.pk) == []


def test_forms_of_other_sites_are_refused(ann: Account, sign_in: SignIn) -> None:
    browser = sign_in(ann)
    browser.handler.enforce_csrf_checks = True
    for path in ("/account/profile/", "/account/shares/", "/account/devices/new/"):
        assert browser.post(path, {"name": "Eve"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/account/devices/new/", {"kind": "android"}),
        ("/account/devices/new/profile/", {"password": "1"}),
        ("/account/export/", {}),
        ("/account/export/file/", {"id": "1"}),
        ("/account/export/remove/", {"id": "1"}),
        ("/account/shares/", {"collection": "all", "grantee": "@example.test", "may": "all"}),
    ],
)
def test_what_opens_the_account_asks_for_proof_anew(
    ann: Account,
    browser: Client,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    fields: dict[str, str],
) -> None:
    from groupware.identity.services import sessions

    later = clock.epoch() + int(limits.REAUTHENTICATION.value) + 1
    monkeypatch.setattr(sessions, "epoch", lambda: later)
    response = browser.post(path, fields)
    assert (response.status_code, response["Location"]) == (
        302,
        f"/account/login/?next={path.replace('/', '%2F')}",
    )
    assert not ann.app_passwords.exists()
    assert rights.list_grants(ann.pk) == []
