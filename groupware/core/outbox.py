"""Work that must happen: rows written with the decision, worked off at least once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from groupware.core import db
from groupware.core.clock import epoch
from groupware.core.models import OutboxRow

Handler = Callable[[dict[str, Any]], None]

BACKOFF = (5, 15, 60, 300, 900, 3600)
"""Seconds until the next attempt, the last one repeating."""
LEASE = 60
"""Seconds for which a row that is being worked off is left alone by the others."""

_handlers: dict[str, Handler] = {}
_log = structlog.get_logger("groupware.outbox")


def register(topic: str, handler: Handler) -> None:
    """Let `handler` work off the rows of a topic; it must be idempotent."""
    _handlers[topic] = handler


def topics() -> frozenset[str]:
    """Return the topics that something here works off."""
    return frozenset(_handlers)


def add(topic: str, payload: dict[str, Any], *, account_id: int | None, delay: int = LEASE) -> int:
    """Write a row in the caller's transaction; the sweep finds it after `delay` seconds."""
    now = epoch()
    row = OutboxRow.objects.create(
        account_id=account_id,
        topic=topic,
        payload=payload,
        created_at=now,
        run_after=now + delay,
    )
    return row.pk


def run_after_commit(row_id: int) -> None:
    """Work off the caller's row as soon as it is committed; a failure is left to the sweep."""
    db.on_commit(partial(_run_now, row_id))


def _run_now(row_id: int) -> None:
    row = OutboxRow.objects.filter(pk=row_id).first()
    if row is not None:
        _run(row)


def sweep(*, now: int | None = None, limit: int = 100) -> int:
    """Work off rows that are due, and return how many succeeded."""
    done = 0
    due = epoch() if now is None else now
    for row_id in list(
        OutboxRow.objects.filter(run_after__lte=due)
        .order_by("run_after")
        .values_list("pk", flat=True)[:limit]
    ):
        if (row := _lease(row_id, due)) is not None and _run(row):
            done += 1
    return done


def _lease(row_id: int, due: int) -> OutboxRow | None:
    with db.write_transaction():
        taken = OutboxRow.objects.filter(pk=row_id, run_after__lte=due).update(
            run_after=max(due, epoch()) + LEASE
        )
    return OutboxRow.objects.filter(pk=row_id).first() if taken else None


def _run(row: OutboxRow) -> bool:
    try:
        _handlers[row.topic](row.payload)
    except Exception as error:  # noqa: BLE001 (kept, logged and tried again)
        _log.exception("outbox row failed", row=row.pk, topic=row.topic)
        delay = BACKOFF[min(row.attempts, len(BACKOFF) - 1)]
        with db.write_transaction():
            OutboxRow.objects.filter(pk=row.pk).update(
                attempts=row.attempts + 1,
                run_after=epoch() + delay,
                last_error=_plain(f"{type(error).__name__}: {error}"),
            )
        return False
    with db.write_transaction():
        OutboxRow.objects.filter(pk=row.pk).delete()
    return True


def _plain(text: str) -> str:
    """Text that both databases take: PostgreSQL stores no NUL and no lone surrogate."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:500]
