"""How often somebody may ask."""

import pytest

from groupware.core import limits
from groupware.core.models import Account
from groupware.rest import throttling
from groupware.rest.errors import TooManyRequests
from groupware.rest.throttling import Buckets, Failures
from tests.api.speaking import Api, problem
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time that the buckets go by, which a test may move."""
    now = [1000.0]
    monkeypatch.setattr(throttling, "monotonic", lambda: now[0])
    return now


def test_an_account_asks_so_often_and_no_more(api: Api, bens: Api, set_limit: SetLimit) -> None:
    set_limit(limits.API_REQUESTS, 3)
    left = [api.get("/mailboxes")["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    response = api.get("/mailboxes")
    problem(response, 429, "too-many-requests")
    assert 1 <= int(response["Retry-After"]) <= 20
    assert response["RateLimit-Limit"] == "3"
    assert bens.get("/mailboxes").status_code == 200


def test_a_network_that_guesses_has_to_wait(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.API_FAILURES, 2)
    for number in range(2):
        problem(Api(ann, f"Bearer wrong{number}").get("/mailboxes"), 401, "unauthenticated")
    problem(Api(ann).get("/mailboxes"), 429, "too-many-requests")
    problem(Api(None).get("/mailboxes"), 401, "unauthenticated")


def test_a_program_with_an_old_token_shuts_nobody_out(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.API_FAILURES, 2)
    for _ in range(5):
        problem(Api(ann, "Bearer old").get("/mailboxes"), 401, "unauthenticated")
    assert Api(ann).get("/mailboxes").status_code == 200


def test_wrong_credentials_are_remembered_in_bounds(
    set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    monkeypatch.setattr(throttling, "MAX_BUCKETS", 2)
    set_limit(limits.API_FAILURES, 5)
    failures = Failures(Buckets(limits.API_FAILURES, "wait"))
    for credentials in ("a", "b", "a", "c", "a", "b"):
        failures.note("192.0.2.1", credentials)
    failures.check("192.0.2.1")
    failures.note("192.0.2.1", "d")
    with pytest.raises(TooManyRequests):
        failures.check("192.0.2.1")


def test_a_bucket_fills_as_time_goes_by(set_limit: SetLimit, clock: list[float]) -> None:
    set_limit(limits.API_REQUESTS, 60)
    buckets = Buckets(limits.API_REQUESTS, "wait")
    for _ in range(60):
        buckets.take("ann")
    with pytest.raises(TooManyRequests) as refusal:
        buckets.take("ann")
    assert refusal.value.headers["Retry-After"] == "1"
    assert refusal.value.headers["RateLimit-Reset"] == "60"
    clock[0] += 2
    assert buckets.take("ann").remaining == 1
    clock[0] += 1000
    assert buckets.take("ann").remaining == 59


def test_buckets_are_bounded(
    set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    monkeypatch.setattr(throttling, "MAX_BUCKETS", 2)
    set_limit(limits.API_REQUESTS, 10)
    buckets = Buckets(limits.API_REQUESTS, "wait")
    for name in ("a", "b", "a", "c"):
        buckets.take(name)
    assert [buckets.take(name).remaining for name in ("a", "b")] == [7, 9]
