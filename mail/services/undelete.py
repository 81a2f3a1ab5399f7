r"""Finding what was expunged lately, and restoring it.

A restored message has a new UID and its old bytes, flags, keywords and dates; `\Deleted` is
taken off. It is charged to the quota again. Each batch is one transaction, in which the kept rows
become messages: whatever interrupts a restoration, a second run goes on where it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from groupware.core import db
from groupware.core.changes import begin_change, lock_account, touch_collection
from groupware.core.clock import epoch
from mail import queries
from mail.chunkflags import with_keywords
from mail.flags import DELETED, SEEN, join_keywords
from mail.mime.text import fold_search, read_sender_and_subject
from mail.services.chunks import note_arrivals
from mail.services.expunged import delete_kept
from mail.services.keywords import respell_stored, spell_stored
from mail.services.mailboxes import create_mailbox, subscribe
from mail.services.messages import count_mailbox

BATCH = 500
"""Messages that one transaction restores: an account's writers wait for no more than that."""


@dataclass(frozen=True, slots=True)
class Restorable:
    """An expunged message; `mailbox` is the name of today where its mailbox is still there."""

    key: int
    mailbox_id: int
    mailbox: str
    uid: int
    size: int
    flags: int
    keywords: str
    internal_date: int
    expunged_at: int
    sender: str
    subject: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which expunged messages of an account are meant; what is empty restricts nothing.

    `since` is the moment from which on they were expunged; `sender` and `subject` are parts of
    those fields, in any case.
    """

    account_id: int
    mailbox: str = ""
    since: int = 0
    sender: str = ""
    subject: str = ""

    def admits(self, found: Restorable) -> bool:
        """Tell whether the text of the message is as wanted."""
        return _holds(found.sender, self.sender) and _holds(found.subject, self.subject)


def _holds(text: str, part: str) -> bool:
    return not part or fold_search(part) in fold_search(text)


_PAGE = (
    "SELECT e.id, e.mailbox_id, COALESCE(c.name, e.mailbox), e.uid, e.size, e.flags, e.keywords,"
    " e.internal_date, e.expunged_at, t.header_fields FROM mail_expungedmessage e"
    " LEFT JOIN core_collection c ON c.id = e.mailbox_id"
    " LEFT JOIN mail_messagecontent t ON t.blob_id = e.blob_id"
    " WHERE e.account_id = %s AND e.id > %s AND e.expunged_at >= %s"
)


def list_restorable(selection: Selection) -> Iterator[Restorable]:
    """Yield what can be restored, in the order of its expunging; no snapshot stays open."""
    narrowed = " AND COALESCE(c.name, e.mailbox) = %s" if selection.mailbox else ""
    names = [selection.mailbox] if selection.mailbox else []
    after = 0
    while True:
        with db.read_snapshot():
            rows = db.fetch_rows(
                f"{_PAGE}{narrowed} ORDER BY e.id LIMIT %s",
                [selection.account_id, after, selection.since, *names, BATCH],
            )
        yield from filter(selection.admits, map(_restorable, rows))
        if len(rows) < BATCH:
            return
        after = rows[-1][0]


def _restorable(row: tuple[Any, ...]) -> Restorable:
    *columns, header_fields = row
    columns += read_sender_and_subject(bytes(header_fields or b""))
    return Restorable(*columns)


def prepare_mailbox(account_id: int, mailbox_id: int, name: str) -> int:
    """Return the mailbox that messages go back to: the same, one of its name, or a new one.

    Raises `Invalid`, `LimitExceeded` where a new one cannot be made.
    """
    rows = db.fetch_rows(
        "SELECT c.id FROM core_collection c JOIN mail_mailbox b ON b.collection_id = c.id"
        " WHERE c.id = %s AND c.account_id = %s AND b.selectable",
        [mailbox_id, account_id],
    )
    if rows:
        return int(rows[0][0])
    held = queries.find_mailbox(account_id, name)
    if held is not None and held.selectable:
        return held.collection_id
    made = create_mailbox(account_id, name)
    subscribe(account_id, name)
    return made.collection_id


def restore_messages(account_id: int, collection_id: int, keys: Sequence[int]) -> int:
    """Restore a batch into a mailbox, all or none, by their old UIDs; return how many there were.

    What was restored or let go of since is left out. Raises `OverQuota`, `Stale` where the
    mailbox is gone, `LimitExceeded`.
    """
    chosen, params = db.in_list("id", list(keys))
    chosen += " AND account_id = %s"
    params.append(account_id)
    with db.write_transaction():
        lock_account(account_id)  # before the rows are read
        rows = db.fetch_rows(
            f"SELECT id, size, flags, keywords FROM mail_expungedmessage WHERE {chosen}"
            " ORDER BY uid, id",
            params,
        )
        if not rows:
            return 0
        size = sum(row[1] for row in rows)
        change = begin_change(account_id, add_bytes=size, add_items=len(rows))
        uid = touch_collection(change, collection_id, uids=len(rows), items=len(rows), size=size)
        spelled = spell_stored(collection_id, {row[3] for row in rows})
        count_mailbox(
            collection_id,
            unseen=sum(1 for row in rows if not row[2] & SEEN),
            keywords=join_keywords(" ".join(spelled.values()).split()),
        )
        _insert(collection_id, uid, change.modseq, (chosen, params))
        masks = [with_keywords(row[2] & ~DELETED, row[3]) for row in rows]
        note_arrivals(change, collection_id, uid, masks)
        respell_stored(collection_id, uid, spelled)
        delete_kept([row[0] for row in rows])
    return len(rows)


_COPIED = "account_id, size, keywords, internal_date, internal_zone, email_id, thread_id, blob_id"


def _insert(collection_id: int, uid: int, modseq: int, chosen: tuple[str, list[Any]]) -> None:
    """Make messages of the chosen rows, with UIDs from `uid` on in the order of the old ones."""
    condition, params = chosen
    numbered = "%s - 1 + ROW_NUMBER() OVER (ORDER BY uid, id)"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mail_message (collection_id, uid, modseq, created_modseq, saved_at,"
            f" prefix_size, {_COPIED}) SELECT %s, {numbered}, %s, %s, %s,"
            f" COALESCE(LENGTH(prefix), 0), {_COPIED} FROM mail_expungedmessage WHERE {condition}",
            [collection_id, uid, modseq, modseq, epoch(), *params],
        )
        cursor.execute(
            "INSERT INTO mail_messageprefix (message_id, data) SELECT m.id, e.prefix FROM"
            f" (SELECT prefix, {numbered} AS new_uid FROM mail_expungedmessage WHERE {condition}) e"
            " JOIN mail_message m ON m.collection_id = %s AND m.uid = e.new_uid"
            " WHERE e.prefix IS NOT NULL",
            [uid, *params, collection_id],
        )
