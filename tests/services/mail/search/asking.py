"""Messages in one mailbox, and what a search of it finds."""

from collections.abc import Sequence

from groupware.core.models import Account
from mail.search.keys import SearchKey
from mail.search.searching import plan_search, search_batch
from mail.services import search, search_segments
from mail.services.content import prepare_message
from tests.services.mail.search.oracle import Decoded, decode
from tests.services.mail.test_fetch import open_view
from tests.services.store import append


def fill(account: Account, messages: Sequence[bytes], prefix: bytes = b"") -> dict[int, Decoded]:
    """Append messages to the INBOX; return them by UID, as the oracle wants them."""
    held: dict[int, Decoded] = {}
    for data in messages:
        appended = append(account, data=prepare_message(data), prefix=prefix)
        held[appended.uid] = decode(data, prefix)
    return held


def ask(account: Account, key: SearchKey) -> list[int]:
    """Return the UIDs of the INBOX that a search finds."""
    view = open_view(account)
    plan = plan_search(key, view)
    found: list[int] = []
    last_uid, is_last = 0, False
    while not is_last:
        batch = search_batch(view, plan, last_uid)
        found += [uid for uid, _ in batch.matches]
        last_uid, is_last = batch.last_uid, batch.is_last
    return found


def index_everything() -> None:
    """Index what is there, and put all of it into a segment."""
    while search.index_new():
        pass
    while search_segments.seal_segment(least=1):
        pass
