"""The second factor: codes are taken once, guesses are slow, recovery codes open when all is lost."""

from datetime import timedelta

import pyotp
import pytest

from groupware.core import audit, auth, limits, throttle
from groupware.core import factors as core_factors
from groupware.core.clock import now
from groupware.core.errors import (
    AlreadyExists,
    AuthenticationFailed,
    Invalid,
    NotFound,
    Throttled,
)
from groupware.core.models import Account
from groupware.identity.models import RecoveryCode, SecondFactor
from groupware.identity.services import factors
from tests.conftest import SetLimit
from tests.services.identity.phones import NETWORK, Phone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]


def takes(account: Account, code: str, network: str = NETWORK) -> bool:
    try:
        factors.check_code(account.pk, code, network=network)
    except AuthenticationFailed:
        return False
    return True


def test_secret_counts_once_its_first_code_is_confirmed(eve: Account, phone: Phone) -> None:
    phone.secret = factors.begin_enrolment(eve.pk).secret
    eve.refresh_from_db()
    assert not eve.second_factor
    assert not factors.describe(eve.pk).is_on
    with pytest.raises(Invalid, match="code is wrong"):
        factors.confirm_enrolment(eve.pk, "000000" if phone.code() != "000000" else "111111")
    codes = factors.confirm_enrolment(eve.pk, phone.code())
    assert Account.objects.get(pk=eve.pk).second_factor
    assert factors.describe(eve.pk).recovery_codes == len(codes) == 10


def test_uri_names_the_account_and_the_installation(eve: Account) -> None:
    enrolment = factors.begin_enrolment(eve.pk)
    parsed = pyotp.parse_uri(enrolment.uri)
    assert (parsed.name, parsed.issuer) == ("eve@example.test", "example.test")
    assert parsed.secret == enrolment.secret == factors.get_enrolment(eve.pk).secret


def test_confirming_ends_every_session(eve: Account, phone: Phone) -> None:
    epoch = eve.credential_epoch
    phone.secret = factors.begin_enrolment(eve.pk).secret
    assert auth.is_current(eve.pk, epoch)
    factors.confirm_enrolment(eve.pk, phone.code())
    assert not auth.is_current(eve.pk, epoch)


def test_code_that_confirmed_opens_nothing_more(eve: Account, phone: Phone) -> None:
    phone.secret = factors.begin_enrolment(eve.pk).secret
    factors.confirm_enrolment(eve.pk, phone.code())
    assert not takes(eve, phone.code())
    phone.wait()
    assert takes(eve, phone.code())


@pytest.mark.usefixtures("recovery_codes")
def test_code_is_taken_once(eve: Account, phone: Phone) -> None:
    assert takes(eve, phone.code())
    assert not takes(eve, phone.code())
    assert not takes(eve, phone.code(-1))


@pytest.mark.usefixtures("recovery_codes")
@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_clock_of_a_telephone_may_be_a_step_wrong(
    eve: Account, phone: Phone, steps: int, taken: bool
) -> None:
    assert takes(eve, phone.code(steps)) is taken


@pytest.mark.usefixtures("recovery_codes")
def test_code_may_be_written_in_groups(eve: Account, phone: Phone) -> None:
    code = phone.code()
    assert takes(eve, f" {code[:3]} {code[3:]}\n")


@pytest.mark.usefixtures("recovery_codes")
@pytest.mark.parametrize("code", ["", "abcdef", "١٢٣٤٥٦", "\ud800", "\0", "1" * 10_000])
def test_what_is_no_code_is_a_wrong_one(eve: Account, code: str) -> None:
    assert not takes(eve, code)


def test_recovery_code_opens_once(eve: Account, recovery_codes: list[str]) -> None:
    assert takes(eve, recovery_codes[0])
    assert not takes(eve, recovery_codes[0])
    assert takes(eve, recovery_codes[1].replace("-", " ").upper())
    assert factors.describe(eve.pk).recovery_codes == 8


def test_recovery_code_of_another_opens_nothing(
    eve: Account, recovery_codes: list[str], ann: Account
) -> None:
    assert not takes(ann, recovery_codes[0])
    assert takes(eve, recovery_codes[0])


def test_new_recovery_codes_make_the_old_ones_void(eve: Account, recovery_codes: list[str]) -> None:
    fresh = factors.renew_recovery_codes(eve.pk)
    assert not takes(eve, recovery_codes[0])
    assert takes(eve, fresh[0])


@pytest.mark.usefixtures("recovery_codes")
def test_database_holds_nothing_that_opens(eve: Account, phone: Phone) -> None:
    held = SecondFactor.objects.get(account=eve)
    assert phone.secret.encode() not in bytes(held.sealed_secret)
    assert all(len(bytes(row.sha256)) == 32 for row in RecoveryCode.objects.all())


@pytest.mark.usefixtures("recovery_codes")
def test_second_one_is_set_up_only_after_the_first_is_gone(eve: Account) -> None:
    with pytest.raises(AlreadyExists):
        factors.begin_enrolment(eve.pk)
    factors.remove(eve.pk)
    factors.begin_enrolment(eve.pk)


def test_removing_ends_sessions_and_leaves_nothing(
    eve: Account, recovery_codes: list[str], phone: Phone
) -> None:
    epoch = eve.credential_epoch
    factors.remove(eve.pk)
    eve.refresh_from_db()
    assert not eve.second_factor
    assert not auth.is_current(eve.pk, epoch)
    assert not takes(eve, recovery_codes[0])
    assert not takes(eve, phone.code())
    with pytest.raises(NotFound):
        factors.remove(eve.pk)


def test_without_one_there_is_nothing_to_confirm_or_recover(eve: Account) -> None:
    with pytest.raises(NotFound):
        factors.confirm_enrolment(eve.pk, "123456")
    with pytest.raises(NotFound):
        factors.renew_recovery_codes(eve.pk)
    with pytest.raises(NotFound):
        factors.get_enrolment(eve.pk)


def test_admin_takes_it_away(eve: Account, phone: Phone, recovery_codes: list[str]) -> None:
    core_factors.reset("eve@example.test")
    eve.refresh_from_db()
    assert not eve.second_factor
    assert not factors.describe(eve.pk).is_on
    assert not takes(eve, recovery_codes[0])
    assert not takes(eve, phone.code())


def test_audit_log_says_what_became_of_it(eve: Account, phone: Phone) -> None:
    phone.secret = factors.begin_enrolment(eve.pk).secret
    factors.confirm_enrolment(eve.pk, phone.code())
    factors.renew_recovery_codes(eve.pk)
    factors.remove(eve.pk)
    actions = [entry.action for entry in audit.list_entries(audit.AuditFilter(target_id=eve.pk))]
    assert actions[:3] == [
        "account.remove-second-factor",
        "account.renew-recovery-codes",
        "account.set-second-factor",
    ]


@pytest.mark.usefixtures("recovery_codes")
def test_unlocking_forgets_wrong_codes(eve: Account, phone: Phone, set_limit: SetLimit) -> None:
    set_limit(limits.SECOND_FACTOR_FAILURES, 1)
    assert not takes(eve, "guess")
    assert not takes(eve, phone.code())
    throttle.unlock(eve.login)
    assert takes(eve, phone.code())


@pytest.mark.usefixtures("recovery_codes")
def test_guesses_from_one_network_have_to_wait(
    eve: Account, phone: Phone, set_limit: SetLimit
) -> None:
    set_limit(limits.FREE_FAILURES, 2)
    for guess in ("wrong1", "wrong2"):
        assert not takes(eve, guess)
    with pytest.raises(Throttled):
        factors.check_code(eve.pk, phone.code(), network=NETWORK)
    assert takes(eve, phone.code(), "198.51.100.7")


def test_guesses_from_everywhere_have_to_wait_but_recovery_codes_do_not(
    eve: Account, phone: Phone, recovery_codes: list[str], set_limit: SetLimit
) -> None:
    set_limit(limits.SECOND_FACTOR_FAILURES, 3)
    for number in range(3):
        assert not takes(eve, f"guess{number}", f"198.51.{number}.7")
    with pytest.raises(Throttled):
        factors.check_code(eve.pk, phone.code(), network="203.0.113.9")
    assert takes(eve, recovery_codes[0], "203.0.113.9")
    assert takes(eve, phone.code(), "203.0.113.9")


@pytest.mark.usefixtures("recovery_codes")
def test_same_guess_in_another_step_is_another(
    eve: Account, phone: Phone, set_limit: SetLimit
) -> None:
    set_limit(limits.FREE_FAILURES, 2)
    for _ in range(5):
        assert not takes(eve, "guess")
    phone.wait()
    assert not takes(eve, "guess")
    with pytest.raises(Throttled):
        factors.check_code(eve.pk, phone.code(), network=NETWORK)


@pytest.mark.usefixtures("recovery_codes")
def test_wait_ends(
    eve: Account, phone: Phone, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.SECOND_FACTOR_FAILURES, 1)
    assert not takes(eve, "guess")
    assert not takes(eve, phone.code())
    later = now() + throttle.MAX_WAIT
    monkeypatch.setattr(throttle, "now", lambda: later + timedelta(seconds=1))
    assert takes(eve, phone.code())
