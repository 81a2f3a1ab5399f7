"""SEARCH and UID SEARCH, and what SORT and THREAD have in common with them."""

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from groupware.core import aio, limits
from groupware.core.errors import GroupwareError
from mail import queries
from mail.imap.errors import BAD_CHARSET, NOT_SAVED, Outcome, Refused, Reply, bad, ok
from mail.imap.requests import Search, Sort
from mail.imap.responses import Condition
from mail.imap.results import (
    ReturnOption,
    SearchResult,
    choose,
    serialize_esearch,
    serialize_search,
)
from mail.imap.session import Session
from mail.search import keys
from mail.search.searching import plan_search, search_batch

Matches = list[tuple[int, int]]
"""(uid, modseq), ascending by uid."""


async def search(session: Session, request: Search) -> Outcome:
    """Do a SEARCH (RFC 3501 §6.4.4, RFC 4731, RFC 5182, RFC 9051 §6.4.4)."""
    with saving(session, request):
        matches = await find_matches(session, request.key)
        asked = request.key is not None and asks_for_modseq(request.key)
        modseqs = [modseq for _, modseq in matches] if asked else ()
        return answer(session, request, [uid for uid, _ in matches], modseqs)


async def find_uids(session: Session, key: keys.SearchKey | None) -> "array[int]":
    """Return the UIDs of what a key finds, ascending; otherwise as `find_matches`.

    ALL of them are those that the client knows where nothing happened that it was not told of.
    """
    view = session.selected()
    if key is not None and _is_all(key) and not view.owes_expunge:
        collection_id = view.identity.collection_id
        if await aio.glance(queries.get_highest_modseq, collection_id) == view.modseq:
            return view.uids[:]
    return array("I", [uid for uid, _ in await find_matches(session, key)])


def _is_all(key: keys.SearchKey) -> bool:
    return isinstance(key, keys.AllKey) or (
        isinstance(key, keys.AndKey) and all(map(_is_all, key.keys))
    )


async def find_matches(session: Session, key: keys.SearchKey | None) -> Matches:
    """Return the messages of the open mailbox that a key finds.

    A key with MODSEQ enables CONDSTORE (RFC 7162 §3.1.5). Raises `Refused` where the charset
    was not known, or for a sequence number beyond the last message.
    """
    if key is None:
        raise Refused(BAD_CHARSET)
    view = session.selected()
    try:
        plan = plan_search(key, view)
    except LookupError as error:
        raise Refused(bad(str(error))) from error
    if asks_for_modseq(key):
        session.enable_condstore()
    matches: Matches = []
    last_uid, is_last = 0, not plan.ranges
    while not is_last:
        found = await aio.read(search_batch, view, plan, last_uid)
        matches += found.matches
        last_uid, is_last = found.last_uid, found.is_last
    return matches


@contextmanager
def saving(session: Session, request: Search | Sort) -> Iterator[None]:
    """Empty the saved result where a command that was to save one fails (RFC 5182 §2.1)."""
    try:
        yield
    except (GroupwareError, Refused) as failure:
        is_bad = isinstance(failure, Refused) and failure.reply.condition is Condition.BAD
        if ReturnOption.SAVE in (request.returns or ()) and not is_bad and session.view:
            session.view.save(())
        raise


def answer(
    session: Session, request: Search | Sort, uids: Sequence[int], modseqs: Sequence[int] = ()
) -> Reply:
    """Tell what was found in the way that was asked for, and save it for `$`.

    `modseqs` are those of the messages where the key asks for them.
    """
    numbers = uids if request.by_uid else session.selected().seqs_of(uids)
    result = SearchResult(numbers, modseqs, request.by_uid)
    returns = request.returns
    if returns is None and isinstance(request, Search) and session.rev2:
        returns = frozenset({ReturnOption.ALL})
    if returns is None:
        session.write(serialize_search("SEARCH" if isinstance(request, Search) else "SORT", result))
        return ok("Done.")
    if ReturnOption.SAVE in returns:
        save(session, choose(returns, uids))
    if returns != {ReturnOption.SAVE}:
        session.write(serialize_esearch(session.tag, returns, result))
    return ok("Done.")


def save(session: Session, uids: Sequence[int]) -> None:
    """Keep a result for `$`; raises `Refused` where it is larger than a session may keep."""
    if len(uids) > limits.IMAP_SAVED_RESULT.value:
        raise Refused(NOT_SAVED)
    session.selected().save(sorted(uids))


def asks_for_modseq(key: keys.SearchKey) -> bool:
    """Tell whether MODSEQ stands anywhere in a key."""
    match key:
        case keys.ModSeqKey():
            return True
        case keys.AndKey(keys=inner):
            return any(map(asks_for_modseq, inner))
        case keys.OrKey(left=left, right=right):
            return asks_for_modseq(left) or asks_for_modseq(right)
        case keys.NotKey(key=negated):
            return asks_for_modseq(negated)
    return False
