"""SEARCH and UID SEARCH."""

from groupware.core import aio
from mail.imap import responses
from mail.imap import searchkeys as keys
from mail.imap.errors import Outcome, bad, ok
from mail.imap.requests import Search
from mail.imap.searching import plan_search, search_batch
from mail.imap.session import Session


async def search(session: Session, request: Search) -> Outcome:
    """Do a SEARCH (RFC 3501 §6.4.4); one with MODSEQ enables CONDSTORE (RFC 7162 §3.1.5)."""
    view = session.selected()
    try:
        plan = plan_search(request.key, view)
    except LookupError as error:
        return bad(str(error))
    by_modseq = _asks_for_modseq(request.key)
    if by_modseq:
        session.enable_condstore()
    matches: list[tuple[int, int]] = []
    last_uid, is_last = 0, not plan.ranges
    while not is_last:
        found = await aio.read(search_batch, view, plan, last_uid)
        matches += found.matches
        last_uid, is_last = found.last_uid, found.is_last
    numbers: list[int] = [uid for uid, _ in matches]
    if not request.by_uid:
        numbers = [seq for uid in numbers if (seq := view.find_seq(uid)) is not None]
    highest = max((modseq for _, modseq in matches), default=0)
    session.write(responses.search(numbers, highest if by_modseq else None))
    return ok("Searched.")


def _asks_for_modseq(key: keys.SearchKey) -> bool:
    match key:
        case keys.ModSeqKey():
            return True
        case keys.AndKey(keys=inner):
            return any(map(_asks_for_modseq, inner))
        case keys.OrKey(left=left, right=right):
            return _asks_for_modseq(left) or _asks_for_modseq(right)
        case keys.NotKey(key=negated):
            return _asks_for_modseq(negated)
    return False
