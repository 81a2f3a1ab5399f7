"""Messages: their UIDs and sizes, their prefixes, their readers, and that copies are alike."""

from collections.abc import Iterator

from groupware.core.doctor import Examination, Fault, Finding, Rule, RuledRows, read_pages
from groupware.core.doctor.collections import COLLECTION, SETTLE
from groupware.core.doctor.repair import settle_order
from mail.chunkflags import ABSENT, CHUNK, HAS_KEYWORDS, character_sql, having_sql
from mail.services.chunks import renew_chunks
from mail.uidset import CHUNK_BITS

_MESSAGE = f"{COLLECTION} || ' UID ' || m.uid"
_RESTORE = "Restore the account from a backup, or expunge the message."

_MESSAGES = RuledRows(
    tables=(
        "mail_message m JOIN core_collection c ON c.id = m.collection_id"
        " JOIN core_account a ON a.id = c.account_id JOIN core_blob s ON s.id = m.blob_id"
        " LEFT JOIN mail_messageprefix p ON p.message_id = m.id"
    ),
    columns=(
        ("key", "m.id"),
        ("where", _MESSAGE),
        ("account_id", "c.account_id"),
        ("uid_next", "c.uid_next"),
        ("size", "m.size"),
        ("prefix_size", "m.prefix_size"),
        ("blob_size", "s.size"),
        ("held_prefix", "COALESCE(LENGTH(p.data), 0)"),
        ("kind", "c.kind"),
    ),
    rules=(
        Rule(
            "uid-next",
            "m.uid >= c.uid_next",
            "its UID is not below the mailbox's uid_next, {uid_next}",
            SETTLE,
            settle_order,
        ),
        Rule("uid-next", "m.uid < 1", "its UID cannot be", _RESTORE),
        Rule(
            "message-size",
            "m.size <> m.prefix_size + s.size",
            "its size {size} is not that of its prefix and its blob, {prefix_size} + {blob_size}",
            _RESTORE,
        ),
        Rule(
            "message-prefix",
            "m.prefix_size <> COALESCE(LENGTH(p.data), 0)",
            "its prefix should be {prefix_size} octets and is {held_prefix}",
            _RESTORE,
        ),
        Rule(
            "message-kind",
            "c.kind <> 'mail'",
            "the message lies in a collection of {kind}",
            _RESTORE,
        ),
    ),
)
_READERS = RuledRows(
    tables=(
        "mail_messagereader r JOIN core_collection c ON c.id = r.collection_id"
        " JOIN core_account a ON a.id = c.account_id JOIN core_account o ON o.id = r.reader_id"
        " LEFT JOIN mail_message m ON m.collection_id = r.collection_id AND m.uid = r.uid"
    ),
    columns=(
        ("key", "r.id"),
        ("where", f"{COLLECTION} || ' UID ' || r.uid"),
        ("account_id", "c.account_id"),
        ("reader", "o.login"),
        ("modseq", "r.modseq"),
        ("highest_modseq", "c.highest_modseq"),
    ),
    rules=(
        Rule(
            "reader",
            "m.id IS NULL",
            "{reader} is noted as a reader of a message that is not there",
            "Restore the database from a backup; until then the row does no harm.",
        ),
        Rule(
            "reader",
            "r.reader_id = c.account_id",
            "{reader} owns the mailbox, and is noted as a reader of it",
            "Restore the database from a backup; until then the row does no harm.",
        ),
        Rule(
            "modseq-order",
            "r.modseq > c.highest_modseq",
            "the modseq {modseq} of its reader {reader} is above the mailbox's highest,"
            " {highest_modseq}",
            SETTLE,
            settle_order,
        ),
    ),
)

_RENEW = "Run `doctor --repair`: it makes the mailbox's chunks anew."
_RENEWS = (renew_chunks, ("account_id", "collection_id"))
_PLACES = RuledRows(
    tables=(
        "mail_message m JOIN core_collection c ON c.id = m.collection_id"
        " JOIN core_account a ON a.id = c.account_id LEFT JOIN mail_messagechunk k"
        f" ON k.collection_id = m.collection_id AND k.chunk = m.uid >> {CHUNK_BITS}"
    ),
    columns=(
        ("key", "m.id"),
        ("where", _MESSAGE),
        ("account_id", "c.account_id"),
        ("collection_id", "c.id"),
        ("modseq", "m.modseq"),
    ),
    rules=(
        Rule(
            "chunk",
            "k.modseq IS NULL OR k.modseq < m.modseq",
            "its modseq {modseq} is not noted where clients look for changes",
            _RENEW,
            *_RENEWS,
        ),
        Rule(
            "chunk-flags",
            f"{character_sql()} = '{ABSENT.decode()}'",
            "its chunk has no flags of it",
            _RENEW,
            *_RENEWS,
        ),
        Rule(
            "chunk-keywords",
            f"(m.keywords <> '') <> ({having_sql(HAS_KEYWORDS)})",
            "its chunk is wrong about whether it has keywords",
            _RENEW,
            *_RENEWS,
        ),
    ),
)
_CHUNKS = RuledRows(
    tables=(
        "mail_messagechunk k JOIN core_collection c ON c.id = k.collection_id"
        " JOIN core_account a ON a.id = c.account_id"
    ),
    columns=(
        ("key", "k.id"),
        ("where", f"{COLLECTION} || ' chunk ' || k.chunk"),
        ("account_id", "c.account_id"),
        ("collection_id", "c.id"),
        ("modseq", "k.modseq"),
        ("all_modseq", "k.all_modseq"),
        ("highest_modseq", "c.highest_modseq"),
    ),
    rules=(
        Rule(
            "chunk",
            "k.modseq < k.all_modseq",
            "its modseq {modseq} is below that of all its messages, {all_modseq}",
            _RENEW,
            *_RENEWS,
        ),
        Rule(
            "chunk",
            f"LENGTH(k.flags) <> {CHUNK} OR LENGTH(REPLACE(k.flags, '{ABSENT.decode()}', ''))"
            " <> (SELECT COUNT(*) FROM mail_message m WHERE m.collection_id = k.collection_id"
            f" AND m.uid >= k.chunk << {CHUNK_BITS} AND m.uid < (k.chunk + 1) << {CHUNK_BITS})",
            "its flags are not those of its messages",
            _RENEW,
            *_RENEWS,
        ),
        Rule(
            "modseq-order",
            "k.modseq > c.highest_modseq",
            "its modseq {modseq} is above the mailbox's highest, {highest_modseq}",
            SETTLE,
            settle_order,
        ),
    ),
)

COPIES_AT_ONCE = 200_000
"""Messages that are grouped at once: email_ids are random, so any remainder has its share."""

_COPIES = f"""
SELECT d.id, {_MESSAGE}, d.copies FROM (
    SELECT MIN(id) AS id, COUNT(*) AS copies FROM mail_message i
    WHERE {{within}} AND email_id %% {{passes}} = %(remainder)s
    GROUP BY account_id, email_id
    HAVING MIN(thread_id) <> MAX(thread_id) OR MIN(blob_id) <> MAX(blob_id)
) d JOIN mail_message m ON m.id = d.id JOIN core_collection c ON c.id = m.collection_id
JOIN core_account a ON a.id = c.account_id
WHERE d.id > %(after)s ORDER BY d.id LIMIT %(page)s
"""


def check_messages(examination: Examination) -> Iterator[Finding]:
    """Find messages with impossible UIDs, sizes or prefixes, lost readers, unlike copies."""
    within = examination.within("m.account_id")
    total = examination.count("messages", f"SELECT COUNT(*) FROM mail_message m WHERE {within}")
    yield from _MESSAGES.find(within)
    yield from _PLACES.find(within)
    yield from _CHUNKS.find(examination.within("k.account_id"))
    yield from _READERS.find(examination.within("r.account_id"))
    yield from _check_copies(examination, total)


def _check_copies(examination: Examination, total: int) -> Iterator[Fault]:
    """Group by email_id in as many passes as bound what the database sorts in memory."""
    passes = 1 + total // COPIES_AT_ONCE
    sql = _COPIES.format(within=examination.within("i.account_id"), passes=passes)
    for remainder in range(passes):
        for _, where, copies in read_pages(sql, remainder=remainder):
            what = f"its {copies} copies of one email_id differ in bytes or thread"
            yield Fault("copies", where, what, _RESTORE)
