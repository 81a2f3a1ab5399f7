"""Requests that may be sent again: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

A client that hears nothing sends its POST again with the same key, and is answered as the first time.
A row is committed before the work and filled after it, so that nothing is ever done twice: of a
request whose outcome is not known, one that is at work or was cut off, that is said (409). So is it
of one that was stopped after something was written, and of one whose answer held a secret.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core import db, limits
from groupware.core.clock import epoch
from groupware.core.errors import GroupwareError, LimitExceeded
from groupware.core.sealing import fingerprint, seal, unseal
from groupware.rest.errors import (
    BadRequest,
    KeyReused,
    PartlyDone,
    StillAtWork,
    ToldOnce,
    describe,
)
from groupware.rest.models import IdempotencyKey

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
BATCH: Final = 1_000
"""Rows that one transaction removes."""
_KEY: Final = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([A-Za-z0-9._~+/=:-]{1,255})')
_COME_AGAIN: Final = frozenset({429, 503, 507})
_MAY_SUCCEED: Final = frozenset({401, 403}) | _COME_AGAIN
"""Refusals after which the same request may succeed: where nothing was written they are not kept."""
_KEPT_HEADERS: Final = ("ETag", "Location")

_PARTLY_DONE: Final = (
    "This request was stopped after a part of it was done: look what was, and send the rest with"
    " another key."
)
_TOLD_ONCE: Final = (
    "This request was done, and its answer is told once, because it holds a secret. If it never came,"
    " take back what was made, and ask for another with another key."
)
_log = structlog.get_logger("groupware.rest")

Handler = Callable[..., Response]
Outcome = tuple[int, Mapping[str, str], Any]
"""Status, header fields and data of an answer."""


def read_key(request: Request) -> str:
    """Return the key of a request, "" without one; raises `BadRequest`.

    The draft has it quoted; many programs send it without.
    """
    text = request.headers.get(HEADER, "").strip()
    if not text:
        return ""
    found = _KEY.fullmatch(text)
    if found is None:
        raise BadRequest(f"{HEADER} is 1 to 255 printable characters of ASCII in quotes.")
    return found[1] or found[2]


def answer_once(
    key: str, account_id: int, request: Request, handle: Handler, *, tells_secrets: bool = False
) -> Response:
    """Return what `handle` answers, or answered the first time that this request came.

    An answer that `tells_secrets` is kept nowhere: that it was given is. Raises `StillAtWork`,
    `KeyReused`, and what `handle` raises.
    """
    held = _begin(account_id, key, _fingerprint(request))
    if isinstance(held, Response):
        return held
    before = db.count_commits()
    try:
        response = handle()
    except Exception as error:
        told = describe_outcome(error)
        if told is not None:
            _finish(held, account_id, _stopped(told, wrote=db.count_commits() > before))
        raise
    outcome: Outcome | None = (response.status_code, dict(response.headers), response.data)
    if tells_secrets:
        outcome = describe_outcome(ToldOnce(_TOLD_ONCE))
    _finish(held, account_id, outcome)
    return response


def _stopped(told: Outcome, *, wrote: bool) -> Outcome | None:
    """Return what is kept of a refusal; None where the same request may come again."""
    if told[0] not in _MAY_SUCCEED:
        return told
    if wrote and told[0] in _COME_AGAIN:
        return describe_outcome(PartlyDone(_PARTLY_DONE))
    return told if wrote else None


def describe_outcome(error: Exception) -> Outcome | None:
    """Return a refusal as it is kept; None for a fault, of which nobody knows what it left."""
    if not isinstance(error, GroupwareError) and not hasattr(error, "status_code"):
        return None
    told = describe(error)
    return told.problem.status, {"Content-Type": "problem"}, told.body()


def _fingerprint(request: Request) -> bytes:
    body: bytes = request._request.body  # noqa: SLF001 (as it came, before any parser)
    parts = (request.method or "", request.get_full_path(), request.content_type, "")
    return fingerprint("\0".join(parts).encode("utf-8", "surrogateescape") + body)


def _begin(account_id: int, key: str, fingerprint: bytes) -> int | Response:
    """Note that a request is at work and return the row, or the answer that it had."""
    with db.write_transaction():
        held, made = IdempotencyKey.objects.get_or_create(
            account_id=account_id,
            key=key,
            defaults={"fingerprint": fingerprint, "created_at": epoch()},
        )
        if made:
            _check_room(account_id)
            return held.pk
    if bytes(held.fingerprint) != fingerprint:
        raise KeyReused(f"The {HEADER} was sent with another request: draw a new one.")
    if held.answer is None:
        raise StillAtWork(
            "This request is at work, or was cut off: wait and send it again; where it stays so, look"
            " whether it was done, and send it with another key."
        )
    return _replay(unseal(bytes(held.answer), _purpose(account_id)))


def _check_room(account_id: int) -> None:
    limit = limits.API_KEYS.value
    held = IdempotencyKey.objects.filter(account_id=account_id)
    if held.values_list("pk")[limit : limit + 1]:
        raise LimitExceeded(
            f"An account has at most {limit} requests a day with {HEADER}: send some without."
        )


def _replay(text: str) -> Response:
    status, headers, data = json.loads(text)
    kind = headers.pop("Content-Type", None)
    answer = Response(data, status, headers={**headers, REPLAYED: "true"})
    if kind is not None:
        answer.content_type = "application/problem+json"
    return answer


def _finish(row: int, account_id: int, outcome: Outcome | None) -> None:
    """Keep the answer. Where it cannot be kept, the work is done all the same, and answered."""
    held = IdempotencyKey.objects.filter(pk=row)
    try:
        with db.write_transaction():
            if outcome is None:
                held.delete()
            else:
                held.update(answer=seal(_kept(*outcome), _purpose(account_id)))
    except GroupwareError as error:
        _log.warning("an answer was not kept", reason=error.detail or error.message)


def _kept(status: int, headers: Mapping[str, str], data: Any) -> str:
    kept = {
        name: text for name, text in headers.items() if name in (*_KEPT_HEADERS, "Content-Type")
    }
    return json.dumps([status, kept, json.loads(JSONRenderer().render(data) or b"null")])


def _purpose(account_id: int) -> str:
    return f"idempotency {account_id}"


def forget() -> int:
    """Remove the keys whose time is over, and return how many (a duty)."""
    total = 0
    past = IdempotencyKey.objects.filter(created_at__lt=epoch() - limits.API_KEY_HOURS.value * 3600)
    while keys := list(past.values_list("pk", flat=True)[:BATCH]):
        with db.write_transaction():
            total += IdempotencyKey.objects.filter(pk__in=keys).delete()[0]
    return total
