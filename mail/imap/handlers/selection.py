"""Opening and closing a mailbox: SELECT, EXAMINE, CLOSE, UNSELECT."""

from groupware.core import aio
from groupware.core.errors import NotFound
from mail import queries
from mail.imap import responses
from mail.imap.errors import Outcome, ok
from mail.imap.places import Place, find_place
from mail.imap.requests import Plain, Select
from mail.imap.responses import Code, Condition
from mail.imap.sequences import Uid
from mail.imap.session import Session
from mail.imap.view import Identity, MailboxView
from mail.services import messages


async def select(session: Session, request: Select) -> Outcome:
    """SELECT (RFC 3501 §6.3.1)."""
    return await _open(session, request, read_only=False)


async def examine(session: Session, request: Select) -> Outcome:
    """EXAMINE (RFC 3501 §6.3.2)."""
    return await _open(session, request, read_only=True)


async def _open(session: Session, request: Select, *, read_only: bool) -> Outcome:
    # A failed SELECT leaves nothing open, too (RFC 3501 §6.3.1).
    if session.view is not None:
        session.leave_mailbox()
        text = "The one before is closed."
        session.write(responses.status_line(None, Condition.OK, text, Code.CLOSED))
    version = session.shared.watch.version()
    place, snapshot = await aio.read(read_snapshot, session.account_id, request.mailbox)
    info = snapshot.info
    identity = Identity(
        info.account_id,
        info.collection_id,
        place.name,
        info.uid_validity,
        read_only,
        place.reader_id,
        place.rights,
    )
    view = MailboxView(identity, snapshot.uids, info.uid_next, info.highest_modseq, info.keywords)
    session.select(view, version)
    session.condstore = session.condstore or request.condstore
    session.write(_describe(view, snapshot))
    if not identity.is_writable:
        return ok("Open for reading.", Code.READ_ONLY)
    return ok("Open.", Code.READ_WRITE)


def read_snapshot(account_id: int, name: str) -> tuple[Place, queries.Snapshot]:
    """Return the mailbox of that name; raises `NotFound` also where it cannot be selected."""
    place = find_place(account_id, name)
    place.require("r")
    info = place.info
    if not info.selectable:
        raise NotFound("The mailbox cannot be selected.")
    snapshot = queries.get_snapshot(info.account_id, info.collection_id, reader_id=place.reader_id)
    return place, snapshot


def _describe(view: MailboxView, snapshot: queries.Snapshot) -> bytes:
    """Return what a client must know of a mailbox that it opens (RFC 3501 §6.3.1)."""
    info = snapshot.info
    codes = [
        (responses.code_permanent_flags(view.permanent_flags), "These flags are kept."),
        (responses.code_uid_validity(info.uid_validity), "UIDs are valid."),
        (responses.code_uid_next(Uid(info.uid_next)), "The next UID."),
        (responses.code_highest_modseq(info.highest_modseq), "The highest mod-sequence."),
        (responses.code_mailbox_id(info.object_id), "The mailbox by any name."),
    ]
    if snapshot.first_unseen_uid is not None:
        seq = view.find_seq(snapshot.first_unseen_uid)
        if seq is not None:
            codes.append((responses.code_unseen(seq), "The first unseen message."))
    lines = [
        responses.flags(view.flags),
        responses.exists(len(view.uids)),
        responses.recent(0),
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
