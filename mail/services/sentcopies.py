"""Copies of what is sent, in Sent once: the server's, or that of the program that sent it.

Both have the same Message-ID. The server files one with the message that it takes; where a program
puts its own into a Sent mailbox it replaces the server's, and where it did so before, the server
files none (docs/adr/0039).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from groupware.core import db, limits
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.models import Account, AccountKind
from groupware.core.rights import effective_rights
from mail import queries
from mail.flags import OWNER, SEEN, actor_with
from mail.models import SentCopyPolicy
from mail.models.mailbox import SpecialUse
from mail.queries import MailboxInfo
from mail.retention import held_condition
from mail.services.content import PreparedMessage
from mail.services.mailboxes import create_mailbox
from mail.services.messages import append_message, remove_messages

NEWEST = 500
"""Messages of a Sent mailbox among which a copy is looked for, the last that came."""

_NAMES = frozenset(
    {
        "gesendet",
        "gesendete elemente",
        "gesendete objekte",
        "sent",
        "sent items",
        "sent mail",
        "sent messages",
    }
)
"""What programs call the mailbox that they make for themselves."""

_UNSENT = frozenset({"draft", "drafts", "entwurf", "entwürfe", "outbox", "postausgang"})
"""What they call the one in which a message waits until it is sent."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is to be filed: a message, the fields before it, and its Message-ID without brackets."""

    message: PreparedMessage
    prefix: bytes
    message_id: str


def is_sent(info: MailboxInfo) -> bool:
    """Tell whether what is put into a mailbox is what somebody sent: by its use, or its name."""
    return info.special_use == SpecialUse.SENT or (
        not info.special_use and info.name.rpartition("/")[2].casefold() in _NAMES
    )


def _is_for_drafts(info: MailboxInfo) -> bool:
    return info.special_use == SpecialUse.DRAFTS or (
        not info.special_use and info.name.rpartition("/")[2].casefold() in _UNSENT
    )


def is_on(account_id: int) -> bool:
    """Tell whether the server files what an account sends."""
    held = SentCopyPolicy.objects.filter(account=account_id).values_list("is_on", flat=True)
    return all(held)


def set_on(account_id: int, *, on: bool) -> None:
    """Let the server file what an account sends, or leave that to its programs."""
    with db.write_transaction():
        lock_account(account_id)
        SentCopyPolicy.objects.update_or_create(account_id=account_id, defaults={"is_on": on})


def choose_owner(submitter_id: int, author_id: int | None) -> int | None:
    """Return in whose Sent a copy belongs, None for nobody's.

    What is sent as a shared account goes to that account's Sent, where all who work in it look
    for it, if the submitter may put something there; everything else to the submitter's own.
    """
    if author_id is not None and author_id != submitter_id and _takes(submitter_id, author_id):
        return author_id
    return submitter_id if is_on(submitter_id) else None


def _takes(submitter_id: int, author_id: int) -> bool:
    shared = Account.objects.filter(pk=author_id).exclude(kind=AccountKind.PERSON)
    if not shared.exists() or not is_on(author_id):
        return False
    place = _find_sent(queries.list_mailboxes(author_id))
    return place is not None and "i" in effective_rights(
        submitter_id, author_id, place.collection_id
    )


def _find_sent(mailboxes: Sequence[MailboxInfo]) -> MailboxInfo | None:
    """Return the mailbox whose use is Sent, else the one of that name."""
    usable = [info for info in mailboxes if info.selectable]
    used = [info for info in usable if info.special_use == SpecialUse.SENT]
    return next(iter(used), None) or next((info for info in usable if info.name == "Sent"), None)


def file_copy(submitter_id: int, owner_id: int, copy: Copy) -> None:
    r"""File a copy in a Sent mailbox of `owner_id`, `\Seen`, unless there is one.

    On hold there is one in any case: what was sent is not what somebody filed of that Message-ID.
    In the caller's transaction, which holds the owner's lock. Raises as `append_message` does.
    """
    mailboxes = queries.list_mailboxes(owner_id)
    place = _find_sent(mailboxes) or create_mailbox(owner_id, "Sent", SpecialUse.SENT)
    if _is_there(owner_id, mailboxes, copy) and not _is_on_hold(place.collection_id):
        return
    actor = OWNER
    if submitter_id != owner_id:
        held = effective_rights(submitter_id, owner_id, place.collection_id)
        actor = actor_with(submitter_id, held.letters)
    appended = append_message(
        owner_id, place.collection_id, copy.message, flags=SEEN, prefix=copy.prefix, actor=actor
    )
    db.execute(
        "INSERT INTO mail_sentcopy (account_id, collection_id, uid, submitter_id, message_id,"
        " filed_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [owner_id, place.collection_id, appended.uid, submitter_id, copy.message_id, epoch()],
    )


def _is_there(owner_id: int, mailboxes: Sequence[MailboxInfo], copy: Copy) -> bool:
    """Tell whether a program, or an earlier try of this one, has put the message there.

    Of a message whose Message-ID nobody can read nothing is known.
    """
    if not copy.message_id:
        return False
    if _find_copy(owner_id, copy.message_id) is not None:
        return True
    return any(
        db.fetch_rows(
            "SELECT 1 FROM mail_message m JOIN mail_messagecontent c ON c.blob_id = m.blob_id"
            " WHERE m.collection_id = %s AND m.uid >= %s AND m.saved_at >= %s"
            " AND c.message_id = %s LIMIT 1",
            [info.collection_id, info.uid_next - NEWEST, _since(), copy.message_id],
        )
        for info in mailboxes
        if info.items and is_sent(info)
    )


def _since() -> int:
    return epoch() - limits.SENT_COPY_WINDOW.value


def _find_copy(
    account_id: int, message_id: str, blob_id: int | None = None, *, submitter_id: int | None = None
) -> tuple[int, int, int] | None:
    """Return (row, mailbox, uid) of a copy of the server's that is still there, the first one.

    It has this Message-ID, or these very bytes: of a message that came without one. Where a
    submitter is named, it is a copy of what that one sent.
    """
    narrowed, params = (
        ("", []) if submitter_id is None else (" AND s.submitter_id = %s", [submitter_id])
    )
    rows = db.fetch_rows(
        "SELECT s.id, s.collection_id, s.uid FROM mail_sentcopy s"
        " JOIN mail_message m ON m.collection_id = s.collection_id AND m.uid = s.uid"
        " WHERE s.account_id = %s AND s.filed_at >= %s"
        " AND (s.message_id = %s AND s.message_id <> '' OR m.blob_id = %s)"
        f"{narrowed} ORDER BY s.id LIMIT 1",
        [account_id, _since(), message_id, blob_id or 0, *params],
    )
    return rows[0] if rows else None


def take_back(account_id: int, prepared: PreparedMessage, submitter_id: int) -> None:
    """Remove the server's copy of a message that its sender's program puts into a Sent mailbox.

    In the caller's transaction, which holds the account's lock, and which appends the program's.
    """
    blob_id = prepared.staged.blob_id
    message_id = "" if prepared.columns is None else prepared.columns["message_id"]
    if prepared.columns is None:
        known = db.fetch_rows(
            "SELECT message_id FROM mail_messagecontent WHERE blob_id = %s", [blob_id]
        )
        message_id = known[0][0] if known else ""
    if (held := _find_copy(account_id, message_id, blob_id, submitter_id=submitter_id)) is not None:
        _remove_copy(account_id, held)


def give_way(source_id: int, target: tuple[int, int], uids: Sequence[int], submitter: int) -> None:
    """Remove the server's copies of what a program puts from Drafts into a Sent mailbox.

    `target` is an (account, mailbox) in which the messages are already, with these UIDs; that is
    what programs do that sent a draft and do not append it. In the caller's transaction, which
    holds the account's lock.
    """
    account_id, target_id = target
    if not uids or not (copies := _list_copies(account_id, submitter, besides=source_id)):
        return
    if not _is_for_drafts(queries.get_mailbox_by_id(source_id)) or not is_sent(
        queries.get_mailbox_by_id(target_id)
    ):
        return
    arrived = db.fetch_rows(
        "SELECT m.blob_id, c.message_id FROM mail_message m"
        " JOIN mail_messagecontent c ON c.blob_id = m.blob_id"
        " WHERE m.collection_id = %s AND m.uid BETWEEN %s AND %s",
        [target_id, uids[0], uids[-1]],
    )
    blob_ids, message_ids = {row[0] for row in arrived}, {row[1] for row in arrived} - {""}
    for held, message_id, blob_id in copies:
        if message_id in message_ids or blob_id in blob_ids:
            _remove_copy(account_id, held)
            # One for each, as where it is appended.
            message_ids.discard(message_id)
            blob_ids.discard(blob_id)


def _list_copies(
    account_id: int, submitter_id: int, *, besides: int
) -> list[tuple[tuple[int, int, int], str, int]]:
    """Return (row, mailbox, uid), Message-ID and blob of what was filed and is still there."""
    rows = db.fetch_rows(
        "SELECT s.id, s.collection_id, s.uid, s.message_id, m.blob_id FROM mail_sentcopy s"
        " JOIN mail_message m ON m.collection_id = s.collection_id AND m.uid = s.uid"
        " WHERE s.account_id = %s AND s.filed_at >= %s AND s.submitter_id = %s"
        " AND s.collection_id <> %s ORDER BY s.id",
        [account_id, _since(), submitter_id, besides],
    )
    return [((row[0], row[1], row[2]), row[3], row[4]) for row in rows]


def _remove_copy(account_id: int, held: tuple[int, int, int]) -> None:
    row_id, collection_id, uid = held
    # Who is on hold cannot make what was sent another by filing one of the same Message-ID.
    kept = _is_on_hold(collection_id)
    remove_messages(account_id, collection_id, [(uid, uid)], kept=kept)
    db.execute("DELETE FROM mail_sentcopy WHERE id = %s", [row_id])


def _is_on_hold(collection_id: int) -> bool:
    condition = held_condition("c.account_id", "c.id")
    query = f"SELECT 1 FROM core_collection c WHERE c.id = %s AND {condition}"
    return bool(db.fetch_rows(query, [collection_id]))


def forget() -> int:
    """Remove what is known of copies that no program will put there any more; return how many."""
    since = [_since()]
    if not db.finds("SELECT 1 FROM mail_sentcopy WHERE filed_at < %s", since):
        return 0
    with db.write_transaction():
        return len(
            db.fetch_rows("DELETE FROM mail_sentcopy WHERE filed_at < %s RETURNING id", since)
        )
