"""How often somebody may ask: buckets in the memory of a process, which fill as time goes by.

One of each account, for what it asks; one of each network, for credentials that open nothing. An
account is never kept out by what others try with its name, and the same wrong credentials count
once, however often they come: one forgotten program does not shut out an office behind one address.
"""

import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final

from groupware.core import limits
from groupware.core.clock import monotonic
from groupware.core.limit import Limit
from groupware.rest.errors import TooManyRequests

MINUTE: Final = 60.0
_KEY: Final = secrets.token_bytes(32)
MAX_BUCKETS: Final = 10_000
"""Buckets that are kept; the one that was longest not asked goes first."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


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

    def __init__(self, limit: Limit, text: str) -> None:
        self._limit, self._text = limit, text
        self._buckets: OrderedDict[object, _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, whose: object) -> Left:
        """Take one request out of a bucket; raises `TooManyRequests` where there is none left."""
        with self._lock:
            bucket = self._find(whose)
            if bucket.left < 1:
                raise self._refusal(bucket)
            bucket.left -= 1
            return self._left(bucket)

    def check(self, whose: object) -> None:
        """Raise `TooManyRequests` where a bucket is empty."""
        with self._lock:
            if whose in self._buckets and (bucket := self._find(whose)).left < 1:
                raise self._refusal(bucket)

    def clear(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._buckets.clear()

    def _find(self, whose: object) -> _Bucket:
        limit, now = self._limit.value, monotonic()
        bucket = self._buckets.get(whose)
        if bucket is None:
            bucket = self._buckets[whose] = _Bucket(limit, now)
            if len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
        bucket.left = min(limit, bucket.left + (now - bucket.at) * limit / MINUTE)
        bucket.at = now
        self._buckets.move_to_end(whose)
        return bucket

    def _left(self, bucket: _Bucket) -> Left:
        limit = self._limit.value
        return Left(limit, int(bucket.left), round((limit - bucket.left) * MINUTE / limit))

    def _refusal(self, bucket: _Bucket) -> TooManyRequests:
        seconds = (1 - bucket.left) * MINUTE / self._limit.value
        return TooManyRequests(self._text, seconds=seconds, headers=self._left(bucket).headers())


class Failures:
    """Wrong credentials of networks, each counted once while it is remembered."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def check(self, network: str) -> None:
        """Raise `TooManyRequests` where too many came from a network."""
        self._buckets.check(network)

    def note(self, network: str, credentials: str) -> None:
        """Count credentials that opened nothing, unless they did before."""
        text = f"{network} {credentials}".encode("utf-8", "surrogateescape")
        mac = hmac.digest(_KEY, text, "sha256")
        with self._lock:
            is_known = mac in self._seen
            self._seen[mac] = None
            self._seen.move_to_end(mac)
            if len(self._seen) > MAX_BUCKETS:
                self._seen.popitem(last=False)
        if not is_known:
            self._buckets.take(network)

    def clear(self) -> None:
        """Forget all."""
        self._buckets.clear()
        self._seen.clear()


REQUESTS: Final = Buckets(
    limits.API_REQUESTS, "This account sent too many requests: wait as long as Retry-After says."
)
FAILURES: Final = Failures(
    Buckets(
        limits.API_FAILURES,
        "Too many wrong credentials came from this network: wait as long as Retry-After says.",
    )
)
