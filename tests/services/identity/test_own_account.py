"""One's own account over REST: what is changed, what ends by it, and what is kept of secrets."""

from collections.abc import Iterator
from typing import Any

import pytest

from groupware.core import auth
from groupware.core.audit import AuditFilter, list_entries
from groupware.core.directory import set_password, set_photo
from groupware.core.errors import AuthenticationFailed
from groupware.core.events import CredentialsChanged
from groupware.core.models import Account
from groupware.core.sealing import unseal
from groupware.identity.services import factors, sessions
from groupware.rest.models import IdempotencyKey
from tests.api.speaking import Api, problem
from tests.services.identity.phones import NETWORK, Phone
from tests.services.identity.programs import browser, everything_kept, logged, sign_in, token
from tests.services.store import PASSWORD, create

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]
NEW = "another password"
PROOF = {"password": PASSWORD}
PICTURE = b"GIF89a" + bytes(20)
SECURITY = "/account/security/"


@pytest.fixture
def program(eve: Account) -> Iterator[Api]:
    with token(eve) as api:
        yield api


def opens(account: Account, password: str) -> bool:
    try:
        auth.authenticate(account.login, password, protocol="imap", network=NETWORK)
    except AuthenticationFailed:
        return False
    return True


def session_of(account: Account) -> auth.Principal:
    """Return a session of IMAP that goes on."""
    held = auth.create_app_password(account.pk, "Phone", frozenset({"imap"}))
    return auth.authenticate(account.login, held, protocol="imap", network=NETWORK)


def actions(account: Account) -> list[tuple[str, str]]:
    entries = list_entries(AuditFilter(target_id=account.pk, target_kind="account"))
    return [(entry.action, entry.actor) for entry in entries]


def test_profile_is_read_and_the_name_changed(eve: Account, program: Api) -> None:
    first = program.get("/me")
    assert first.json() == {
        "id": eve.pk, "address": eve.login, "name": eve.name, "photo": None,
        "second_factor": False,
    }  # fmt: skip
    problem(program.patch("/me", {"name": "Eve"}), 428, "condition-required")
    changed = program.patch("/me", {"name": "Eve A."}, If_Match=first["ETag"])
    assert changed.json()["name"] == "Eve A."
    assert changed["ETag"] != first["ETag"]
    problem(program.patch("/me", {"name": "Eve B."}, If_Match=first["ETag"]), 412, "stale")
    problem(program.patch("/me", {"name": "x" * 201}, If_Match="*"), 422, "invalid")
    assert actions(eve)[0] == ("account.rename", eve.login)
    assert program.get("/me", If_None_Match=changed["ETag"]).status_code == 304


def test_profile_leads_to_the_photo(eve: Account, program: Api) -> None:
    set_photo(eve.login, PICTURE)
    photo = program.get(program.get("/me").json()["photo"])
    assert (photo.status_code, photo.content) == (200, PICTURE)


@pytest.mark.django_db(transaction=True)
def test_changed_password_ends_every_other_session(eve: Account, published: list[object]) -> None:
    principal, other, api = session_of(eve), sign_in(eve), browser(eve)
    published.clear()
    answer = api.send("PUT", "/me/password", {**PROOF, "new_password": NEW})
    assert answer.status_code == 204, answer.content
    assert published == [CredentialsChanged(eve.pk)]
    assert not auth.is_principal_current(principal)
    assert other.get(SECURITY, secure=True).status_code == 302
    assert api.get("/me").status_code == 200
    assert (opens(eve, PASSWORD), opens(eve, NEW)) == (False, True)
    assert ("account.set-password", eve.login) in actions(eve)


def test_fresh_browser_names_the_old_password_as_well(eve: Account) -> None:
    api = browser(eve)
    for given in ({}, {"password": "wrong"}):
        problem(
            api.send("PUT", "/me/password", {**given, "new_password": NEW}), 403, "proof-wanted"
        )
    assert opens(eve, PASSWORD)


def test_password_is_changed_by_a_program_that_knows_it(eve: Account, program: Api) -> None:
    epoch = eve.credential_epoch
    assert program.send("PUT", "/me/password", {**PROOF, "new_password": NEW}).status_code == 204
    eve.refresh_from_db()
    assert eve.credential_epoch > epoch
    assert opens(eve, NEW)


def test_second_factor_is_set_up_and_taken_away(eve: Account, program: Api, phone: Phone) -> None:
    principal = session_of(eve)
    answer = program.post("/me/second-factor", PROOF)
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    phone.secret = answer.json()["secret"]
    assert phone.secret in answer.json()["uri"]
    assert not program.get("/me/second-factor").json()["is_on"]
    confirm = "/me/second-factor/confirmation"
    problem(program.post(confirm, {**PROOF, "code": "000000"}), 422, "invalid")
    assert auth.is_principal_current(principal)
    answer = program.post(confirm, {**PROOF, "code": phone.code()})
    codes = answer.json()["recovery_codes"]
    assert (answer.status_code, len(codes)) == (201, 10)
    assert not auth.is_principal_current(principal)
    assert not opens(eve, PASSWORD)
    assert program.get("/me/second-factor").json()["recovery_codes"] == 10
    phone.wait()
    both = {**PROOF, "code": phone.code()}
    problem(program.post("/me/second-factor", both), 409, "conflict")
    problem(program.post(confirm, both), 404, "not-found")
    answer = program.post("/me/second-factor/removal", {**PROOF, "code": codes[0]})
    assert answer.json()["is_on"] is False
    assert opens(eve, PASSWORD)
    problem(program.post("/me/second-factor/removal", both), 404, "not-found")
    problem(program.post("/me/recovery-codes", both), 404, "not-found")


def test_recovery_codes_are_counted_and_renewed(
    eve: Account, program: Api, recovery_codes: list[str]
) -> None:
    assert program.get("/me/recovery-codes").json() == {"left": 10}
    answer = program.post("/me/recovery-codes", {**PROOF, "code": recovery_codes[0]})
    new = answer.json()["recovery_codes"]
    assert (len(new), set(new) & set(recovery_codes)) == (10, set())
    old = {**PROOF, "code": recovery_codes[1]}
    problem(program.post("/me/recovery-codes", old), 403, "proof-wanted")
    assert ("account.renew-recovery-codes", eve.login) in actions(eve)


def test_app_password_is_made_listed_and_revoked(eve: Account, program: Api) -> None:
    body = {"label": "Tablet", "scopes": ["imap", "smtp"]}
    answer = program.post("/me/app-passwords", {**body, **PROOF})
    made = answer.json()
    assert opens(eve, made["password"])
    held = program.get(answer["Location"])
    assert held.json() == {name: made[name] for name in made if name != "password"}
    page = program.get("/me/app-passwords").json()
    assert page["items"] == [held.json()]
    assert program.get(f"/me/app-passwords?since={page['state']}").json()["items"] == []
    principal = auth.authenticate(eve.login, made["password"], protocol="imap", network=NETWORK)
    problem(program.delete(answer["Location"]), 428, "condition-required")
    assert program.delete(answer["Location"], If_Match=made["etag"]).status_code == 204
    assert not auth.is_principal_current(principal)
    assert not opens(eve, made["password"])
    problem(program.delete(answer["Location"], If_Match="*"), 404, "not-found")
    problem(program.get(f"/me/app-passwords?since={page['state']}"), 410, "state-expired")


def test_browser_stays_signed_in_when_it_revokes(eve: Account) -> None:
    api = browser(eve)
    made = api.post("/me/app-passwords", {"label": "Tablet", "scopes": ["imap"]})
    assert made.status_code == 201, made.content
    assert api.delete(made["Location"], If_Match="*").status_code == 204
    assert api.get("/me").status_code == 200


def test_browsers_are_listed_and_signed_out(eve: Account, program: Api) -> None:
    api, other = browser(eve), sign_in(eve)
    page = api.get("/me/sessions").json()
    assert [held["is_current"] for held in page["items"]] == [False, True]
    assert not any(held["is_current"] for held in program.get("/me/sessions").json()["items"])
    one = f"/me/sessions/{page['items'][0]['id']}"
    assert api.get(one).json() == page["items"][0]
    assert api.delete(one, If_Match=page["items"][0]["etag"]).status_code == 204
    assert other.get(SECURITY, secure=True).status_code == 302
    assert api.get("/me").status_code == 200
    problem(api.delete(one, If_Match="*"), 404, "not-found")
    assert actions(eve)[0] == ("account.end-session", eve.login)


def test_nobody_signs_the_browser_of_another_out(eve: Account, program: Api) -> None:
    zoe = create("zoe@example.test", password=PASSWORD)
    sign_in(zoe)
    (theirs,) = sessions.list_browsers(zoe.pk)
    problem(program.delete(f"/me/sessions/{theirs.id}", If_Match="*"), 404, "not-found")
    assert sessions.list_browsers(zoe.pk)


def test_signing_out_everywhere_ends_all(eve: Account) -> None:
    principal, other, api = session_of(eve), sign_in(eve), browser(eve)
    assert api.delete("/me/sessions").status_code == 204
    assert not auth.is_principal_current(principal)
    assert other.get(SECURITY, secure=True).status_code == 302
    assert api.get("/me").status_code == 401
    assert sessions.list_browsers(eve.pk) == []


def secrets_of(answer: Any) -> list[str]:
    told = answer.json()
    found = [told[name] for name in ("secret", "uri", "password") if name in told]
    return [*found, *told.get("recovery_codes", [])]


def test_no_secret_is_kept_logged_or_told_twice(eve: Account, program: Api, phone: Phone) -> None:
    set_password(eve.login, PASSWORD)
    told: list[str] = [PASSWORD]

    def ask(path: str, body: dict[str, Any]) -> Any:
        first = program.post(path, {**PROOF, **body}, Idempotency_Key=path)
        assert first.status_code == 201, first.content
        again = program.post(path, {**PROOF, **body}, Idempotency_Key=path)
        problem(again, 409, "told-once")
        assert not any(text in again.content.decode() for text in secrets_of(first))
        told.extend(secrets_of(first))
        return first.json()

    with logged() as lines:
        phone.secret = ask("/me/second-factor", {})["secret"]
        codes = ask("/me/second-factor/confirmation", {"code": phone.code()})["recovery_codes"]
        ask("/me/app-passwords", {"label": "x", "scopes": ["imap"], "code": codes[0]})
        ask("/me/recovery-codes", {"code": codes[1]})
    assert len(told) == 1 + 2 + 10 + 1 + 10
    kept, log = everything_kept(), str(lines)
    assert eve.login.encode() in kept
    for text in told:
        bare = text.replace("-", "")
        assert text.encode() not in kept
        assert bare.encode() not in kept
        assert text not in log
    rows = IdempotencyKey.objects.all()
    assert len(rows) == 4
    for row in rows:
        answer = unseal(bytes(row.answer or b""), f"idempotency {eve.pk}")
        assert not any(text in answer for text in told)
    assert factors.describe(eve.pk).recovery_codes == 10
