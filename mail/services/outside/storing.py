"""What was fetched, into a mailbox: with the note that it was, in one transaction.

Invariant: a message is noted if and only if its bytes were appended, or are those of one that was,
or cannot be had. Whatever ends a fetch, the next one goes on where it was; two at once do no harm.

A message is its bytes: what has the digest of one that came from the same account before is that
one, under another number (a new UIDVALIDITY, unique-ids that were renewed, moved there).
docs/adr/0046.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

from groupware.core import db
from groupware.core.blobs import BlobGone
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.errors import LimitExceeded, OverQuota, Stale, TooLarge
from mail.models import OutsideMailbox
from mail.outside.messages import Fetched
from mail.services.content import PreparedMessage, prepare_message
from mail.services.filing import Arrival, file_message, note_delivered
from mail.services.messages import append_message
from mail.services.trace import Passage

ATTEMPTS = 3
"""Times that bytes are staged when the collector takes them before they are claimed."""
FETCHED = "fetched from an account elsewhere"
TRIES = 5
"""Fetches of a message that the other side does not give, before it is passed over for good."""


@dataclass(frozen=True, slots=True)
class Source:
    """A mailbox elsewhere while it is read, and the mailbox here, None for where mail is filed.

    `host` is the server there.
    """

    outside_id: int
    account_id: int
    mailbox_id: int
    target_id: int | None
    uid_validity: int
    host: str = ""


@dataclass(slots=True)
class Counts:
    """What became of messages: fetched, known by their bytes, not to be had."""

    fetched: int = 0
    known: int = 0
    problems: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What is noted of a message; the times are epoch seconds."""

    size: int
    fetched_at: int
    attempts: int
    done: int
    problem: str


def find_highest(source: Source) -> int:
    """Return the UID up to which everything is dealt with: they ascend (RFC 3501 §2.3.1.1)."""
    rows = db.fetch_rows(
        "SELECT COALESCE(MAX(uid), 0) FROM mail_outsidemessage"
        " WHERE mailbox_id = %s AND uid_validity = %s",
        [source.mailbox_id, source.uid_validity],
    )
    return int(rows[0][0])


def list_known(source: Source, uidls: Sequence[str]) -> dict[str, Known]:
    """Return what is noted of these unique-ids."""
    if not uidls:
        return {}
    places = ", ".join(["%s"] * len(uidls))
    rows = db.fetch_rows(
        "SELECT uidl, size, fetched_at, attempts, done, problem FROM mail_outsidemessage"
        f" WHERE mailbox_id = %s AND uid_validity = 0 AND uid = 0 AND uidl IN ({places})",
        [source.mailbox_id, *uidls],
    )
    return {uidl: Known(*rest) for uidl, *rest in rows}


def list_failed(source: Source) -> list[tuple[int, int]]:
    """Return (UID, size) of what is to be tried again."""
    rows = db.fetch_rows(
        "SELECT uid, size FROM mail_outsidemessage WHERE mailbox_id = %s AND uid_validity = %s"
        " AND problem <> '' AND attempts < %s ORDER BY uid LIMIT 100",
        [source.mailbox_id, source.uid_validity, TRIES],
    )
    return [(int(uid), int(size)) for uid, size in rows]


def list_due(source: Source, done: int, before: int, most: int) -> list[int]:
    """Return UIDs of what was fetched before a time, and with which that was not done there yet."""
    rows = db.fetch_rows(
        "SELECT uid FROM mail_outsidemessage WHERE mailbox_id = %s AND uid_validity = %s"
        " AND problem = '' AND done < %s AND fetched_at <= %s ORDER BY uid LIMIT %s",
        [source.mailbox_id, source.uid_validity, done, before, most],
    )
    return [int(uid) for (uid,) in rows]


def note_done(source: Source, column: str, keys: Sequence[int] | Sequence[str], done: int) -> None:
    """Note what was done there with messages, by their `uid` or `uidl`."""
    places = ", ".join(["%s"] * len(keys))
    with db.write_transaction():
        db.execute(
            f"UPDATE mail_outsidemessage SET done = %s WHERE mailbox_id = %s"
            f" AND uid_validity = %s AND {column} IN ({places})",
            [done, source.mailbox_id, source.uid_validity, *keys],
        )


def give_up(source: Source, uids: Sequence[int]) -> None:
    """Try messages that are not there any more no further."""
    places = ", ".join(["%s"] * len(uids))
    with db.write_transaction():
        db.execute(
            f"UPDATE mail_outsidemessage SET attempts = {TRIES} WHERE mailbox_id = %s"
            f" AND uid_validity = %s AND uid IN ({places})",
            [source.mailbox_id, source.uid_validity, *uids],
        )


def store(source: Source, batch: Sequence[Fetched], counts: Counts) -> None:
    """Append what is new of a batch; durable on return.

    Raises `OverQuota`, after as many as fit; `DiskReserve`, `Busy`, and `Stale` where the account
    or the mailbox is gone.
    """
    try:
        done = _store(source, batch)
    except OverQuota:
        if len(batch) == 1:
            raise
        for fetched in batch:
            store(source, [fetched], counts)
        return
    counts.fetched += done.fetched
    counts.known += done.known
    counts.problems += done.problems


def _store(source: Source, batch: Sequence[Fetched]) -> Counts:
    for attempt in range(1, ATTEMPTS + 1):
        staged = [_stage(source, fetched) for fetched in batch]
        try:
            return _write(source, staged)
        except BlobGone:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class _Staged:
    """A message on its way; `prepared` is None where it is known by its bytes, or not here."""

    fetched: Fetched
    digest: bytes
    prepared: PreparedMessage | None


def _stage(source: Source, fetched: Fetched) -> _Staged:
    digest = sha256(fetched.data).digest()
    if fetched.problem or _came_before(source, digest) is not None:
        return _Staged(fetched, digest, None)
    try:
        return _Staged(fetched, digest, prepare_message(fetched.data))
    except TooLarge as error:
        return _Staged(replace(fetched, problem=error.message, is_final=True), digest, None)


def _write(source: Source, staged: Sequence[_Staged]) -> Counts:
    counts = Counts()
    with db.write_transaction():
        lock_account(source.account_id)
        _check_source(source)
        for one in staged:
            before = None if one.fetched.problem else _came_before(source, one.digest)
            if not _note(source, one, before):
                continue
            if one.fetched.problem:
                counts.problems += 1
            elif before is not None:
                _forget_older(source, one.digest)
                counts.known += 1
            elif one.prepared is None:
                raise Stale("What it was known by was removed at this moment.")
            else:
                _file(source, one.fetched, one.prepared)
                counts.fetched += 1
    return counts


def _check_source(source: Source) -> None:
    held = OutsideMailbox.objects.filter(pk=source.mailbox_id, target_id=source.target_id)
    if not held.exists():
        raise Stale("The outside account was changed at this moment.")


def _came_before(source: Source, digest: bytes) -> int | None:
    """Return when these bytes were fetched from this account, None where they were not."""
    rows = db.fetch_rows(
        "SELECT MIN(fetched_at) FROM mail_outsidemessage"
        " WHERE outside_id = %s AND digest = %s AND problem = ''",
        [source.outside_id, digest],
    )
    return None if rows[0][0] is None else int(rows[0][0])


def _note(source: Source, one: _Staged, before: int | None) -> bool:
    """Note a message; tell whether that is new. Of one that failed before, it is.

    So it is of a unique-id whose message has another size now: some servers give them again.
    """
    listed, problem = one.fetched.listed, one.fetched.problem[:200]
    is_numbered = source.uid_validity != 0
    rows = db.fetch_rows(
        "INSERT INTO mail_outsidemessage (outside_id, mailbox_id, uid_validity, uid, uidl, digest,"
        " size, fetched_at, attempts, done, problem)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s)"
        " ON CONFLICT (mailbox_id, uid_validity, uid, uidl) DO UPDATE SET"
        " digest = excluded.digest, size = excluded.size, fetched_at = excluded.fetched_at,"
        " attempts = mail_outsidemessage.attempts + excluded.attempts, done = 0, problem = excluded.problem"
        " WHERE mail_outsidemessage.problem <> '' OR mail_outsidemessage.size <> excluded.size"
        " RETURNING id",
        [
            source.outside_id,
            source.mailbox_id,
            source.uid_validity,
            listed.number if is_numbered else 0,
            listed.uidl,
            one.digest if not problem else b"",
            listed.size,
            epoch() if before is None else before,
            TRIES if one.fetched.is_final else 1,
            problem,
        ],
    )
    return bool(rows)


def _forget_older(source: Source, digest: bytes) -> None:
    """Forget what the message was called before its mailbox was numbered anew."""
    if source.uid_validity:
        db.execute(
            "DELETE FROM mail_outsidemessage"
            " WHERE mailbox_id = %s AND digest = %s AND uid_validity <> %s",
            [source.mailbox_id, digest, source.uid_validity],
        )


def _file(source: Source, fetched: Fetched, prepared: PreparedMessage) -> None:
    try:
        with db.write_transaction():
            _append(source, fetched, prepared)
    except LimitExceeded:
        if not fetched.keywords:
            raise
        # The mailbox has as many keywords as it may have: the message matters more.
        _append(source, replace(fetched, keywords=()), prepared)


def _append(source: Source, fetched: Fetched, prepared: PreparedMessage) -> None:
    passage = Passage("", "", f"outside {source.outside_id}", source.host, FETCHED)
    arrival = Arrival(
        flags=fetched.flags,
        keywords=fetched.keywords,
        internal_date=fetched.internal_date,
        internal_zone=fetched.internal_zone,
        passage=passage,
    )
    if source.target_id is None:
        file_message(source.account_id, prepared, arrival)
        return
    db.on_commit(partial(note_delivered, source.account_id, prepared, arrival, passage))
    append_message(
        source.account_id,
        source.target_id,
        prepared,
        flags=fetched.flags,
        keywords=fetched.keywords,
        internal_date=fetched.internal_date,
        internal_zone=fetched.internal_zone,
    )
