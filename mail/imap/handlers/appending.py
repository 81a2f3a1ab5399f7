"""APPEND of one message or several (RFC 3501 §6.3.11, RFC 3502, RFC 4315 §3)."""

import asyncio
from contextlib import suppress

from groupware.core import aio, db
from groupware.core.blobs import BlobGone
from groupware.core.errors import NotFound
from mail import flags
from mail.imap import responses
from mail.imap.errors import Outcome, Refused, no, ok
from mail.imap.handlers.messages import find_target
from mail.imap.requests import Append, AppendMessage
from mail.imap.responses import Code
from mail.imap.sequences import Uid
from mail.imap.session import Session
from mail.services import sentcopies
from mail.services.appending import NewMessage, append_messages
from mail.services.content import PreparedMessage, is_quick, prepare_message
from mail.services.messages import Appended

_NOT_ENABLED = no("Enable UTF8=ACCEPT first.", Code.CANNOT)
_CANCELLED = no("A message without a single octet cancels the APPEND: nothing was added.")


async def append(session: Session, request: Append) -> Outcome:
    """Add all messages or none; an empty one is the client's way to cancel (RFC 3502)."""
    if not session.utf8 and any(message.utf8 for message in request.messages):
        raise Refused(_NOT_ENABLED)
    if not all(message.data for message in request.messages):
        raise Refused(_CANCELLED)
    for _ in range(2):
        prepared: list[PreparedMessage] = []
        for message in request.messages:
            if prepared:
                await asyncio.sleep(0)  # others have their turn between two of them
            prepared.append(await _prepare(session.account_id, request.mailbox, message.data))
        try:
            appended = await aio.write(_append, session.account_id, request, prepared)
        except BlobGone:  # collected between staging and commit: staged anew it stays
            continue
        uids = [Uid(message.uid) for message in appended]
        return ok("Appended.", responses.code_append_uid(appended[0].uid_validity, uids))
    raise NotFound("The message could not be kept: send it again.")


async def _prepare(account_id: int, mailbox: str, data: bytes) -> PreparedMessage:
    if is_quick(data):
        with suppress(db.NotNow):
            # Whether it has a mailbox to go to is found out where it is written.
            return await aio.glance(prepare_message, data, may_wait=False)
    return await aio.call(_find_and_prepare, account_id, mailbox, data)


def _find_and_prepare(account_id: int, mailbox: str, data: bytes) -> PreparedMessage:
    find_target(account_id, mailbox)  # before the bytes of a large one are stored for nothing
    return prepare_message(data)


def _append(account_id: int, request: Append, prepared: list[PreparedMessage]) -> list[Appended]:
    target = find_target(account_id, request.mailbox)
    new = [_new_message(*pair) for pair in zip(request.messages, prepared, strict=True)]
    actor = flags.actor_with(account_id, target.rights)
    info = target.info
    return append_messages(
        info.account_id, info.collection_id, new, actor=actor, is_sent=sentcopies.is_sent(info)
    )


def _new_message(message: AppendMessage, prepared: PreparedMessage) -> NewMessage:
    mask, keywords = flags.parse_flags(message.flags)
    moment = message.internal_date
    offset = moment.utcoffset() if moment is not None else None
    return NewMessage(
        prepared,
        flags=mask,
        keywords=keywords,
        internal_date=None if moment is None else int(moment.timestamp()),
        internal_zone=0 if offset is None else int(offset.total_seconds()) // 60,
    )
