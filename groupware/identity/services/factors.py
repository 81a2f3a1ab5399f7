"""The second factor: one-time codes (TOTP, RFC 6238), and the recovery codes for its loss.

A code is taken once. Wrong ones are counted by (account, network) as passwords are, and for the
account from everywhere as well: whoever asks for a code has proven the password already, and six
digits do not outlast guesses from ten thousand networks. Recovery codes do, so that the account's
own wait never keeps its owner out.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import pyotp
from django.conf import settings

from groupware.core import audit, auth, db, devices, limits, sealing, throttle
from groupware.core.clock import epoch, now
from groupware.core.errors import AlreadyExists, AuthenticationFailed, Invalid, NotFound, Throttled
from groupware.core.models import Account
from groupware.core.networks import network_of
from groupware.identity.models import RecoveryCode, SecondFactor

RECOVERY_CODES = 10
STEP_SECONDS = 30
DRIFT = 1
"""Steps by which the clock of a telephone may be wrong either way (RFC 6238 §5.2)."""
DIGITS = 6
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_RECOVERY_LENGTH = 16
_PURPOSE = "second factor of account {}"
_WRONG = "The code is wrong, was used before, or is too old: enter the one that is shown now."
_EVERYWHERE = ""
_mac_key = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person's authenticator is told: the secret, and the same as an otpauth: URI."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class FactorState:
    """Whether an account has a second factor, since when, and how many recovery codes are left."""

    is_on: bool
    since: datetime | None
    recovery_codes: int


def describe(account_id: int) -> FactorState:
    """Return how the second factor of an account stands."""
    held = SecondFactor.objects.filter(account_id=account_id).first()
    since = held.confirmed_at if held is not None else None
    left = RecoveryCode.objects.filter(account_id=account_id, used_at=None).count()
    return FactorState(since is not None, since, left)


def begin_enrolment(account_id: int) -> Enrolment:
    """Make a new secret, which counts once a code of it is confirmed.

    Raises `AlreadyExists` where one counts: it must be taken away first.
    """
    secret = pyotp.random_base32()
    with db.write_transaction():
        account = Account.objects.select_for_update().get(pk=account_id)
        if account.second_factor:
            raise AlreadyExists("There is a second factor: take it away before you set up another.")
        SecondFactor.objects.update_or_create(
            account=account,
            defaults={
                "sealed_secret": sealing.seal(secret, _PURPOSE.format(account_id)),
                "created_at": now(),
                "confirmed_at": None,
                "last_step": 0,
            },
        )
    return _enrolment(account.login, secret)


def get_enrolment(account_id: int) -> Enrolment:
    """Return the secret that waits for its first code; raises `NotFound`."""
    held = SecondFactor.objects.select_related("account").filter(
        account_id=account_id, confirmed_at=None
    )
    if (row := held.first()) is None:
        raise NotFound("No second factor is being set up: begin anew.")
    return _enrolment(row.account.login, _secret_of(row))


def confirm_enrolment(account_id: int, code: str) -> list[str]:
    """Let the second factor count, and return the recovery codes, which are never shown again.

    Every live session of the account ends: it was opened by a password alone.
    """
    with audit.change():
        account = Account.objects.select_for_update().get(pk=account_id)
        held = SecondFactor.objects.filter(account=account, confirmed_at=None).first()
        if held is None:
            raise NotFound("No second factor is being set up: begin anew.")
        step = _matching_step(held, code)
        if step is None:
            raise Invalid(_WRONG)
        held.confirmed_at = now()
        held.last_step = step
        held.save(update_fields=["confirmed_at", "last_step"])
        Account.objects.filter(pk=account_id).update(second_factor=True)
        codes = _make_recovery_codes(account_id)
        auth.end_sessions(account_id)
        audit.record("account.set-second-factor", account)
    return codes


def check_code(account_id: int, code: str, *, network: str) -> None:
    """Take a one-time code or a recovery code, once; raises `AuthenticationFailed`, `Throttled`."""
    given = "".join(code.split()).replace("-", "").lower()
    block = network_of(network)
    with db.write_transaction():
        account = Account.objects.select_for_update().get(pk=account_id)
        name = throttle.name_for_codes(account.login)
        failure = _take(account_id, given, name, block)
        if failure is None:
            throttle.forgive(name, block)
            throttle.forgive(name, _EVERYWHERE)
        elif not isinstance(failure, Throttled):
            # The same guess in another step is another: what it has to meet is a new code.
            guess = f"{epoch() // STEP_SECONDS}:{given}".encode("utf-8", "replace")
            mac = hmac.digest(_mac_key, guess, "sha256")[:16]
            throttle.count_failure(name, block, mac)
            throttle.count_failure(name, _EVERYWHERE, mac)
    # After the commit: what is raised inside would take back that it was counted.
    if failure is not None:
        devices.note_failure(account.login, auth.WEB, throttled=isinstance(failure, Throttled))
        raise failure


def _take(account_id: int, given: str, name: str, block: str) -> AuthenticationFailed | None:
    """Return why the code is not taken, under the account's lock."""
    is_recovery = len(given) == _RECOVERY_LENGTH
    try:
        throttle.check(name, block)
        if not is_recovery:
            throttle.check(name, _EVERYWHERE, free=limits.SECOND_FACTOR_FAILURES.value)
    except Throttled as error:
        return error
    taken = _take_recovery(account_id, given) if is_recovery else _take_step(account_id, given)
    return None if taken else AuthenticationFailed(_WRONG)


def _take_step(account_id: int, given: str) -> bool:
    held = SecondFactor.objects.filter(account_id=account_id).exclude(confirmed_at=None).first()
    if held is None or (step := _matching_step(held, given)) is None:
        return False
    fresh = SecondFactor.objects.filter(pk=held.pk, last_step__lt=step)
    return fresh.update(last_step=step) == 1


def _take_recovery(account_id: int, given: str) -> bool:
    unused = RecoveryCode.objects.filter(
        account_id=account_id, sha256=_digest(given), used_at=None, account__second_factor=True
    )
    return unused.update(used_at=now()) == 1


def renew_recovery_codes(account_id: int) -> list[str]:
    """Replace the recovery codes, and return the new ones, which are never shown again."""
    with audit.change():
        account = Account.objects.select_for_update().get(pk=account_id)
        if not account.second_factor:
            raise NotFound("There is no second factor, so there is nothing to recover from.")
        codes = _make_recovery_codes(account_id)
        audit.record("account.renew-recovery-codes", account)
    return codes


def remove(account_id: int) -> None:
    """Take the second factor away, in its owner's name; raises `NotFound`. Every session ends.

    Whoever calls this has seen a code of it. An admin's way is `groupware.core.factors.reset`.
    """
    with audit.change():
        account = Account.objects.select_for_update().get(pk=account_id)
        if not account.second_factor:
            raise NotFound("There is no second factor.")
        forget(account_id)
        Account.objects.filter(pk=account_id).update(second_factor=False)
        auth.end_sessions(account_id)
        audit.record("account.remove-second-factor", account)


def forget(account_id: int) -> None:
    """Delete what makes up a second factor, in the caller's transaction."""
    SecondFactor.objects.filter(account_id=account_id).delete()
    RecoveryCode.objects.filter(account_id=account_id).delete()


def _enrolment(login: str, secret: str) -> Enrolment:
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    return Enrolment(
        secret, totp.provisioning_uri(name=login, issuer_name=settings.GROUPWARE_DOMAIN)
    )


def _secret_of(held: SecondFactor) -> str:
    return sealing.unseal(bytes(held.sealed_secret), _PURPOSE.format(held.account_id))


def _matching_step(held: SecondFactor, given: str) -> int | None:
    """Return the step whose code it is and that is not used yet; every step is compared."""
    text = "".join(given.split()).encode("utf-8", "replace")
    totp = pyotp.HOTP(_secret_of(held), digits=DIGITS)
    present = epoch() // STEP_SECONDS
    matching = [
        step
        for step in range(present - DRIFT, present + DRIFT + 1)
        if hmac.compare_digest(totp.at(step).encode(), text)
    ]
    return next((step for step in matching if step > held.last_step), None)


def _make_recovery_codes(account_id: int) -> list[str]:
    RecoveryCode.objects.filter(account_id=account_id).delete()
    bare = [
        "".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(account_id=account_id, sha256=_digest(code)) for code in bare
    )
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in bare]


def _digest(bare: str) -> bytes:
    return sha256(bare.encode("utf-8", "replace")).digest()
