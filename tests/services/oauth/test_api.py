"""Applications and authorizations over REST: by people, by administrators, and by nobody else."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from groupware.core import auth
from groupware.core.audit import AuditFilter, list_entries
from groupware.core.models import Account, Domain
from groupware.core.roles import grant_role
from groupware.core.scopes import SCOPES
from groupware.oauth.models import Application
from groupware.oauth.tokenhashes import digest
from groupware.rest.models import IdempotencyKey
from tests.api.speaking import Api, problem, token_of
from tests.services.identity.programs import everything_kept, logged
from tests.services.oauth.flow import App, is_refused, open_session
from tests.services.store import create

pytestmark = pytest.mark.django_db
NEW = {
    "name": "Reports",
    "redirect_uris": ["https://reports.example/answer"],
    "scopes": ["mail:read", "profile"],
}
ANY = {"If_Match": "*"}


@pytest.fixture
def tokens(domain: Domain) -> Iterator[ExitStack]:
    """Return what ends the programs of a test."""
    assert domain.name == "example.test"
    with ExitStack() as held:
        yield held


def program(tokens: ExitStack, account: Account) -> Api:
    api: Api = tokens.enter_context(token_of(account, list(SCOPES)))
    return api


def admin(tokens: ExitStack, role: str, place: str = "") -> Api:
    account = create(f"{role}@example.test")
    grant_role(account.login, role, place)
    return program(tokens, account)


def actions(**wanted: Any) -> list[str]:
    return [entry.action for entry in list_entries(AuditFilter(**wanted))]


def test_person_sees_and_takes_back_what_was_allowed(
    app: App, ann: Account, tokens: ExitStack
) -> None:
    api, other = program(tokens, ann), App.register(app.browser, name="Another")
    given = app.get_tokens()
    app.get_tokens(scope="pop3")
    theirs = other.get_tokens()
    page = api.get("/me/authorizations").json()
    assert [held["application"] for held in page["items"]] == ["Another", "Sample mail"]
    held = page["items"][1]
    assert (held["id"], held["scopes"], held["sign_ins"]) == (
        app.client_id, ["profile", "imap", "pop3"], 2,
    )  # fmt: skip
    one = f"/me/authorizations/{app.client_id}"
    assert api.get(one).json() == held
    principal = open_session(given["access_token"])
    problem(api.delete(one), 428, "condition-required")
    assert api.delete(one, If_Match=held["etag"]).status_code == 204
    assert not auth.is_principal_current(principal)
    assert not is_refused(theirs["access_token"])
    problem(api.delete(one, **ANY), 404, "not-found")
    problem(api.get(f"/me/authorizations?since={page['state']}"), 410, "state-expired")
    assert actions(target_id=ann.pk)[0] == "account.revoke-application"


def test_application_that_got_more_since_is_not_taken_for_what_was_read(
    app: App, ann: Account, tokens: ExitStack
) -> None:
    api, one = program(tokens, ann), f"/me/authorizations/{app.client_id}"
    app.get_tokens(scope="profile")
    etag = api.get(one)["ETag"]
    app.get_tokens(scope="imap")
    problem(api.delete(one, If_Match=etag), 412, "stale")


def test_token_takes_back_only_with_the_scope(app: App, ann: Account, tokens: ExitStack) -> None:
    app.get_tokens()
    lesser = tokens.enter_context(token_of(ann, ["profile"]))
    one = f"/me/authorizations/{app.client_id}"
    assert lesser.get(one).status_code == 200
    problem(lesser.delete(one, **ANY), 403, "not-allowed")


def test_nobody_takes_back_what_another_allowed(app: App, ben: Account, tokens: ExitStack) -> None:
    given = app.get_tokens()
    api = program(tokens, ben)
    assert api.get("/me/authorizations").json()["items"] == []
    problem(api.delete(f"/me/authorizations/{app.client_id}", **ANY), 404, "not-found")
    assert not is_refused(given["access_token"])


def test_help_desk_takes_back_what_a_person_allowed(
    app: App, ann: Account, tokens: ExitStack
) -> None:
    api = admin(tokens, "help-desk", "example.test")
    principal = open_session(app.get_tokens()["access_token"])
    held = f"/admin/accounts/{ann.pk}/authorizations"
    (found,) = api.get(held).json()["items"]
    assert found["id"] == app.client_id
    one = f"{held}/{app.client_id}"
    assert api.get(one).json() == found
    assert api.delete(one, If_Match=found["etag"]).status_code == 204
    assert not auth.is_principal_current(principal)
    (entry,) = list_entries(AuditFilter(action="account.revoke-application"))
    assert (entry.actor, entry.role, entry.target) == (
        "help-desk@example.test", "help-desk", ann.login,
    )  # fmt: skip


def test_help_desk_takes_nothing_back_of_who_is_above_it(tokens: ExitStack, ann: Account) -> None:
    api = admin(tokens, "help-desk", "example.test")
    held = f"/admin/accounts/{ann.pk}"
    app_password = auth.create_app_password(ann.pk, "Phone", frozenset({"imap"}))
    grant_role(ann.login, "global")
    one = f"{held}/app-passwords/{app_password.partition('-')[0]}"
    problem(api.delete(one, **ANY), 403, "not-allowed")
    assert len(auth.list_app_passwords(ann.pk)) == 1


def test_admin_sees_app_passwords_without_what_they_are(tokens: ExitStack, ann: Account) -> None:
    made = auth.create_app_password(ann.pk, "Phone", frozenset({"imap"}))
    answer = admin(tokens, "global").get(f"/admin/accounts/{ann.pk}/app-passwords")
    assert [held["label"] for held in answer.json()["items"]] == ["Phone"]
    assert made.partition("-")[2] not in answer.content.decode()


def test_application_is_registered_read_and_deleted(tokens: ExitStack, ann: Account) -> None:
    api = admin(tokens, "global")
    with logged() as lines:
        answer = api.post("/admin/applications", {**NEW, "confidential": True}, Idempotency_Key="a")
        again = api.post("/admin/applications", {**NEW, "confidential": True}, Idempotency_Key="a")
    made = answer.json()
    secret = made.pop("client_secret")
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    problem(again, 409, "told-once")
    assert Application.objects.get(client_id=made["id"]).client_secret == digest(secret)
    assert secret.encode() not in everything_kept()
    assert secret not in str(lines)
    assert secret not in again.content.decode()
    assert IdempotencyKey.objects.count() == 1
    assert api.get(answer["Location"]).json() == made
    assert api.get("/admin/applications").json()["items"] == [made]
    assert api.delete(answer["Location"], If_Match=made["etag"]).status_code == 204
    problem(api.get(answer["Location"]), 404, "not-found")
    assert actions(action="application") == ["application.delete", "application.create"]


def test_public_application_has_no_secret(tokens: ExitStack) -> None:
    made = admin(tokens, "global").post("/admin/applications", NEW).json()
    assert made["client_secret"] is None
    assert (made["confidential"], made["redirect_uris"]) == (False, NEW["redirect_uris"])


@pytest.mark.parametrize(
    "wrong",
    [{"scopes": ["everything"]}, {"scopes": []}, {"redirect_uris": []}, {"name": ""},
     {"redirect_uris": ["http://elsewhere.example/"]}, {"redirect_uris": ["https://a b/"]}],
)  # fmt: skip
def test_application_that_cannot_be_is_refused(tokens: ExitStack, wrong: dict[str, Any]) -> None:
    api = admin(tokens, "global")
    problem(api.post("/admin/applications", {**NEW, **wrong}), 422, "invalid")
    assert not Application.objects.exists()


@pytest.mark.parametrize(("role", "place"), [("domain", "example.test"), ("help-desk", "")])
def test_applications_are_the_global_admins_alone(
    app: App, tokens: ExitStack, role: str, place: str
) -> None:
    api, one = admin(tokens, role, place), f"/admin/applications/{app.client_id}"
    problem(api.get("/admin/applications"), 403, "not-allowed")
    problem(api.post("/admin/applications", NEW), 403, "not-allowed")
    problem(api.get(one), 403, "not-allowed")
    problem(api.delete(one, **ANY), 403, "not-allowed")
    assert Application.objects.count() == 1


def test_sessions_end_with_their_application(app: App, tokens: ExitStack) -> None:
    principal = open_session(app.get_tokens()["access_token"])
    api = admin(tokens, "global")
    assert api.delete(f"/admin/applications/{app.client_id}", **ANY).status_code == 204
    assert not auth.is_principal_current(principal)
