"""What opens an account is done over REST for who proves anew who he is, and for nobody else."""

from collections.abc import Iterator
from typing import Any

import pytest

from groupware.core import auth, clock, limits
from groupware.core.models import Account
from groupware.identity.models import SecondFactor
from groupware.identity.services import factors, sessions
from tests.api.speaking import Api, problem
from tests.conftest import SetLimit
from tests.services.identity.phones import Phone
from tests.services.identity.programs import browser, sign_in, token
from tests.services.store import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]
NEW = "another password"
Asked = tuple[str, str, dict[str, Any]]
OPENING: dict[str, Asked] = {
    "change_password": ("PUT", "/me/password", {"new_password": NEW}),
    "begin_second_factor": ("POST", "/me/second-factor", {}),
    "confirm_second_factor": ("POST", "/me/second-factor/confirmation", {"code": "123456"}),
    "create_app_password": ("POST", "/me/app-passwords", {"label": "x", "scopes": ["imap"]}),
}
WITH_FACTOR: dict[str, Asked] = {
    "change_password": OPENING["change_password"],
    "create_app_password": OPENING["create_app_password"],
    "remove_second_factor": ("POST", "/me/second-factor/removal", {}),
    "renew_recovery_codes": ("POST", "/me/recovery-codes", {}),
}


@pytest.fixture
def program(eve: Account) -> Iterator[Api]:
    with token(eve) as api:
        yield api


def ask(api: Api, asked: Asked, **proof: str) -> Any:
    method, path, body = asked
    return api.send(method, path, {**body, **proof})


def state_of(account: Account) -> tuple[Any, ...]:
    """Return what opens the account."""
    account.refresh_from_db()
    held = [each.public_id for each in auth.list_app_passwords(account.pk) if each.label == "x"]
    return account.check_password(PASSWORD), account.second_factor, held


@pytest.mark.parametrize("asked", OPENING.values(), ids=OPENING)
def test_a_token_or_an_app_password_alone_opens_nothing(
    eve: Account, program: Api, asked: Asked
) -> None:
    before = state_of(eve)
    for api in (program, Api(eve)):
        told = problem(ask(api, asked), 403, "proof-wanted")
        assert "`password`" in told["detail"]
        assert "browser" in told["detail"]
    assert state_of(eve) == before
    assert not SecondFactor.objects.exists()


@pytest.mark.parametrize("asked", OPENING.values(), ids=OPENING)
def test_app_password_is_no_password(eve: Account, asked: Asked) -> None:
    made = auth.create_app_password(eve.pk, "Program", frozenset(auth.SCOPES))
    before = state_of(eve)
    told = problem(ask(Api(eve), asked, password=made), 403, "proof-wanted")
    assert made not in told["detail"]
    assert state_of(eve) == before


@pytest.mark.parametrize("asked", OPENING.values(), ids=OPENING)
def test_wrong_passwords_are_counted_as_at_the_door(
    eve: Account, program: Api, asked: Asked, set_limit: SetLimit
) -> None:
    set_limit(limits.FREE_FAILURES, 2)
    for guess in ("one", "two"):
        problem(ask(program, asked, password=guess), 403, "proof-wanted")
    refused = ask(program, asked, password=PASSWORD)
    problem(refused, 429, "too-many-requests")
    assert int(refused["Retry-After"]) > 0
    assert state_of(eve) == (True, False, [])


@pytest.mark.parametrize("asked", OPENING.values(), ids=OPENING)
def test_browser_that_signed_in_long_ago_proves_it_anew(
    eve: Account, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = browser(eve)
    later = clock.epoch() + limits.REAUTHENTICATION.value + 1
    monkeypatch.setattr(sessions, "epoch", lambda: later)
    problem(ask(api, asked), 403, "proof-wanted")
    assert ask(api, asked, password=PASSWORD).status_code in {201, 204, 404}


@pytest.mark.parametrize("asked", OPENING.values(), ids=OPENING)
def test_cookie_beside_a_token_proves_nothing(eve: Account, program: Api, asked: Asked) -> None:
    program.client = sign_in(eve)
    problem(ask(program, asked), 403, "proof-wanted")


@pytest.mark.parametrize("asked", WITH_FACTOR.values(), ids=WITH_FACTOR)
@pytest.mark.usefixtures("recovery_codes")
def test_password_without_a_code_opens_nothing_where_a_second_factor_is_on(
    eve: Account, program: Api, phone: Phone, asked: Asked
) -> None:
    before = factors.describe(eve.pk)
    for code in ("", "000000", phone.code(-9)):
        problem(ask(program, asked, password=PASSWORD, code=code), 403, "proof-wanted")
    problem(ask(program, asked, code=phone.code()), 403, "proof-wanted")
    assert (factors.describe(eve.pk), state_of(eve)) == (before, (True, True, []))


@pytest.mark.parametrize("asked", WITH_FACTOR.values(), ids=WITH_FACTOR)
@pytest.mark.usefixtures("recovery_codes")
def test_both_factors_open_it_once(eve: Account, program: Api, phone: Phone, asked: Asked) -> None:
    code = phone.code()
    assert ask(program, asked, password=PASSWORD, code=code).status_code < 300
    again = ask(program, asked, password=PASSWORD, code=code)
    assert again.status_code in {403, 404}, again.content


@pytest.mark.usefixtures("recovery_codes")
def test_missing_code_is_told_before_a_password_is_looked_at(program: Api) -> None:
    told = {
        problem(ask(program, OPENING["create_app_password"], password=given), 403, "proof-wanted")[
            "detail"
        ]
        for given in (PASSWORD, "wrong")
    }
    assert len(told) == 1


@pytest.mark.usefixtures("recovery_codes")
def test_fresh_browser_takes_the_factor_away_for_one_more_code(eve: Account, phone: Phone) -> None:
    api = browser(eve, phone.code())
    removal = WITH_FACTOR["remove_second_factor"]
    problem(ask(api, removal), 403, "proof-wanted")
    problem(ask(api, removal, code="000000"), 403, "proof-wanted")
    assert factors.describe(eve.pk).is_on
    phone.wait()
    answer = ask(api, removal, code=phone.code())
    assert answer.json() == {"is_on": False, "since": None, "recovery_codes": 0}
    assert not factors.describe(eve.pk).is_on


def test_what_cannot_be_is_told_before_a_code_is_used_up(
    eve: Account, program: Api, recovery_codes: list[str]
) -> None:
    proof = {"password": PASSWORD, "code": recovery_codes[0]}
    asked: Asked = ("POST", "/me/app-passwords", {"label": "a\u2028b", "scopes": ["imap"]})
    problem(ask(program, asked, **proof), 422, "invalid")
    problem(ask(program, ("PUT", "/me/password", {"new_password": "x"}), **proof), 422, "invalid")
    assert factors.describe(eve.pk).recovery_codes == len(recovery_codes)
