"""Mail and logins of two weeks by the hour, quotas, and a second domain."""

import random

from groupware.core import directory
from groupware.core.directory import NewAccount
from groupware.core.models import Account, Domain, LoginHour
from mail.models import Direction, TrafficHour
from tests.pictures.shots import DOMAIN
from tests.services.store import append, prepared

DAYS, DAY, HOUR = 14, 86_400, 3_600
HOURS = range(7, 19)
SECOND = "tern-rental.example"
LARGE = 24 << 20
SPACE = {
    f"lea@{DOMAIN}": (58, 2),
    f"jonas@{DOMAIN}": (30, 5),
    f"office@{DOMAIN}": (40, 1),
    f"ada@{DOMAIN}": (21, 5),
    f"marta@{DOMAIN}": (12, 2),
    f"yuki@{DOMAIN}": (7, 5),
    f"booking@{SECOND}": (24, 2),
}
"""How many large messages, and how many gigabytes it may have."""
PROTOCOLS = {"imap": 30, "dav": 18, "smtp": 6, "pop3": 4, "web": 2}
"""Logins of a busy hour."""


def second_domain() -> None:
    """Make a domain beside the team's, so that there is something to compare."""
    directory.create_domain(SECOND)
    directory.create_account(NewAccount(f"booking@{SECOND}", "Rentals", "shared"))


def space() -> None:
    """Fill accounts to different degrees, with one message of which the store keeps one copy."""
    found = prepared(size=LARGE, subject="Drawings of the mast")
    for login, (many, gigabytes) in SPACE.items():
        account = Account.objects.get(login=login)
        for _ in range(many):
            append(account, "Archive", data=found)
        directory.set_quota(login, gigabytes << 30)


def weeks(chance: random.Random, now: int) -> None:
    """Write what came, what went and who signed in, with quiet week-ends and one bad day."""
    domain_id = Domain.objects.get(name=DOMAIN).pk
    first = now // DAY * DAY - (DAYS - 1) * DAY
    for number in range(DAYS):
        day = first + number * DAY
        # The epoch began on a Thursday.
        pace = 0.2 if (day // DAY + 3) % 7 >= 5 else 1.0
        is_bad = number == DAYS - 5
        for hour in HOURS:
            at = day + hour * HOUR
            if at <= now:
                _mail(chance, domain_id, at, pace, is_bad)
                _logins(chance, domain_id, at, pace, is_bad)


def _mail(chance: random.Random, domain_id: int, at: int, pace: float, is_bad: bool) -> None:
    into, out = round(pace * chance.uniform(8, 22)), round(pace * chance.uniform(3, 10))
    failed = round(chance.uniform(3, 6)) if is_bad else int(chance.random() < 0.15)
    rows = (Direction.IN, into, failed), (Direction.OUT, out, 0)
    TrafficHour.objects.bulk_create(
        TrafficHour(
            hour=at // HOUR,
            domain_id=domain_id,
            direction=direction,
            messages=messages,
            octets=messages * 48_000,
            failed=refused,
        )
        for direction, messages, refused in rows
    )


def _logins(chance: random.Random, domain_id: int, at: int, pace: float, is_bad: bool) -> None:
    LoginHour.objects.bulk_create(
        LoginHour(
            hour=at,
            domain_id=domain_id,
            protocol=protocol,
            succeeded=round(pace * many * chance.uniform(0.6, 1.2)),
            failed=round(many * chance.uniform(0.5, 1.0)) if is_bad and protocol == "imap" else 0,
        )
        for protocol, many in PROTOCOLS.items()
    )
