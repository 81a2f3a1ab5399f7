"""How often somebody may ask: buckets which fill as time goes by, shared by all processes of a server.

One of each account, for what it asks; one of each network, for credentials that open nothing. An
account is never kept out by what others try with its name, and the same wrong credentials count
once, however often they come: one forgotten program does not shut out an office behind one address.
"""

import hmac
from dataclasses import dataclass
from math import isfinite
from typing import Final

from django.conf import settings

from groupware.core import limits
from groupware.core.clock import monotonic
from groupware.core.keys import load_secret
from groupware.core.limit import Limit
from groupware.rest.errors import TooManyRequests
from groupware.rest.slots import Slot, Slots

MINUTE: Final = 60.0
KEY: Final = "throttle_key"


@dataclass(frozen=True, slots=True)
class Left:
    """What a bucket has left after a request: of `limit` each minute, and when it is full again."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """Return the fields that programs know it by."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class Buckets:
    """The buckets of one kind, by whom they are of; each has as much as `limit` says a minute."""

    def __init__(self, limit: Limit, slots: Slots, text: str) -> None:
        self._limit, self._slots, self._text = limit, slots, text

    def take(self, whose: object) -> Left:
        """Take one request out of a bucket; raises `TooManyRequests` where there is none left."""
        return self._slots.change(whose, self._taken)

    def check(self, whose: object) -> None:
        """Raise `TooManyRequests` where a bucket is empty."""
        if (bucket := self._filled(self._slots.find(whose))).left < 1:
            raise self._refusal(bucket)

    def clear(self) -> None:
        """Fill all buckets."""
        self._slots.clear()

    def _taken(self, slot: Slot | None) -> tuple[Slot, Left]:
        bucket = self._filled(slot)
        if bucket.left < 1:
            raise self._refusal(bucket)
        taken = Slot(bucket.left - 1, bucket.at)
        return taken, self._left(taken)

    def _filled(self, slot: Slot | None) -> Slot:
        """Return a bucket as it is now; one that nobody asked of is full."""
        limit, now = self._limit.value, monotonic()
        if slot is None or not isfinite(slot.left):
            return Slot(limit, now)
        left = max(slot.left, 0.0) + max(now - slot.at, 0.0) * limit / MINUTE
        return Slot(min(limit, left), now)

    def _left(self, bucket: Slot) -> Left:
        limit = self._limit.value
        return Left(limit, int(bucket.left), round((limit - bucket.left) * MINUTE / limit))

    def _refusal(self, bucket: Slot) -> TooManyRequests:
        seconds = (1 - bucket.left) * MINUTE / self._limit.value
        return TooManyRequests(self._text, seconds=seconds, headers=self._left(bucket).headers())


class Failures:
    """Wrong credentials of networks, each counted once while it is remembered."""

    def __init__(self, buckets: Buckets, seen: Slots) -> None:
        self._buckets, self._seen = buckets, seen

    def check(self, network: str) -> None:
        """Raise `TooManyRequests` where too many came from a network."""
        self._buckets.check(network)

    def note(self, network: str, credentials: str) -> None:
        """Count credentials that opened nothing, unless they did before."""
        text = f"{network} {credentials}".encode("utf-8", "surrogateescape")
        key = load_secret(settings.GROUPWARE_DATA, KEY).encode()
        if not self._seen.change(hmac.digest(key, text, "sha256"), _noted):
            self._buckets.take(network)

    def clear(self) -> None:
        """Forget all."""
        self._buckets.clear()
        self._seen.clear()


def _noted(slot: Slot | None) -> tuple[Slot, bool]:
    """Return that it was seen now, and whether it was before."""
    return Slot(1.0, monotonic()), slot is not None


REQUESTS: Final = Buckets(
    limits.API_REQUESTS,
    Slots("requests"),
    "This account sent too many requests: wait as long as Retry-After says.",
)
FAILURES: Final = Failures(
    Buckets(
        limits.API_FAILURES,
        Slots("failures"),
        "Too many wrong credentials came from this network: wait as long as Retry-After says.",
    ),
    Slots("wrong-credentials"),
)
