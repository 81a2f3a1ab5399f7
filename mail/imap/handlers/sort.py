"""SORT and THREAD with their UID forms (RFC 5256, RFC 5267 §3, RFC 5957)."""

from array import array

from groupware.core import aio
from mail.imap.errors import Outcome, ok
from mail.imap.handlers.search import answer, find_matches, saving
from mail.imap.requests import Sort, Thread
from mail.imap.session import Session
from mail.imap.sorting import ThreadKey, Threads, read_threads, sort_messages


async def sort(session: Session, request: Sort) -> Outcome:
    """Do a SORT: a search whose result comes in order."""
    with saving(session, request):
        matches = await find_matches(session, request.key)
        modseqs = dict(matches)
        collection_id = session.selected().identity.collection_id
        ordered = await aio.read(sort_messages, collection_id, request.criteria, list(modseqs))
        return answer(session, request, [(uid, modseqs[uid]) for uid in ordered])


async def thread(session: Session, request: Thread) -> Outcome:
    """Do a THREAD: a search whose result comes as trees."""
    matches = await find_matches(session, request.key)
    threads = await _find_threads(session, request, array("I", (uid for uid, _ in matches)))
    numbers = threads.uids if request.by_uid else session.selected().seqs_of(threads.uids)
    gap = b" " if threads.form else b""
    session.write(b"* THREAD" + gap + threads.form % tuple(numbers) + b"\r\n")
    return ok("Done.")


async def _find_threads(session: Session, request: Thread, uids: "array[int]") -> Threads:
    identity = session.selected().identity
    key = ThreadKey(identity.collection_id, identity.uid_validity, request.algorithm)
    cache = session.shared.threads
    threads = cache.find(key, uids)
    if threads is None:
        threads = await aio.read(read_threads, key, uids)
        cache.keep(key, uids, threads)
    return threads
