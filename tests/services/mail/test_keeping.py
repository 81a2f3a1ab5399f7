"""What a process keeps of mailboxes: how much, how long, and for whom."""

import threading
from collections.abc import Callable

import pytest

from groupware.core import limits
from mail.imap import keeping
from mail.imap.keeping import Mailbox, Memory
from mail.imap.sorting import KeptOrder
from tests.conftest import SetLimit

INBOX = Mailbox(1, 7, range(1, 11))


def keep(memory: Memory, mailbox: Mailbox = INBOX, purpose: str = "order", count: int = 0) -> int:
    """Return how many messages are kept; have so many more."""
    with memory.hold(mailbox, purpose, KeptOrder) as kept:
        held = len(kept)
        uids = range(kept.last_uid + 1, kept.last_uid + 1 + count)
        kept.add([(uid, uid) for uid in uids], kept.last_uid + count)
    return held


def test_what_is_kept_is_of_one_mailbox_and_one_purpose() -> None:
    memory = Memory()
    keep(memory, count=3)
    assert keep(memory) == 3
    assert keep(memory, INBOX._replace(uid_validity=8)) == 0
    assert keep(memory, INBOX._replace(collection_id=2)) == 0
    assert keep(memory, purpose="threads") == 0


def test_what_was_not_used_for_longest_makes_room(set_limit: SetLimit) -> None:
    set_limit(limits.IMAP_MEMORY, 2 * keeping.EMPTY + 12 * 5)
    memory = Memory()
    one, two, three = (INBOX._replace(collection_id=number) for number in (1, 2, 3))
    keep(memory, one, count=2)
    keep(memory, two, count=2)
    keep(memory, one)
    keep(memory, three, count=2)
    assert [keep(memory, mailbox) for mailbox in (one, three, two)] == [2, 2, 0]
    keep(memory, one, count=4)
    keep(memory, one, count=4 + keeping.EMPTY)
    assert [keep(memory, mailbox) for mailbox in (one, three)] == [0, 0]


def test_mailboxes_of_which_nothing_is_kept_make_room_as_well(set_limit: SetLimit) -> None:
    set_limit(limits.IMAP_MEMORY, 10 * keeping.EMPTY)
    memory = Memory()
    for number in range(100):
        keep(memory, INBOX._replace(collection_id=number))
    assert len(memory._shelves) == 10


def test_what_is_mostly_about_messages_that_are_gone_is_made_anew() -> None:
    memory = Memory()
    keep(memory, count=10)
    assert keep(memory, INBOX._replace(uids=range(6, 11))) == 10
    assert keep(memory, INBOX._replace(uids=range(7, 11))) == 0


def test_what_was_kept_for_an_hour_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 5.0
    monkeypatch.setattr(keeping, "monotonic", lambda: now)
    memory = Memory()
    keep(memory, count=3)
    now += keeping.LIFETIME
    assert keep(memory) == 3
    now += 1
    assert keep(memory) == 0


def test_what_was_not_read_whole_is_not_kept() -> None:
    memory = Memory()
    keep(memory, count=3)
    with pytest.raises(ValueError, match="half"), memory.hold(INBOX, "order", KeptOrder):
        raise ValueError("half")
    assert keep(memory) == 0


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_one_thread_at_a_time_adds_to_what_is_kept() -> None:
    memory = Memory()
    found: list[int] = []
    with memory.hold(INBOX, "order", KeptOrder) as kept:
        other = in_thread(lambda: found.append(keep(memory)))
        keep(memory, INBOX._replace(collection_id=2))
        assert other.is_alive()
        kept.add([(1, 1)], 1)
    other.join()
    assert found == [1]
