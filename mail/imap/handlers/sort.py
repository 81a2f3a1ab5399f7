"""SORT and THREAD with their UID forms (RFC 5256, RFC 5267 §3, RFC 5957)."""

from collections.abc import Sequence

from groupware.core import aio
from mail.imap.errors import Outcome, ok
from mail.imap.handlers.search import answer, asks_for_modseq, find_matches, find_uids, saving
from mail.imap.keeping import Mailbox
from mail.imap.requests import Sort, Thread
from mail.imap.session import Session
from mail.imap.sorting import sort_messages
from mail.imap.threaded import find_threads


async def sort(session: Session, request: Sort) -> Outcome:
    """Do a SORT: a search whose result comes in order."""
    with saving(session, request):
        if request.key is None or not asks_for_modseq(request.key):
            uids = await find_uids(session, request.key)
            return answer(session, request, await _sort(session, request, uids))
        modseqs = dict(await find_matches(session, request.key))
        ordered = await _sort(session, request, list(modseqs))
        return answer(session, request, ordered, [modseqs[uid] for uid in ordered])


async def _sort(session: Session, request: Sort, uids: Sequence[int]) -> list[int]:
    memory = session.shared.memory
    return await aio.read(sort_messages, memory, _mailbox(session), request.criteria, uids)


async def thread(session: Session, request: Thread) -> Outcome:
    """Do a THREAD: a search whose result comes as trees."""
    uids = await find_uids(session, request.key)
    memory = session.shared.memory
    threads = await aio.read(find_threads, memory, _mailbox(session), request.algorithm, uids)
    numbers = threads.uids if request.by_uid else session.selected().seqs_of(threads.uids)
    gap = b" " if threads.form else b""
    session.write(b"* THREAD" + gap + threads.form % tuple(numbers) + b"\r\n")
    return ok("Done.")


def _mailbox(session: Session) -> Mailbox:
    view = session.selected()
    return Mailbox(view.identity.collection_id, view.identity.uid_validity, view.uids)
