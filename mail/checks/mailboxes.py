"""Mailboxes: their rows and counters, and tombstones that are whole and cover nothing alive."""

from collections.abc import Iterator
from dataclasses import replace

from groupware.core.doctor import (
    Examination,
    Fault,
    Finding,
    Rule,
    RuledRows,
    read_pages,
    read_rows,
)
from groupware.core.doctor.collections import ANEW, COLLECTION
from groupware.core.doctor.items import RECOUNT
from mail.flags import DELETED, SEEN
from mail.services.counters import recount_flags

_RESTORE = "Restore the database from a backup."

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
            _RESTORE,
        ),
        Rule(
            "mailbox-row",
            "c.kind <> 'mail' AND b.collection_id IS NOT NULL",
            "it has a mailbox row and is no mailbox",
            _RESTORE,
        ),
        Rule(
            "mailbox-selectable",
            "b.collection_id IS NOT NULL AND NOT b.selectable AND c.items > 0",
            "it cannot be selected, and holds {items} messages",
            "Create the mailbox anew: it is there again with its messages.",
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
            "Create the mailbox INBOX, as its owner or by an import into it.",
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
        ),
    ),
)
_FLAG_TABLES = f"""
mail_mailbox b JOIN core_collection c ON c.id = b.collection_id
JOIN core_account a ON a.id = c.account_id
LEFT JOIN (
    SELECT collection_id,
           SUM(CASE WHEN flags & {SEEN} = 0 THEN 1 ELSE 0 END) AS unseen,
           SUM(CASE WHEN flags & {DELETED} <> 0 THEN 1 ELSE 0 END) AS deleted
    FROM mail_message i WHERE {{within}} GROUP BY collection_id
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
        _FLAG_COUNTS, tables=_FLAG_TABLES.format(within=examination.within("i.account_id"))
    )
    yield from counts.find(within)
    yield from _check_living(within)
    yield from _check_gaps(examination, total)


_LIVING = f"""
SELECT * FROM (
    SELECT t.id AS id, {COLLECTION} AS place, t.uid_first, t.uid_last,
           (SELECT MIN(m.uid) FROM mail_message m WHERE m.collection_id = t.collection_id
            AND m.uid BETWEEN t.uid_first AND t.uid_last) AS uid
    FROM core_tombstone t JOIN core_collection c ON c.id = t.collection_id
    JOIN core_account a ON a.id = c.account_id
    WHERE {{within}} AND t.href = '' AND t.id > %(after)s
) held WHERE uid IS NOT NULL ORDER BY id LIMIT %(page)s
"""


def _check_living(within: str) -> Iterator[Fault]:
    """Find tombstones over a message that is there: clients would drop it."""
    for _, place, first, last, uid in read_pages(_LIVING.format(within=within)):
        what = f"the message is there, and a tombstone says that {first}:{last} are gone"
        yield Fault("tombstone-lives", f"{place} UID {uid}", what, ANEW)


# Every UID below uid_next was a message's. One that is absent, and came after the floor, left a
# tombstone; it came after the floor if a message with a lower UID did, or if the floor is the
# mailbox's own beginning.
_GAPS = """
SELECT first, before, floor FROM (
    SELECT h.first, h.beginning, h.floor,
           COALESCE(MAX(h.last) OVER earlier, 0) AS before,
           COALESCE(MAX(h.created) OVER earlier, 0) AS created
    FROM (
        SELECT u.first, u.last, u.created, c.tombstone_floor AS floor, c.created_modseq AS beginning
        FROM core_collection c JOIN (
            SELECT uid AS first, uid AS last, created_modseq AS created
            FROM mail_message WHERE collection_id = %(collection)s
            UNION ALL SELECT uid_first, uid_last, 0
            FROM core_tombstone WHERE collection_id = %(collection)s AND href = ''
            UNION ALL SELECT uid_next, uid_next, 0
            FROM core_collection WHERE id = %(collection)s
        ) u ON 1 = 1
        WHERE c.id = %(collection)s
    ) h
    WINDOW earlier AS (ORDER BY h.first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
) gaps
WHERE first > before + 1 AND (created > floor OR floor = beginning)
ORDER BY first LIMIT %(page)s
"""
_COLLECTIONS = f"""
SELECT c.id, {COLLECTION} FROM core_collection c JOIN core_account a ON a.id = c.account_id
WHERE c.kind = 'mail' AND {{within}} AND c.id > %(after)s ORDER BY c.id LIMIT %(page)s
"""
_GAPS_SHOWN = 100


def _check_gaps(examination: Examination, total: int) -> Iterator[Fault]:
    """Find UIDs that went without a tombstone: clients would keep them for ever."""
    sql = _COLLECTIONS.format(within=examination.within("c.account_id"))
    for done, (collection_id, place) in enumerate(read_pages(sql)):
        examination.on_progress("mailboxes", done, total)
        for first, before, _ in read_rows(_GAPS, collection=collection_id, page=_GAPS_SHOWN):
            what = f"UIDs {before + 1}:{first - 1} are gone without a tombstone"
            yield Fault("tombstone-missing", place, what, ANEW)
