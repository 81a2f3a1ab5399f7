"""Teaching the spam filter by what people move into Junk and out of it.

An outbox row is written with the move, where a filter is configured; the worker reads the message
by its blob and teaches it. What is gone by then teaches nothing, what is known already is done. A
filter that is away or refuses is asked again for some days; `doctor` names what waits for it.
"""

from typing import Any

import structlog
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection

from groupware.core import blobs, limits, outbox
from groupware.core.clock import epoch
from mail.models.mailbox import Mailbox, SpecialUse
from mail.services import spam
from mail.uidset import chunks, sql_condition, to_ranges

DAY = 86_400
LEARN = "mail.learn-spam"
MAX_MESSAGES = 200
"""Messages of one move that are taught; whoever moves more is clearing up."""
MAX_SIZE = 4 << 20
"""Octets of a message from which on it is not taught: no spam is like that."""

log = structlog.get_logger(__name__)


def note_arrivals(source_id: int, target_id: int, account_id: int, uids: list[int]) -> None:
    """Write down, in the caller's transaction, what arrivals from another mailbox teach.

    `account_id` and `uids` are the target's. Costs nothing where no filter is configured.
    """
    if not spam.is_configured() or not uids or source_id == target_id:
        return
    uses = dict(
        Mailbox.objects.filter(collection_id__in=(source_id, target_id)).values_list(
            "collection_id", "special_use"
        )
    )
    source, target = uses.get(source_id, ""), uses.get(target_id, "")
    if target == SpecialUse.JUNK and source != SpecialUse.JUNK:
        is_spam = True
    elif source == SpecialUse.JUNK and target not in {SpecialUse.JUNK, SpecialUse.TRASH}:
        is_spam = False
    else:
        return
    blobs = _list_blobs(target_id, uids[:MAX_MESSAGES])
    payload = {"spam": is_spam, "blobs": blobs, "since": epoch()}
    row_id = outbox.add(LEARN, payload, account_id=account_id, delay=0)
    log.debug("to be taught", row=row_id, messages=len(blobs), spam=is_spam)


def _list_blobs(collection_id: int, uids: list[int]) -> list[int]:
    found: list[int] = []
    with connection.cursor() as cursor:
        for chunk in chunks(to_ranges(uids)):
            condition, params = sql_condition("uid", chunk)
            cursor.execute(
                "SELECT DISTINCT blob_id FROM mail_message"
                f" WHERE collection_id = %s AND size <= %s AND {condition}",
                [collection_id, MAX_SIZE, *params],
            )
            found += [int(row[0]) for row in cursor.fetchall()]
    return found


def teach(payload: dict[str, Any]) -> None:
    """Teach the messages of a row; raises `spam.Away` where it is to be tried again."""
    if not spam.is_configured():
        return
    try:
        _teach(payload["blobs"], is_spam=payload["spam"])
    except spam.Away as error:
        waited = epoch() - payload.get("since", 0)
        if waited < limits.RSPAMD_LEARNING_DAYS.value * DAY:
            raise
        told = {"messages": len(payload["blobs"]), "reason": error.message, "detail": error.detail}
        log.warning("the spam filter was not taught, and is not asked again", **told)


def _teach(blob_ids: list[int], *, is_spam: bool) -> None:
    for blob_id in blob_ids:
        try:
            data = blobs.read(blob_id)
        except (ObjectDoesNotExist, *blobs.UNREADABLE):
            continue
        spam.learn(data, is_spam=is_spam)
