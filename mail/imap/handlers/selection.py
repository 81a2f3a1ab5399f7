"""Opening and closing a mailbox: SELECT, EXAMINE, CLOSE, UNSELECT."""

from dataclasses import dataclass
from typing import Final

from groupware.core import aio
from groupware.core.errors import NotFound
from mail import queries
from mail.imap import responses
from mail.imap.errors import Outcome, Refused, bad, ok
from mail.imap.handlers.listing import render_selected
from mail.imap.requests import Plain, Select
from mail.imap.responses import Code, Condition, Spell
from mail.imap.resync import Resync, contains, intersect, trusted
from mail.imap.sequences import Uid
from mail.imap.session import Session
from mail.imap.view import FlagRow, Identity, MailboxView, Ranges
from mail.places import Place, find_place
from mail.services import messages
from mail.uidset import normalize

MISSED_ROWS: Final = 1_000
"""Changes that are told at once to a client that comes back."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A mailbox that is opened, and what a client has missed that was here before."""

    place: Place
    snapshot: queries.Snapshot
    listed: bytes
    vanished: Ranges
    changed: list[FlagRow]


async def select(session: Session, request: Select) -> Outcome:
    """SELECT (RFC 3501 §6.3.1)."""
    return await _open(session, request, read_only=False)


async def examine(session: Session, request: Select) -> Outcome:
    """EXAMINE (RFC 3501 §6.3.2)."""
    return await _open(session, request, read_only=True)


async def _open(session: Session, request: Select, *, read_only: bool) -> Outcome:
    if request.resync is not None and not session.qresync:
        raise Refused(bad("Enable QRESYNC first."))
    # A failed SELECT leaves nothing open, too (RFC 3501 §6.3.1).
    if session.view is not None:
        session.leave_mailbox()
        text = "The one before is closed."
        session.write(responses.status_line(None, Condition.OK, text, Code.CLOSED))
    version = session.shared.watch.version()
    spell = session.spell if session.rev2 else None
    opened = await aio.read(read_snapshot, session.account_id, request, spell)
    place, snapshot = opened.place, opened.snapshot
    info = snapshot.info
    identity = Identity(
        info.account_id,
        info.collection_id,
        place.name,
        info.uid_validity,
        read_only,
        place.reader_id,
        place.rights,
        tuple(snapshot.lost),
    )
    view = MailboxView(identity, snapshot.uids, info.uid_next, info.highest_modseq, info.keywords)
    session.select(view, version)
    session.condstore = session.condstore or request.condstore
    session.write(_describe(session, opened))
    await _tell_missed(session, opened)
    if not identity.is_writable:
        return ok("Open for reading.", Code.READ_ONLY)
    return ok("Open.", Code.READ_WRITE)


def read_snapshot(account_id: int, request: Select, spell: Spell | None) -> Opened:
    """Return the mailbox of that name; raises `NotFound` also where it cannot be selected.

    With `spell` it comes with its LIST response, in that spelling.
    """
    place = find_place(account_id, request.mailbox)
    place.require("r")
    info = place.info
    if not info.selectable:
        raise NotFound("The mailbox cannot be selected.")
    snapshot = queries.get_snapshot(info.account_id, info.collection_id, reader_id=place.reader_id)
    vanished, changed = _list_missed(request.resync, snapshot, place.reader_id)
    listed = b""
    if spell is not None:
        listed = render_selected(account_id, place.name, request.denormalized, spell)
    return Opened(place, snapshot, listed, vanished, changed)


def _list_missed(
    resync: Resync | None, snapshot: queries.Snapshot, reader_id: int
) -> tuple[Ranges, list[FlagRow]]:
    """Return what a client has missed that was here before; of another mailbox nothing.

    Hot: what QRESYNC costs is this, by what changed.
    """
    info = snapshot.info
    if resync is None or resync.uid_validity != info.uid_validity:
        return [], []
    changes = queries.list_changes(
        info.collection_id,
        since_modseq=trusted(resync.modseq, snapshot.lost),
        known_uid_next=info.uid_next,
        reader_id=reader_id,
    )
    changed_in, vanished_in = resync.ranges_to_tell(snapshot.uids, info.uid_next)
    vanished = intersect(normalize(changes.vanished), vanished_in)
    return vanished, [row for row in changes.changed if contains(changed_in, row[0])]


async def _tell_missed(session: Session, opened: Opened) -> None:
    """Tell removals first, and then changes (RFC 7162 §3.2.5.1)."""
    view = session.selected()
    if opened.vanished:
        session.write(responses.vanished(opened.vanished, earlier=True))
    for start in range(0, len(opened.changed), MISSED_ROWS):
        numbered = view.number(opened.changed[start : start + MISSED_ROWS])
        session.write(responses.fetch_flags(numbered, with_modseq=session.condstore))
        await session.output.drain()


def _describe(session: Session, opened: Opened) -> bytes:
    """Return what a client must know of a mailbox that it opens (RFC 3501 §6.3.1).

    A client of IMAP4rev2 is told its LIST response, and of no RECENT and UNSEEN (RFC 9051 §6.3.2).
    """
    view = session.selected()
    snapshot = opened.snapshot
    info = snapshot.info
    codes = [
        (responses.code_permanent_flags(view.permanent_flags), "These flags are kept."),
        (responses.code_uid_validity(info.uid_validity), "UIDs are valid."),
        (responses.code_uid_next(Uid(info.uid_next)), "The next UID."),
        (responses.code_highest_modseq(info.highest_modseq), "The highest mod-sequence."),
        (responses.code_mailbox_id(info.object_id), "The mailbox by any name."),
    ]
    if snapshot.first_unseen_uid is not None and not session.rev2:
        seq = view.find_seq(snapshot.first_unseen_uid)
        if seq is not None:
            codes.append((responses.code_unseen(seq), "The first unseen message."))
    lines = [
        responses.flags(view.flags),
        responses.exists(len(view.uids)),
        opened.listed if session.rev2 else responses.recent(0),
        *(responses.status_line(None, Condition.OK, text, code) for code, text in codes),
    ]
    return b"".join(lines)


async def close(session: Session, _request: Plain) -> Outcome:
    """CLOSE (RFC 3501 §6.4.2): expunge without telling, where that is allowed (RFC 4314 §4)."""
    identity = session.selected().identity
    if identity.may("e"):
        await aio.write(messages.expunge_messages, identity.account_id, identity.collection_id)
    session.leave_mailbox()
    return ok("Closed.")


async def unselect(session: Session, _request: Plain) -> Outcome:
    """UNSELECT (RFC 3691): close without expunging."""
    session.leave_mailbox()
    return ok("Closed.")
