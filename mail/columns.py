"""The SQL of what is read of messages: a column for each field, and the tables that hold it.

The message is `m`, its chunk `k`, its reader `r`.
"""

from collections.abc import Iterable, Sequence

from groupware.core import db
from mail.chunkflags import character_sql, mask_sql
from mail.flags import EVERY_FLAG, SEEN
from mail.uidset import CHUNK_BITS

_MESSAGE_FIELDS: dict[str, str] = {
    "uid": "m.uid",
    "keywords": "m.keywords",
    "size": "m.size",
    "internal_date": "m.internal_date",
    "internal_zone": "m.internal_zone",
    "prefix_size": "m.prefix_size",
    "email_id": "m.email_id",
    "thread_id": "m.thread_id",
    "saved_at": "m.saved_at",
    "blob_id": "m.blob_id",
}
_CONTENT_FIELDS: dict[str, str] = {
    **{
        name: f't."{name}"'
        for name in (
            *("envelope", "bodystructure", "header_size", "parts", "header_fields", "sent_at"),
            *("base_subject", "is_reply", "message_id", "references", "preview", "summary"),
        )
    },
    "sent_or_arrived": "COALESCE(t.sent_at, m.internal_date)",  # RFC 5256 §2.2: the sent date
}
_PREFIX_FIELDS = {"prefix": "p.data"}
_BLOB_FIELDS = {
    "blob_location": "s.location",
    "blob_size": "s.size",
    "blob_digest": "s.digest",
}
_MASK = mask_sql(f"{{code_point}}({character_sql()})")
_MODSEQ = "CASE WHEN k.all_modseq > m.modseq THEN k.all_modseq ELSE m.modseq END"
_CHUNK_FIELDS = {"flags": f"{_MASK} & {EVERY_FLAG}", "modseq": _MODSEQ}
"""What is in the row of the message's chunk, and the database's own name of `code_point`."""
READER_FIELDS = {
    "flags": f"({_MASK} & {EVERY_FLAG & ~SEEN}) | CASE WHEN r.seen THEN {SEEN} ELSE 0 END",
    "modseq": f"CASE WHEN r.modseq > ({_MODSEQ}) THEN r.modseq ELSE ({_MODSEQ}) END",
}
r"""What is another's for a reader: `\Seen`, and with it the greater modseq of the rows."""
_CHUNK_JOIN = (
    " JOIN mail_messagechunk k"
    f" ON k.collection_id = m.collection_id AND k.chunk = m.uid >> {CHUNK_BITS}"
)
_READER_JOIN = (
    " LEFT JOIN mail_messagereader r"
    " ON r.collection_id = m.collection_id AND r.reader_id = %s AND r.uid = m.uid"
)
_SEARCH_FIELDS = {
    f"search_{name}": f"x.{name}"
    for name in ("version", "subject", "sender", "recipients", "cc", "text")
}
FIELDS: dict[str, str] = {
    **_MESSAGE_FIELDS,
    **_CHUNK_FIELDS,
    **_CONTENT_FIELDS,
    **_PREFIX_FIELDS,
    **_BLOB_FIELDS,
    **_SEARCH_FIELDS,
}
"""What `fetch_messages` can return, by name."""

_JOINS = (
    (_CHUNK_FIELDS, _CHUNK_JOIN),
    (_CONTENT_FIELDS, " JOIN mail_messagecontent t ON t.blob_id = m.blob_id"),
    (_BLOB_FIELDS, " JOIN core_blob s ON s.id = m.blob_id"),
    (_PREFIX_FIELDS, " LEFT JOIN mail_messageprefix p ON p.message_id = m.id"),
    (_SEARCH_FIELDS, " LEFT JOIN mail_searchtext x ON x.blob_id = m.blob_id"),
)


def select_columns(fields: Sequence[str], reader_id: int = 0) -> str:
    """Return the columns of `fields`, with a reader's in place of the owner's."""
    columns = {**FIELDS, **READER_FIELDS} if reader_id else FIELDS
    text = ", ".join(columns[name] for name in fields)
    return text.replace("{code_point}", db.code_point())


def tables_of(fields: Iterable[str], reader_id: int = 0) -> tuple[str, list[int]]:
    """Return the tables of `fields`, joined to the messages, and the parameters of their joins."""
    wanted = set(fields)
    joins = [join for group, join in _JOINS if not wanted.isdisjoint(group)]
    if not reader_id:
        return f"mail_message m{''.join(joins)}", []
    return f"mail_message m{_READER_JOIN}{''.join(joins)}", [reader_id]
