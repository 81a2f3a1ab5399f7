"""The indexed content of a message: made before the transaction, claimed inside it."""

from dataclasses import dataclass
from typing import Any

from groupware.core import blobs, db, limits
from groupware.core.errors import Invalid, Stale, TooLarge
from groupware.core.models import Blob
from mail.mime.fields import find_header_end
from mail.mime.index import MessageIndex, index_message
from mail.mime.limits import DEFAULT_LIMITS
from mail.mime.sections import header_filter
from mail.mime.strings import literal

INDEX_VERSION = 2

LISTED_FIELDS = frozenset(
    b"from to cc bcc reply-to sender subject date message-id in-reply-to references"
    b" content-type content-transfer-encoding mime-version priority x-priority importance"
    b" list-id list-post list-unsubscribe newsgroups x-mailer user-agent"
    b" disposition-notification-to auto-submitted".split()
)
"""Fields whose raw lines a row keeps, so that listing them never opens the blob."""

SUMMARY_FIELDS = (b"from", b"to", b"subject", b"date")
"""Fields that a row also keeps on their own, as they go over the wire (docs/adr/0020)."""

MAX_TEXT = 64 * 1024
OPENING = 1024
"""Octets of the body that can be read with the header alone, as TOP of a few lines wants them."""
QUICK = 16 * 1024
"""Octets of a message that is prepared within a fraction of a millisecond, at worst in some ten."""


@dataclass(frozen=True, slots=True)
class PreparedMessage:
    """A message that is indexed and whose bytes can be claimed, not yet in any mailbox.

    `columns` are those of the content row, None where the store holds it already. `references`
    are the Message-ID of the message and those it refers to, for its thread. A message without
    `has_header` is all body. `message_id` is without its brackets, "" where there is none.
    """

    staged: blobs.StagedBlob
    columns: dict[str, Any] | None
    has_header: bool
    references: tuple[str, ...]
    message_id: str = ""


def is_quick(data: bytes) -> bool:
    """Tell whether preparing it takes so little that an event loop may do it."""
    return len(data) <= QUICK


def prepare_message(data: bytes, *, may_wait: bool = True) -> PreparedMessage:
    """Index a message and make its bytes ready to be claimed; in no transaction that writes.

    Raises `TooLarge`, `DiskReserve`, and as `blobs.stage` does where it may not wait.
    """
    if len(data) > (limit := limits.MESSAGE_SIZE.value):
        raise TooLarge(f"The message is larger than {limit} octets.")
    staged = blobs.stage(data, head=_size_of_head(data), may_wait=may_wait)
    if staged.blob_id is not None:
        known = db.fetch_rows(
            'SELECT message_id, "references", header_size FROM mail_messagecontent'
            " WHERE blob_id = %s",
            [staged.blob_id],
        )
        for message_id, rest, header_size in known:
            references = _references(message_id, rest.split())
            return PreparedMessage(staged, None, header_size > 0, references, message_id)
    index, header_fields = _index(data)
    references = _references(index.message_id or "", index.references)
    columns = _columns(index, header_fields)
    message_id = columns["message_id"]
    return PreparedMessage(staged, columns, index.header_size > 0, references, message_id)


def _size_of_head(data: bytes) -> int:
    """Return how many octets the header takes, and what of the body is read along with it."""
    return find_header_end(data, 0, min(len(data), DEFAULT_LIMITS.max_header_bytes)) + OPENING


def find_prepared(blob_id: int) -> PreparedMessage:
    """Return a message that the store holds, as `prepare_message` would; of a blob that is held."""
    ((digest, size, stored_size, location, message_id, rest, header_size),) = db.fetch_rows(
        'SELECT b.digest, b.size, b.stored_size, b.location, c.message_id, c."references",'
        " c.header_size FROM core_blob b JOIN mail_messagecontent c ON c.blob_id = b.id"
        " WHERE b.id = %s",
        [blob_id],
    )
    staged = blobs.StagedBlob(bytes(digest), size, stored_size, location, blob_id)
    references = _references(message_id, rest.split())
    return PreparedMessage(staged, None, header_size > 0, references, message_id)


def find_references(blob_ids: list[int]) -> dict[int, tuple[str, ...]]:
    """Return, by blob, the Message-ID and the references of what is indexed."""
    condition, params = db.in_list("blob_id", blob_ids)
    rows = db.fetch_rows(
        f'SELECT blob_id, message_id, "references" FROM mail_messagecontent WHERE {condition}',
        params,
    )
    return {key: _references(message_id, rest.split()) for key, message_id, rest in rows}


def _index(data: bytes) -> tuple[MessageIndex, bytes]:
    """Return the index of a message and the raw lines of the fields that listings want.

    Of a header larger than the index looks at, the fields beyond are not listed.
    """
    index = index_message(data)
    header = data[: min(index.header_size, DEFAULT_LIMITS.max_header_bytes)]
    return index, _keep_listed(header)


_keep_listed = header_filter(tuple(sorted(LISTED_FIELDS)))
_keep_summary = header_filter(SUMMARY_FIELDS)


def _references(message_id: str, references: "tuple[str, ...] | list[str]") -> tuple[str, ...]:
    found = [message_id, *references] if message_id else list(references)
    return tuple(dict.fromkeys(filter(None, found)))


def claim_content(prepared: PreparedMessage) -> int:
    """Return the blob's id with its content row written, in the item's transaction.

    Raises `BlobGone` when the message must be prepared again.
    """
    blob_id = blobs.claim(prepared.staged)
    if prepared.columns is not None:
        _insert(blob_id, prepared.columns, "NOTHING")
    return blob_id


def make_columns(data: bytes) -> dict[str, Any]:
    """Return the columns of the content row that these bytes have."""
    return _columns(*_index(data))


def index_blob(blob_id: int) -> None:
    """Make a blob's content row anew from its bytes.

    Raises `Stale` where the blob is gone, `Invalid` where its bytes cannot be read.
    """
    try:
        columns = make_columns(blobs.read(blob_id))
    except Blob.DoesNotExist as error:
        raise Stale("The blob was collected since.") from error
    except blobs.UNREADABLE as error:
        raise Invalid("Its bytes cannot be read: restore them first.", detail=str(error)) from error
    with db.write_transaction():
        if not db.key_share("core_blob", blob_id):
            raise Stale("The blob was collected since.")
        renewed = ", ".join(f'"{name}" = excluded."{name}"' for name in columns)
        _insert(blob_id, columns, f"UPDATE SET {renewed}")


def _columns(index: MessageIndex, header_fields: bytes) -> dict[str, Any]:
    return {
        "index_version": INDEX_VERSION,
        "header_size": index.header_size,
        "envelope": index.envelope,
        "bodystructure": index.bodystructure,
        "parts": index.parts,
        "header_fields": header_fields,
        "sent_at": index.sent_date,
        "base_subject": _clean(index.base_subject),
        "is_reply": index.is_reply_or_forward,
        "message_id": _clean(index.message_id or ""),
        "references": _clean(" ".join(index.references)),
        "preview": _clean(index.preview)[:256],
        "summary": literal(_keep_summary(header_fields)),
    }


def _insert(blob_id: int, columns: dict[str, Any], on_conflict: str) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    places = ", ".join(["%s"] * len(columns))
    db.execute(
        f"INSERT INTO mail_messagecontent (blob_id, {names}) VALUES (%s, {places})"
        f" ON CONFLICT (blob_id) DO {on_conflict}",
        [blob_id, *columns.values()],
    )


def _clean(text: str) -> str:
    """Text that both databases take: PostgreSQL stores no NUL and no lone surrogate."""
    return text[:MAX_TEXT].replace("\0", "").encode("utf-8", "replace").decode()
