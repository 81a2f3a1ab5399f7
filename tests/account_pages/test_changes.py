"""What a person changes on the pages, and what is refused there."""

import base64
import json
import plistlib
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.account.views.setup import KINDS
from groupware.core import auth, limits, rights
from groupware.core.directory import photos
from groupware.core.errors import AuthenticationFailed
from groupware.core.models import Account, AuditEntry, Collection
from groupware.core.tls import ensure_certificate
from mail.services import identities
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def opens(account: Account, password: str, protocol: str) -> bool:
    try:
        auth.authenticate(account.login, password, protocol=protocol, network="192.0.2.1")
    except AuthenticationFailed:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_gets_a_password_of_its_own_that_is_shown_once(
    ann: Account, browser: Client, kind: str
) -> None:
    response = browser.post("/account/devices/new/", {"kind": kind, "label": "My device"})
    [password] = re.findall(r'<code class="secret">([^<]+)</code>', response.content.decode())
    assert "no-store" in response["Cache-Control"]
    [held] = auth.list_app_passwords(ann.pk)
    assert held.label == "My device"
    assert set(held.scopes.split()) == KINDS[kind].scopes
    assert opens(ann, password, "imap")
    assert opens(ann, password, "dav") == ("dav" in KINDS[kind].scopes)
    assert not opens(ann, password, "api")
    for path in ("/account/devices/new/", "/account/devices/", "/account/security/"):
        assert password not in browser.get(path).content.decode()
    assert password not in json.dumps(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_the_codes_of_a_phone_hold_that_password_and_no_other(
    ann: Account, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from groupware.account.views import setup

    told: list[str] = []

    def remember(text: str) -> str:
        told.append(text)
        return "data:,"

    monkeypatch.setattr(setup, "_code", remember)
    response = browser.post("/account/devices/new/", {"kind": "android"})
    [password] = re.findall(r'<code class="secret">([^<]+)</code>', response.content.decode())
    here, mail, dav = told
    assert here.endswith("/account/devices/new/?kind=android")
    assert json.loads(mail)[2][-1] == password
    assert dav.startswith(f"davx5://ann%40example.test:{password}@")
    told.clear()
    browser.get("/account/devices/new/?kind=android")
    assert [password in text for text in told] == [False]


def test_a_kind_that_is_none_is_refused(ann: Account, browser: Client) -> None:
    assert browser.post("/account/devices/new/", {"kind": "fridge"}).status_code == 422
    assert auth.list_app_passwords(ann.pk) == []


@pytest.mark.parametrize("wanted", [True, False])
def test_an_apple_device_gets_a_profile(
    ann: Account, browser: Client, settings: Settings, tmp_path: Path, wanted: bool
) -> None:
    settings.GROUPWARE_DATA = tmp_path
    ensure_certificate(tmp_path, ["example.test"])
    form = {"label": "iPhone", **({"password": "1"} if wanted else {})}
    response = browser.post("/account/devices/new/profile/", form)
    assert response["Content-Type"] == "application/x-apple-aspen-config"
    assert response["Content-Disposition"] == 'attachment; filename="example.test.mobileconfig"'
    assert "no-store" in response["Cache-Control"]
    start, end = response.content.index(b"<?xml"), response.content.index(b"</plist>")
    mail = plistlib.loads(response.content[start:end] + b"</plist>")["PayloadContent"][0]
    assert (mail["EmailAddress"], mail["EmailAccountName"]) == (ann.login, "Ann")
    assert len(auth.list_app_passwords(ann.pk)) == wanted
    assert ("IncomingPassword" in mail) == wanted
    if wanted:
        assert opens(ann, mail["IncomingPassword"], "imap")


def test_a_name_is_changed_and_noted(ann: Account, browser: Client) -> None:
    assert browser.post("/account/profile/", {"name": " Ann Örn "}).status_code == 302
    ann.refresh_from_db()
    assert (ann.name, ann.login) == ("Ann Örn", "ann@example.test")
    assert AuditEntry.objects.filter(action="account.rename", actor_id=ann.pk).exists()
    assert "Your name is changed." in browser.get("/account/profile/").content.decode()
    assert browser.post("/account/profile/", {"name": "a\x00b"}).status_code == 422


def test_a_photo_is_given_shown_and_removed(ann: Account, browser: Client) -> None:
    path = "/account/profile/photo/"
    assert browser.get(path).status_code == 404
    browser.post(path, {"photo": SimpleUploadedFile("a.png", PNG)})
    shown = browser.get(path)
    assert (shown["Content-Type"], shown.content) == ("image/png", PNG)
    assert shown["X-Content-Type-Options"] == "nosniff"
    browser.post(path, {"remove": "1"})
    assert photos.find_photo(ann.pk) is None


def test_what_is_no_photo_is_refused(ann: Account, browser: Client, set_limit: SetLimit) -> None:
    path = "/account/profile/photo/"
    script = SimpleUploadedFile("a.svg", b"<svg onload='x()'/>", "image/svg+xml")
    assert browser.post(path, {"photo": script}).status_code == 422
    assert browser.post(path).status_code == 422
    set_limit(limits.PHOTO_SIZE, 64 << 10)
    large = SimpleUploadedFile("a.png", PNG + bytes(65 << 10))
    assert browser.post(path, {"photo": large}).status_code == 422
    assert photos.find_photo(ann.pk) is None


def test_identities_are_made_changed_and_deleted(ann: Account, browser: Client) -> None:
    form = {"address": ann.login, "name": "Ann at work", "signature_text": "Ann\r\nteam"}
    browser.post("/account/identities/", {**form, "is_default": "1"})
    [made] = identities.list_identities(ann.pk)
    assert (made.name, made.signature_text, made.is_default) == ("Ann at work", "Ann\nteam", True)
    path = f"/account/identities/{made.pk}/"
    assert "Ann at work" in browser.get(path).content.decode()
    html = "<b>Ann</b><script>x()</script>"
    browser.post(path, {**form, "name": "Ann", "signature_html": html})
    [changed] = identities.list_identities(ann.pk)
    assert (changed.name, changed.signature_html, changed.is_default) == (
        "Ann",
        "<b>Ann</b>",
        False,
    )
    browser.post(path, {"delete": "1"})
    assert identities.list_identities(ann.pk) == []


def test_an_address_of_somebody_else_is_refused(
    ann: Account, ben: Account, browser: Client
) -> None:
    response = browser.post("/account/identities/", {"address": ben.login, "name": "Ben"})
    assert response.status_code in {403, 422}
    assert 'class="error" role="alert"' in response.content.decode()
    assert identities.list_identities(ann.pk) == []


def test_a_calendar_is_shared_and_seen_from_both_ends(
    ann: Account, ben: Account, browser: Client
) -> None:
    calendar = Collection.objects.filter(account=ann, kind="calendars").first()
    assert calendar is not None
    form = {"collection": calendar.object_id, "grantee": ben.login, "may": "read"}
    assert browser.post("/account/shares/", form).status_code == 302
    [held] = rights.list_grants(ann.pk)
    assert (held.collection_id, held.rights) == (calendar.pk, "lrs")
    assert ben.login in browser.get("/account/shares/").content.decode()
    other = Client()
    other.post("/account/login/", {"login": ben.login, "password": "correct horse battery"})
    received = other.get("/account/shares/").content.decode()
    assert ann.login in received
    assert calendar.name in received
    browser.post("/account/shares/end/", {"id": str(held.pk)})
    assert rights.list_grants(ann.pk) == []
    assert ann.login not in other.get("/account/shares/").content.decode()


def test_what_is_shared_again_is_changed_and_keeps_named_rights(
    ann: Account, ben: Account, browser: Client
) -> None:
    rights.grant(ann, None, ben, rights.parse_rights("read send-as"))
    form = {"collection": "all", "grantee": ben.login, "may": "write"}
    assert browser.post("/account/shares/", form).status_code == 302
    [held] = rights.list_grants(ann.pk)
    assert (held.rights, held.named_rights) == ("lrswipkxte", "send-as")
    assert "read and change, send as the owner" in browser.get("/account/shares/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"grantee": "nobody@example.test"},
        {"grantee": "ann@example.test"},
        {"grantee": "x"},
        {"may": "admin"},
        {"collection": "none"},
    ],
)
def test_a_share_that_cannot_be_is_refused_and_what_was_typed_stays(
    ann: Account, ben: Account, browser: Client, wrong: dict[str, str]
) -> None:
    form = {"collection": "all", "grantee": ben.login, "may": "read", **wrong}
    response = browser.post("/account/shares/", form)
    assert response.status_code in {404, 422}
    body = response.content.decode()
    assert 'class="error" role="alert"' in body
    assert f'value="{form["grantee"]}"' in body
    assert rights.list_grants(ann.pk) == []


def test_an_application_that_is_not_there_cannot_be_revoked(browser: Client) -> None:
    response = browser.post("/account/devices/revoke/", {"client": "none"})
    assert response.status_code == 404


def test_what_services_answer_is_shown_in_the_language_of_the_page(browser: Client) -> None:
    script = SimpleUploadedFile("a.svg", b"<svg/>", "image/svg+xml")
    italian = {"accept-language": "it"}
    response = browser.post("/account/profile/photo/", {"photo": script}, headers=italian)
    assert "JPEG, PNG, GIF o WebP" in response.content.decode()
