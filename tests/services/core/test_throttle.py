"""Throttling of failed logins: by account and network, and never the account itself."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from threading import Barrier, Event

import pytest

from groupware.core import auth, db, limits, throttle
from groupware.core.clock import now
from groupware.core.errors import AuthenticationFailed, Throttled
from groupware.core.models import Account, Domain, LoginThrottle
from tests.conftest import SetLimit
from tests.services.store import PASSWORD, create
from tests.services.threads import SECONDS, threads

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
FREE = 3


@pytest.fixture(autouse=True)
def _few_free_failures(set_limit: SetLimit) -> Iterator[None]:
    set_limit(limits.FREE_FAILURES, FREE)
    auth._cache.clear()
    yield
    auth._cache.clear()


@pytest.fixture
def eve(domain: Domain) -> Account:
    return create("eve@example.test", password=PASSWORD)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """Return how far the clock is put forward."""
    offset = [timedelta()]
    monkeypatch.setattr(throttle, "now", lambda: now() + offset[0])
    return offset


def attempt(password: str, login: str = "eve@example.test", network: str = HERE) -> str:
    """Return how a login ends."""
    try:
        auth.authenticate(login, password, protocol="imap", network=network)
    except Throttled:
        return "throttled"
    except AuthenticationFailed:
        return "failed"
    return "in"


def fail(times: int, login: str = "eve@example.test", network: str = HERE) -> list[str]:
    return [attempt(f"wrong {number}", login, network) for number in range(times)]


def test_after_the_free_failures_the_network_waits(eve: Account) -> None:
    assert fail(FREE + 2) == ["failed"] * FREE + ["throttled"] * 2
    assert attempt(PASSWORD) == "throttled"


def test_other_networks_and_other_accounts_do_not_wait(eve: Account) -> None:
    create("fay@example.test", password=PASSWORD)
    fail(FREE + 1)
    assert attempt(PASSWORD, network=ELSEWHERE) == "in"
    assert attempt(PASSWORD, "fay@example.test") == "in"


def test_wait_ends_and_grows_with_each_failure(eve: Account, clock: list[timedelta]) -> None:
    fail(FREE)
    for seconds in (1, 2, 4, 8):
        clock[0] += timedelta(seconds=seconds - 0.5)
        assert attempt(f"early {seconds}") == "throttled"
        clock[0] += timedelta(seconds=0.5)
        assert attempt(f"wrong after {seconds}") == "failed"


def test_wait_is_bounded(eve: Account, clock: list[timedelta]) -> None:
    fail(FREE)
    LoginThrottle.objects.update(failures=10_000)
    clock[0] += throttle.MAX_WAIT - timedelta(seconds=1)
    assert attempt(PASSWORD) == "throttled"
    clock[0] += timedelta(seconds=2)
    assert attempt(PASSWORD) == "in"


def test_right_password_forgives(eve: Account, clock: list[timedelta]) -> None:
    fail(FREE - 1)
    assert attempt(PASSWORD) == "in"
    assert not LoginThrottle.objects.exists()
    assert fail(FREE) == ["failed"] * FREE


@pytest.mark.django_db(transaction=True)
def test_right_password_opens_a_session_also_while_nothing_can_be_written(
    eve: Account, set_limit: SetLimit
) -> None:
    assert fail(1) == ["failed"]
    holding, done = Event(), Event()

    def hold() -> None:
        with db.write_transaction():
            LoginThrottle.objects.select_for_update().get()
            holding.set()
            done.wait(SECONDS)

    with threads(1) as start:
        held = start(hold)
        holding.wait(SECONDS)
        set_limit(limits.LOCK_TIMEOUT, 0.1)
        try:
            assert attempt(PASSWORD) == "in"
        finally:
            done.set()
        held.result(SECONDS)
    assert LoginThrottle.objects.exists()


def test_same_stale_password_counts_once(eve: Account) -> None:
    """One old phone does not block the office behind one address."""
    assert {attempt("the old password") for _ in range(FREE * 5)} == {"failed"}
    assert LoginThrottle.objects.get().failures == 1
    auth._cache.clear()
    assert attempt(PASSWORD) == "in"


def test_session_that_is_known_is_not_stopped_by_others_failures(eve: Account) -> None:
    assert attempt(PASSWORD) == "in"
    fail(FREE + 1)
    assert attempt(PASSWORD) == "in"


@pytest.mark.parametrize(
    "spelling", ["EVE@example.test", " eve@example.test", "eve@example.test ", "eve@EXAMPLE.test."]
)
def test_other_spellings_of_a_login_are_no_further_guesses(eve: Account, spelling: str) -> None:
    fail(FREE)
    assert attempt("one more", spelling) == "throttled"


def test_aliases_of_an_account_are_no_further_guesses(eve: Account) -> None:
    from groupware.core.directory import create_address, create_domain

    create_address("evelyn@example.test", ["eve@example.test"])
    create_domain("other.test", alias_of="example.test")
    fail(FREE)
    assert attempt("one more", "evelyn@example.test") == "throttled"
    assert attempt("one more", "eve@other.test") == "throttled"


@pytest.mark.parametrize("login", ["nobody@example.test", "x" * 400 + "@example.test", "n\0body"])
def test_login_that_nobody_has_is_throttled_alike(domain: Domain, login: str) -> None:
    assert fail(FREE + 1, login) == ["failed"] * FREE + ["throttled"]


def test_an_ipv6_network_is_a_64(eve: Account) -> None:
    for number in range(FREE):
        assert attempt(f"wrong {number}", network=f"2001:db8:1:2::{number + 1:x}") == "failed"
    assert attempt(PASSWORD, network="2001:db8:1:2:ffff::9") == "throttled"
    assert attempt(PASSWORD, network="2001:db8:1:3::1") == "in"


@pytest.mark.parametrize("network", ["", "unix socket", "fe80::1%eth0", "x" * 200, "\0"])
def test_network_without_an_address_is_a_network_too(eve: Account, network: str) -> None:
    assert fail(FREE + 1, network=network) == ["failed"] * FREE + ["throttled"]


@pytest.mark.django_db(transaction=True)
def test_failures_at_the_same_moment_are_all_counted(eve: Account) -> None:
    """Several processes prove credentials at once; here threads stand for them."""
    barrier = Barrier(4)

    def fail_at_once(number: int) -> None:
        barrier.wait(SECONDS)
        throttle.count_failure(eve.login, HERE, b"secret %d" % number)

    with threads(4) as start:
        failing = [start(partial(fail_at_once, number)) for number in range(40)]
        for future in failing:
            future.result(SECONDS)
    assert LoginThrottle.objects.get().failures == 40
