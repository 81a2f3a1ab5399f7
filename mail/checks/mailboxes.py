"""Mailboxes: their rows and counters, and tombstones that are whole and cover nothing alive."""

from collections.abc import Iterator
from dataclasses import replace

from groupware.core.doctor import (
    Examination,
    Fault,
    Finding,
    Repair,
    Rule,
    RuledRows,
    read_pages,
)
from groupware.core.doctor.collections import ANEW, COLLECTION, RESTORE
from groupware.core.doctor.items import RECOUNT
from groupware.core.doctor.repair import begin_anew
from mail.checks.gaps import check_gaps
from mail.chunkflags import having_sql
from mail.flags import DELETED, SEEN
from mail.services.counters import recount_flags
from mail.uidset import CHUNK_BITS

_MAILBOXES = RuledRows(
    tables=(
        "core_collection c JOIN core_account a ON a.id = c.account_id"
        " LEFT JOIN mail_mailbox b ON b.collection_id = c.id"
    ),
    columns=(("key", "c.id"), ("where", COLLECTION), ("items", "c.items")),
    rules=(
        Rule(
            "mailbox-row",
            "c.kind = 'mail' AND b.collection_id IS NULL",
            "the collection has no mailbox row: no client sees it",
            RESTORE,
        ),
        Rule(
            "mailbox-row",
            "c.kind <> 'mail' AND b.collection_id IS NOT NULL",
            "it has a mailbox row and is no mailbox",
            RESTORE,
        ),
        Rule(
            "mailbox-selectable",
            "b.collection_id IS NOT NULL AND NOT b.selectable AND c.items > 0",
            "it cannot be selected, and holds {items} messages",
            RESTORE,
        ),
    ),
)
_INBOXES = RuledRows(
    tables="core_account a",
    columns=(("key", "a.id"), ("where", "a.login")),
    rules=(
        Rule(
            "inbox",
            "NOT EXISTS (SELECT 1 FROM core_collection c JOIN mail_mailbox b"
            " ON b.collection_id = c.id WHERE c.account_id = a.id AND c.kind = 'mail'"
            " AND c.name = 'INBOX' AND b.selectable)",
            "the account has no INBOX: mail to it is refused",
            RESTORE,
        ),
    ),
)
_FLAG_COUNTS = RuledRows(
    tables="",
    columns=(
        ("key", "c.id"),
        ("account_id", "c.account_id"),
        ("collection_id", "c.id"),
        ("where", COLLECTION),
        ("unseen", "b.unseen"),
        ("deleted", "b.deleted"),
        ("held_unseen", "COALESCE(h.unseen, 0)"),
        ("held_deleted", "COALESCE(h.deleted, 0)"),
    ),
    rules=(
        Rule(
            "flag-count",
            "b.unseen <> COALESCE(h.unseen, 0) OR b.deleted <> COALESCE(h.deleted, 0)",
            "it counts {unseen} unseen and {deleted} deleted messages, and holds {held_unseen}"
            " and {held_deleted}",
            RECOUNT,
            recount_flags,
            ("account_id", "collection_id"),
        ),
    ),
)
_FLAG_TABLES = f"""
mail_mailbox b JOIN core_collection c ON c.id = b.collection_id
JOIN core_account a ON a.id = c.account_id
LEFT JOIN (
    SELECT m.collection_id,
           SUM(CASE WHEN {having_sql(SEEN)} THEN 0 ELSE 1 END) AS unseen,
           SUM(CASE WHEN {having_sql(DELETED)} THEN 1 ELSE 0 END) AS deleted
    FROM mail_message m JOIN mail_messagechunk k
         ON k.collection_id = m.collection_id AND k.chunk = m.uid >> {CHUNK_BITS}
    WHERE {{within}} GROUP BY m.collection_id
) h ON h.collection_id = c.id
"""


def check_mailboxes(examination: Examination) -> Iterator[Finding]:
    """Find mailboxes that lack their row, count wrongly, or whose tombstones cannot be."""
    within = examination.within("c.account_id")
    total = examination.count(
        "mailboxes",
        f"SELECT COUNT(*) FROM core_collection c WHERE c.kind = 'mail' AND {within}",
    )
    yield from _MAILBOXES.find(within)
    yield from _INBOXES.find(examination.within("a.id"))
    counts = replace(
        _FLAG_COUNTS, tables=_FLAG_TABLES.format(within=examination.within("m.account_id"))
    )
    yield from counts.find(within)
    yield from _check_living(within)
    yield from check_gaps(examination, total)


_LIVING = f"""
SELECT * FROM (
    SELECT t.id AS id, {COLLECTION} AS place, c.account_id, c.id AS collection_id,
           t.uid_first, t.uid_last,
           (SELECT MIN(m.uid) FROM mail_message m WHERE m.collection_id = t.collection_id
            AND m.uid BETWEEN t.uid_first AND t.uid_last) AS uid
    FROM core_tombstone t JOIN core_collection c ON c.id = t.collection_id
    JOIN core_account a ON a.id = c.account_id
    WHERE {{within}} AND t.href = '' AND t.id > %(after)s
) held WHERE uid IS NOT NULL ORDER BY id LIMIT %(page)s
"""


def _check_living(within: str) -> Iterator[Fault]:
    """Find tombstones over a message that is there: clients would drop it."""
    for _, place, *keys, first, last, uid in read_pages(_LIVING.format(within=within)):
        what = f"the message is there, and a tombstone says that {first}:{last} are gone"
        anew = Repair(begin_anew, (keys[0], keys[1]))
        yield Fault("tombstone-lives", f"{place} UID {uid}", what, ANEW, anew)
