"""What every URL of the API has: sign-in, one form of errors, limits of bodies, the schema."""

import base64
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.api import views
from groupware.core import limits
from groupware.core.auth import create_app_password
from groupware.core.errors import Busy, DiskReserve, OverQuota
from groupware.core.models import Account
from groupware.rest.problems import PROBLEMS
from mail.api.mailboxes import MailboxList
from tests.api.speaking import Api, problem, token_of
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db


def test_nobody_is_challenged_by_both_schemes(client: Client) -> None:
    response = client.get("/api/v1/mailboxes", secure=True)
    problem(response, 401, "unauthenticated")
    assert response["WWW-Authenticate"].startswith("Bearer ")
    assert "Basic " in response["WWW-Authenticate"]


@pytest.mark.parametrize("field", ["X-Requested-With", "Sec-Fetch-Mode"])
def test_scripts_of_a_browser_are_not_offered_basic(client: Client, field: str) -> None:
    response = client.get("/api/v1/mailboxes", secure=True, headers={field: "cors"})
    assert response["WWW-Authenticate"] == 'Bearer realm="Groupware"'


@pytest.mark.parametrize(
    "authorization",
    ["Basic !", "Basic " + base64.b64encode(b"ann").decode(), "Bearer x", "Bearer", "Basic",
     "Basic " + base64.b64encode(b"ann@example.test:wrong").decode()],
)  # fmt: skip
def test_wrong_credentials_are_refused(ann: Account, authorization: str) -> None:
    problem(Api(ann, authorization).get("/mailboxes"), 401, "unauthenticated")


def test_credentials_in_the_clear_are_refused(client: Client, api: Api, settings: Settings) -> None:
    settings.GROUPWARE_ALLOW_PLAINTEXT = False
    problem(client.get("/api/v1/mailboxes", headers=api.headers), 403, "not-allowed")
    settings.GROUPWARE_ALLOW_PLAINTEXT = True
    assert client.get("/api/v1/mailboxes", headers=api.headers).status_code == 200


def test_password_opens_the_api_only_without_a_second_factor(ann: Account) -> None:
    ann.set_password("correct horse")
    ann.save()
    pair = base64.b64encode(b"ann@example.test:correct horse").decode()
    assert Api(ann, f"Basic {pair}").get("/mailboxes").status_code == 200
    Account.objects.filter(pk=ann.pk).update(second_factor=True, credential_epoch=2)
    problem(Api(ann, f"Basic {pair}").get("/mailboxes"), 401, "unauthenticated")


def test_app_password_of_another_protocol_is_refused(ann: Account) -> None:
    password = create_app_password(ann.pk, "phone", frozenset({"imap"}))
    pair = base64.b64encode(f"{ann.login}:{password}".encode()).decode()
    problem(Api(ann, f"Basic {pair}").get("/mailboxes"), 401, "unauthenticated")


def test_after_many_failures_a_login_has_to_wait(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.FREE_FAILURES, 1)
    for number in range(2):
        pair = base64.b64encode(f"{ann.login}:wrong{number}".encode()).decode()
        response = Api(ann, f"Basic {pair}").get("/mailboxes")
    problem(response, 429, "too-many-requests")
    assert int(response["Retry-After"]) > 0


def test_a_session_changes_something_only_with_its_csrf_token(ann: Account) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ann)
    assert browser.get("/api/v1/mailboxes", secure=True).status_code == 200

    def create(**headers: str) -> Any:
        return browser.post(
            "/api/v1/mailboxes",
            {"name": "Work"},
            "application/json",
            secure=True,
            headers={"Referer": "https://testserver/", **headers},
        )

    problem(create(), 403, "not-allowed")
    browser.cookies["csrftoken"] = token = "a" * 32
    assert create(**{"X-CSRFToken": token}).status_code == 201


def test_session_of_somebody_disabled_opens_nothing(ann: Account) -> None:
    browser = Client()
    browser.force_login(ann)
    Account.objects.filter(pk=ann.pk).update(is_active=False)
    problem(browser.get("/api/v1/mailboxes", secure=True), 401, "unauthenticated")


def test_credentials_that_are_sent_decide_whatever_cookie_came(ann: Account) -> None:
    browser = Client()
    browser.force_login(ann)
    response = browser.get("/api/v1/mailboxes", secure=True, headers={"Authorization": "Bearer x"})
    problem(response, 401, "unauthenticated")


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/nothing", "/api/v2/mailboxes"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PROPFIND"])
def test_what_leads_nowhere_is_told_as_everything(client: Client, path: str, method: str) -> None:
    problem(client.generic(method, path), 404, "not-found")


def test_other_methods_forms_and_bodies_are_told_as_everything(api: Api) -> None:
    response = api.send("PUT", "/mailboxes", {})
    problem(response, 405, "method-not-allowed")
    assert {"GET", "POST"} <= set(response["Allow"].split(", "))
    problem(api.get("/mailboxes", Accept="image/png"), 406, "not-acceptable")
    response = api.client.post(
        "/api/v1/mailboxes", b"x", "text/plain", secure=True, headers=api.headers
    )
    problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b'{"name": NaN}', b"[" * 100_000, b'{"name": ' + b"9" * 10_000 + b"}"],
)
def test_body_that_is_no_json_is_refused(api: Api, body: bytes) -> None:
    problem(api.post("/mailboxes", body), 400, "bad-request")


def test_body_is_bounded(api: Api, set_limit: SetLimit) -> None:
    set_limit(limits.API_BODY, 100)
    body = b'{"name": "x"}'
    assert api.post("/mailboxes", body + b" " * (100 - len(body))).status_code == 201
    problem(api.post("/mailboxes", body + b" " * (101 - len(body))), 413, "too-large")


def test_body_that_the_front_did_not_take_in_is_too_large(api: Api) -> None:
    response = api.client.generic(
        "POST",
        "/api/v1/mailboxes",
        b"",
        "application/json",
        secure=True,
        headers={**api.headers, "Content-Length": str(limits.WEB_BODY.value + 1)},
    )
    problem(response, 413, "too-large")


def test_host_that_is_none_of_ours_is_told_as_everything(client: Client) -> None:
    response = client.get("/api/v1/mailboxes", headers={"Host": "evil.example"})
    problem(response, 400, "bad-request")
    page = client.get("/", headers={"Host": "evil.example", "Accept": "text/html"})
    assert (page.status_code, page["Content-Type"][:9]) == (400, "text/html")


def test_method_without_a_scope_is_open_to_nobody(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MailboxList, "scopes", {})
    problem(api.get("/mailboxes"), 403, "not-allowed")
    problem(api.send("OPTIONS", "/mailboxes"), 403, "not-allowed")


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (Busy("wait"), 503, "busy"),
        (OverQuota("full"), 507, "no-room"),
        (DiskReserve("full"), 507, "no-room"),
        (ZeroDivisionError("secret"), 500, "internal"),
    ],
)
def test_failures_of_services_are_problems(
    api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, slug: str
) -> None:
    def fail(*_: object) -> object:
        raise error

    monkeypatch.setattr(MailboxList, "list_page", fail)
    response = api.get("/mailboxes")
    told = problem(response, status, slug)
    assert ("Retry-After" in response) == (status == 503)
    assert "secret" not in str(told)


def test_answers_are_kept_out_of_shared_caches(api: Api) -> None:
    assert api.get("/mailboxes")["Cache-Control"] == "private, no-cache"


def test_head_is_get_without_its_body(api: Api) -> None:
    response = api.send("HEAD", "/mailboxes")
    assert (response.status_code, response.content) == (200, b"")


def test_schema_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    views.make_schema.cache_clear()
    schema, _ = views.make_schema()
    assert capsys.readouterr().err == ""
    assert all(
        operation["operationId"] and operation["tags"] and operation["summary"]
        for methods in schema["paths"].values()
        for operation in methods.values()
    )


def test_operation_ids_are_told_apart() -> None:
    schema, _ = views.make_schema()
    ids = [
        operation["operationId"]
        for methods in schema["paths"].values()
        for operation in methods.values()
    ]
    assert len(ids) == len(set(ids))


def test_schema_is_public_and_not_sent_twice(client: Client) -> None:
    response = client.get("/api/v1/schema/")
    assert response.json()["openapi"].startswith("3.")
    again = client.get("/api/v1/schema/", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_documentation_takes_nothing_from_elsewhere_and_nothing_inline(client: Client) -> None:
    response = client.get("/api/v1/docs/")
    body = response.content.decode()
    assert "script-src 'self';" in response["Content-Security-Policy"]
    assert re.findall(r"<script[^>]*>", body) == re.findall(r'<script src="/static/[^"]+">', body)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', body)
    assert len(files) == 4
    for file in files:
        answer = client.get(file)
        assert answer.status_code == 200
        again = client.get(file, headers={"If-None-Match": answer["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize("path", ["nothing", "../manage.py", "%2e%2e/manage.py", "groupware"])
def test_nothing_but_static_files_is_below_static(client: Client, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_each_problem_has_its_paragraph(client: Client) -> None:
    body = client.get("/api/v1/docs/problems").content.decode()
    assert [problem.slug for problem in PROBLEMS] == re.findall(r'<dt id="([^"]+)">', body)


def test_administration_is_not_for_app_passwords(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MailboxList, "scopes", {"GET": "admin:read"})
    problem(Api(ann).get("/mailboxes"), 403, "not-allowed")
    with token_of(ann, ["admin:read"]) as program:
        assert program.get("/mailboxes").status_code == 200
    browser = Client()
    browser.force_login(ann)
    assert browser.get("/api/v1/mailboxes", secure=True).status_code == 200
