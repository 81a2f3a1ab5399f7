"""Requests that are sent again: done once, answered alike."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection

from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.directory import delete_account
from groupware.core.errors import Busy, NotAllowed
from groupware.core.models import Account
from groupware.core.sealing import fingerprint, unseal
from groupware.rest import idempotency
from groupware.rest.models import IdempotencyKey
from mail import queries
from mail.api import mailboxes
from mail.services.mailboxes import create_mailbox
from tests.api.speaking import Api, problem
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db
KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


def create(api: Api, name: str = "Work", key: str = KEY) -> Any:
    return api.post("/mailboxes", {"name": name}, Idempotency_Key=key)


def test_request_that_comes_again_is_answered_as_the_first_time(api: Api, ann: Account) -> None:
    first, second = create(api), create(api)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert [first["ETag"], first["Location"]] == [second["ETag"], second["Location"]]
    assert ("Idempotency-Replayed" in first, second["Idempotency-Replayed"]) == (False, "true")
    problem(create(api, key='"another"'), 409, "conflict")


def test_refusal_is_told_again_too(api: Api) -> None:
    first, second = create(api, "Archive"), create(api, "Archive")
    assert problem(first, 409, "conflict") == problem(second, 409, "conflict")
    assert second["Idempotency-Replayed"] == "true"


def test_key_with_another_request_is_refused(api: Api) -> None:
    create(api)
    problem(create(api, "Other"), 422, "key-reused")


@pytest.mark.parametrize("key", ['"', "a b", '"ä"', '""', '"' + "a" * 256 + '"'])
def test_key_in_no_form_is_refused(api: Api, key: str) -> None:
    problem(create(api, key=key), 400, "bad-request")


def test_keys_are_an_accounts_own_and_may_come_without_quotes(api: Api, bens: Api) -> None:
    assert create(api).status_code == create(bens).status_code == 201
    assert create(api, key=KEY.strip('"'))["Idempotency-Replayed"] == "true"


def test_request_whose_outcome_nobody_knows_is_not_done_again(
    api: Api, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(mailboxes, "write", fail)
        problem(create(api), 500, "internal")
    problem(create(api), 409, "still-at-work")
    assert queries.find_mailbox(ann.pk, "Work") is None


def test_request_that_found_the_server_busy_may_come_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Busy("wait")

    with monkeypatch.context() as patch:
        patch.setattr(mailboxes, "write", fail)
        problem(create(api), 503, "busy")
    assert create(api).status_code == 201


def fail_after_a_write(account: Account, error: Exception) -> Callable[..., None]:
    def write(*_: object) -> None:
        create_mailbox(account.pk, "A part of it")
        raise error

    return write


@pytest.mark.django_db(transaction=True)
def test_request_that_was_stopped_after_a_write_is_not_done_again(
    api: Api, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(mailboxes, "write", fail_after_a_write(ann, Busy("wait")))
        problem(create(api), 503, "busy")
    again = create(api)
    problem(again, 409, "partly-done")
    assert again["Idempotency-Replayed"] == "true"
    assert queries.find_mailbox(ann.pk, "Work") is None
    assert create(api, key='"another"').status_code == 201


@pytest.mark.django_db(transaction=True)
def test_refusal_after_a_write_is_told_again(
    api: Api, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(mailboxes, "write", fail_after_a_write(ann, NotAllowed("no")))
        first = problem(create(api), 403, "not-allowed")
    assert problem(create(api), 403, "not-allowed") == first


def test_answer_with_a_secret_is_told_once_and_kept_nowhere(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes.MailboxList, "tells_secrets", True)
    first = create(api)
    assert (first.status_code, first["Cache-Control"]) == (201, "no-store")
    again = problem(create(api), 409, "told-once")
    assert "Work" not in json.dumps(again)
    held = IdempotencyKey.objects.get()
    kept = unseal(bytes(held.answer or b""), f"idempotency {held.account_id}")
    assert "Work" not in kept
    assert problem(create(api, key='"another"'), 409, "conflict")


def test_request_is_compared_by_what_nobody_computes_from_the_database(api: Api) -> None:
    create(api)
    held = bytes(IdempotencyKey.objects.get().fingerprint)
    body = json.dumps({"name": "Work"}).encode()
    plain = b"POST\0/api/v1/mailboxes\0application/json\0" + body
    assert held == fingerprint(plain)
    assert held != sha256(plain).digest()


def test_other_methods_take_no_key(api: Api) -> None:
    assert api.get("/mailboxes", Idempotency_Key="x").status_code == 200
    assert not IdempotencyKey.objects.exists()


def test_answers_lie_sealed(api: Api) -> None:
    create(api, "Secret Name")
    assert b"Secret Name" not in bytes(IdempotencyKey.objects.get().answer or b"")


def test_keys_of_an_account_are_bounded(api: Api, set_limit: SetLimit) -> None:
    set_limit(limits.API_KEYS, 2)
    for name in ("a", "b"):
        assert create(api, name, f'"{name}"').status_code == 201
    told = problem(create(api, "c", '"c"'), 422, "limit-exceeded")
    assert "2" in told["detail"]
    assert create(api, "a", '"a"').status_code == 201


def test_keys_are_forgotten_when_their_time_is_over(api: Api, set_limit: SetLimit) -> None:
    set_limit(limits.API_KEY_HOURS, 2)
    create(api)
    assert idempotency.forget() == 0
    IdempotencyKey.objects.update(created_at=epoch() - 2 * 3600 - 1)
    assert idempotency.forget() == 1


def test_keys_go_with_their_account(api: Api, ann: Account) -> None:
    create(api)
    delete_account(ann.login)
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_requests_at_once_one_is_done(api: Api, ann: Account) -> None:
    def ask(_: int) -> int:
        try:
            return int(create(api).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(ask, range(8)))
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert [info.name for info in queries.list_mailboxes(ann.pk)].count("Work") == 1
