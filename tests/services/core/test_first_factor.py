"""The password as the first of two factors, and whoever else knows passwords."""

from collections.abc import Iterator

import pytest

from groupware.core import auth, limits
from groupware.core.directory import set_active
from groupware.core.errors import AuthenticationFailed, Throttled
from groupware.core.models import Account, Domain
from tests.conftest import SetLimit
from tests.services.store import PASSWORD, create

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]
NETWORK = "192.0.2.1"


@pytest.fixture(autouse=True)
def _as_at_the_start(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    auth._cache.clear()
    monkeypatch.setattr(auth, "_verifiers", [])
    yield
    auth._cache.clear()


@pytest.fixture
def eve(domain: Domain) -> Account:
    return create("eve@example.test", password=PASSWORD)


def proves(password: str, login: str = "eve@example.test") -> bool:
    try:
        return auth.prove_password(login, password, network=NETWORK).login == "eve@example.test"
    except AuthenticationFailed:
        return False


def opens(password: str) -> bool:
    try:
        auth.authenticate("eve@example.test", password, protocol="imap", network=NETWORK)
    except AuthenticationFailed:
        return False
    return True


def test_password_is_proven_whether_or_not_there_is_a_second_factor(eve: Account) -> None:
    assert proves(PASSWORD)
    assert not proves("wrong password")
    Account.objects.update(second_factor=True)
    assert proves(PASSWORD)
    assert not opens(PASSWORD)


def test_app_password_is_no_first_factor(eve: Account) -> None:
    app_password = auth.create_app_password(eve.pk, "phone", frozenset({"imap", "api"}))
    assert opens(app_password)
    assert not proves(app_password)


def test_disabled_account_has_no_first_factor(eve: Account) -> None:
    set_active(eve.login, active=False)
    assert not proves(PASSWORD)


def test_guesses_at_the_first_factor_count_with_those_at_protocols(
    eve: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.FREE_FAILURES, 2)
    assert not opens("first guess")
    assert not proves("second guess")
    with pytest.raises(Throttled):
        auth.prove_password(eve.login, PASSWORD, network=NETWORK)
    assert not opens(PASSWORD)


def test_verifier_is_asked_before_the_password_that_is_kept(eve: Account) -> None:
    verdicts: dict[str, bool | None] = {"elsewhere": True, PASSWORD: False}
    auth.register_password_verifier(lambda _account, password: verdicts.get(password))
    assert opens("elsewhere")
    assert proves("elsewhere")
    assert not opens(PASSWORD)
    verdicts[PASSWORD] = None
    assert opens(PASSWORD)


def test_verifier_is_not_asked_about_who_cannot_log_in(eve: Account) -> None:
    asked: list[str] = []

    def verify(account: Account, _password: str) -> bool:
        asked.append(account.login)
        return True

    auth.register_password_verifier(verify)
    set_active(eve.login, active=False)
    assert not proves(PASSWORD)
    assert not proves(PASSWORD, "nobody@example.test")
    assert asked == []


def test_second_factor_is_asked_of_whom_a_verifier_knows_too(eve: Account) -> None:
    auth.register_password_verifier(lambda _account, _password: True)
    Account.objects.update(second_factor=True)
    assert not opens("anything")
