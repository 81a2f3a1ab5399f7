"""Failed attempts to prove who one is: by what is guessed and from which network.

The account itself is never locked; each next failure of one (name, network) has to wait longer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from groupware.core import audit, db, limits
from groupware.core.clock import now
from groupware.core.directory.lookups import directory_change, get_account
from groupware.core.errors import Busy, DiskReserve, Throttled
from groupware.core.models import LoginThrottle

MAX_WAIT = timedelta(minutes=15)

_log = structlog.get_logger("groupware.auth")


def check(name: str, network: str, *, free: int | None = None) -> None:
    """Raise `Throttled` while the next attempt has to wait; `free` failures have not to."""
    held = LoginThrottle.objects.filter(login=name, network=network).first()
    allowed = limits.FREE_FAILURES.value if free is None else free
    if held is None or held.failures < allowed:
        return
    wait = min(timedelta(seconds=2 ** min(held.failures - allowed, 10)), MAX_WAIT)
    if now() < held.last_failure_at + wait:
        raise Throttled("Too many failed logins from this network: wait a few minutes.")


def count_failure(name: str, network: str, secret_mac: bytes) -> None:
    """Count a failure; the same stale secret again counts once."""
    with db.write_transaction():
        held, made = LoginThrottle.objects.select_for_update().get_or_create(
            login=name,
            network=network,
            defaults={"failures": 1, "last_secret_mac": secret_mac, "last_failure_at": now()},
        )
        if not made and bytes(held.last_secret_mac) != secret_mac:
            held.failures += 1
            held.last_secret_mac = secret_mac
            held.last_failure_at = now()
            held.save()


def forgive(name: str, network: str) -> None:
    """Forget the failures; where that cannot be written now, the session opens all the same."""
    failures = LoginThrottle.objects.filter(login=name, network=network)
    if failures.exists():
        try:
            with db.write_transaction():
                failures.delete()
        except (Busy, DiskReserve) as error:
            _log.warning("failed logins not forgotten", reason=error.detail)


@dataclass(frozen=True, slots=True)
class FailedLogins:
    """Failures of one account from one network, in a row."""

    kind: str
    network: str
    failures: int
    last_failure_at: datetime


def list_failed(login: str) -> list[FailedLogins]:
    """Return the failures of an account, those with the most first."""
    kinds = {login: "password", name_for_codes(login): "second-factor"}
    with db.read_snapshot():
        held = LoginThrottle.objects.filter(login__in=kinds).order_by("-failures", "network")
        rows = held.values_list("login", "network", "failures", "last_failure_at")
        return [
            FailedLogins(kinds[name], network, failures, last)
            for name, network, failures, last in rows
        ]


def name_for_codes(login: str) -> str:
    """Return the name under which wrong codes of an account's second factor are counted."""
    return f"code:{login}"[:320]


def unlock(address: str) -> int:
    """Forget the failures of an account, from wherever; return from how many networks."""
    with directory_change():
        account = get_account(address)
        names = [account.login, name_for_codes(account.login)]
        gone, _ = LoginThrottle.objects.filter(login__in=names).delete()
        audit.record("account.unlock", account, networks=gone)
    return gone
