"""The indexed content of a message: made before the transaction, claimed inside it."""

from dataclasses import dataclass

from django.db import connection

from groupware.core import blobs, limits
from groupware.core.errors import TooLarge
from mail.mime.index import MessageIndex, index_message
from mail.mime.sections import filter_header_fields
from mail.models import MessageContent

INDEX_VERSION = 1

LISTED_FIELDS = frozenset(
    b"from to cc bcc reply-to sender subject date message-id in-reply-to references"
    b" content-type content-transfer-encoding mime-version priority x-priority importance"
    b" list-id list-post list-unsubscribe newsgroups x-mailer user-agent"
    b" disposition-notification-to auto-submitted".split()
)
"""Fields whose raw lines a row keeps, so that listing them never opens the blob."""

MAX_TEXT = 64 * 1024


@dataclass(frozen=True, slots=True)
class PreparedMessage:
    """A message whose bytes are durable and whose index is made, not yet in any mailbox.

    `index` is None where the store holds the content already. `references` are the
    Message-ID of the message and those it refers to, for its thread.
    """

    staged: blobs.StagedBlob
    index: MessageIndex | None
    header_fields: bytes
    references: tuple[str, ...]


def prepare_message(data: bytes) -> PreparedMessage:
    """Store the bytes durably and index them; outside any transaction.

    Raises `TooLarge`, `DiskReserve`.
    """
    if len(data) > (limit := limits.MESSAGE_SIZE.value):
        raise TooLarge(f"The message is larger than {limit} octets.")
    staged = blobs.stage(data)
    if staged.blob_id is not None:
        known = (
            MessageContent.objects.filter(blob_id=staged.blob_id)
            .values_list("message_id", "references")
            .first()
        )
        if known is not None:
            return PreparedMessage(staged, None, b"", _references(known[0], known[1].split()))
    index = index_message(data)
    header_fields = filter_header_fields(data[: index.header_size], LISTED_FIELDS, negate=False)
    references = _references(index.message_id or "", index.references)
    return PreparedMessage(staged, index, header_fields, references)


def _references(message_id: str, references: "tuple[str, ...] | list[str]") -> tuple[str, ...]:
    found = [message_id, *references] if message_id else list(references)
    return tuple(dict.fromkeys(filter(None, found)))


def claim_content(prepared: PreparedMessage) -> int:
    """Return the blob's id with its content row written, in the item's transaction.

    Raises `BlobGone` when the message must be prepared again.
    """
    blob_id = blobs.claim(prepared.staged)
    index = prepared.index
    if index is None:
        return blob_id
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mail_messagecontent (blob_id, index_version, header_size, envelope,"
            " bodystructure, parts, header_fields, sent_at, base_subject, message_id,"
            ' "references", preview) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)'
            " ON CONFLICT (blob_id) DO NOTHING",
            [
                blob_id,
                INDEX_VERSION,
                index.header_size,
                index.envelope,
                index.bodystructure,
                index.parts,
                prepared.header_fields,
                index.sent_date,
                _clean(index.base_subject),
                _clean(index.message_id or ""),
                _clean(" ".join(index.references)),
                _clean(index.preview)[:256],
            ],
        )
    return blob_id


def _clean(text: str) -> str:
    """Text that both databases take: PostgreSQL stores no NUL and no lone surrogate."""
    return text[:MAX_TEXT].replace("\0", "").encode("utf-8", "replace").decode()
