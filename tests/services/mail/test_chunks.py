"""Flags of many messages are those of each, whatever chunk it is in; modseqs likewise."""

import random
from dataclasses import dataclass, field

import pytest

from groupware.core.models import Account
from mail import flagrows, queries
from mail.flagrows import list_chunks, list_flags
from mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from mail.models import MessageChunk
from mail.services.copying import copy_messages
from mail.services.flags import StoreOp, store_flags
from mail.services.messages import expunge_messages
from tests.services.damage import find
from tests.services.store import EVERYTHING, append, mailbox

pytestmark = pytest.mark.django_db
COUNT = 600
BORDERS = (1, 2, 255, 256, 257, 300, 511, 512, COUNT)


@dataclass
class Slow:
    """What every message of INBOX should be, kept the slow way."""

    account: Account
    rows: dict[int, tuple[int, str, int]] = field(default_factory=dict)

    @property
    def inbox(self) -> int:
        return mailbox(self.account).collection_id

    def store(self, first: int, last: int, op: StoreOp, flags: int, words: str) -> None:
        stored = store_flags(self.account.pk, self.inbox, [(first, last)], op, flags, words.split())
        for uid, (mask, held, modseq) in self.rows.items():
            if first <= uid <= last:
                after = self._apply(op, mask, held, flags, words)
                self.rows[uid] = (*after, modseq if after == (mask, held) else stored.modseq)
        assert stored.rows == self.list((first, last))

    @staticmethod
    def _apply(op: StoreOp, mask: int, held: str, flags: int, words: str) -> tuple[int, str]:
        if op is StoreOp.SET:
            return flags, words
        if op is StoreOp.ADD:
            return mask | flags, words or held
        return mask & ~flags, "" if words else held

    def list(self, *ranges: tuple[int, int]) -> list[tuple[int, int, str, int]]:
        return [
            (uid, *row)
            for uid, row in sorted(self.rows.items())
            if any(first <= uid <= last for first, last in ranges or EVERYTHING)
        ]

    def expunge(self, first: int, last: int) -> None:
        gone = expunge_messages(self.account.pk, self.inbox, [(first, last)])
        marked = [uid for uid, *_ in self.list((first, last)) if self.rows[uid][0] & DELETED]
        assert gone == marked
        for uid in gone:
            del self.rows[uid]

    def check(self, since: int) -> None:
        """Compare every way in which flags are read."""
        expected = self.list()
        assert list_flags(self.inbox, EVERYTHING) == expected
        for fields in (("uid", "flags", "keywords", "modseq"), ("flags", "uid"), ("uid", "flags")):
            places = [("uid", "flags", "keywords", "modseq").index(name) for name in fields]
            rows = queries.fetch_messages(self.inbox, EVERYTHING, fields, limit=COUNT)
            assert rows == [tuple(row[place] for place in places) for row in expected]
            for limit in (1, 255, 300):
                some = queries.fetch_messages(self.inbox, EVERYTHING, fields, limit=limit)
                assert some == rows[:limit]
        changes = queries.list_changes(self.inbox, since_modseq=since, known_uid_next=COUNT + 1)
        assert changes.changed == [row for row in expected if row[3] > since]
        info = mailbox(self.account)
        unseen = sum(1 for row in expected if not row[1] & SEEN)
        assert (info.items, info.unseen) == (len(expected), unseen)


@pytest.fixture
def slow(ann: Account) -> Slow:
    """Return the model of an INBOX over three chunks, of which the last is not full."""
    inbox = mailbox(ann).collection_id
    append(ann, flags=ANSWERED)
    while (held := mailbox(ann).items) < COUNT:
        copy_messages(ann.pk, inbox, [(1, min(held, COUNT - held))], ann.pk, inbox)
    model = Slow(ann)
    model.rows = {
        uid: (mask, words, modseq) for uid, mask, words, modseq in list_flags(inbox, EVERYTHING)
    }
    assert [row[:2] for row in model.rows.values()] == [(ANSWERED, "")] * COUNT
    return model


@pytest.mark.parametrize("seed", range(4))
def test_flags_and_modseqs_are_those_of_each_message(slow: Slow, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(25):
        since = mailbox(slow.account).highest_modseq
        first, last = sorted((chance.choice(BORDERS), chance.choice(BORDERS)))
        if chance.random() < 0.15:
            slow.expunge(first, last)
        else:
            words = "$Later" if chance.random() < 0.2 else ""
            flags = chance.choice((SEEN, FLAGGED, DELETED, SEEN | DELETED, 0))
            slow.store(first, last, chance.choice(list(StoreOp)), flags, words)
        slow.check(since)
    assert find() == []


def test_a_change_of_all_leaves_the_rows_of_messages_alone(slow: Slow) -> None:
    slow.store(1, COUNT, StoreOp.ADD, SEEN, "")
    chunks = MessageChunk.objects.filter(collection_id=slow.inbox)
    modseq = mailbox(slow.account).highest_modseq
    assert set(chunks.values_list("modseq", "all_modseq")) == {(modseq, modseq)}
    slow.check(modseq - 1)


def test_no_more_chunks_are_taken_apart_than_the_limit_asks_for(slow: Slow) -> None:
    chunks = list_chunks(slow.inbox, EVERYTHING)
    for limit, count in ((1, 1), (255, 1), (256, 2), (COUNT, 3), (COUNT + 1, 3)):
        assert len(list(flagrows._take_rows(chunks, EVERYTHING, limit))) == count


def test_a_chunk_goes_with_its_last_message(slow: Slow) -> None:
    slow.store(1, 300, StoreOp.ADD, DELETED, "")
    slow.expunge(1, 300)
    numbers = MessageChunk.objects.filter(collection_id=slow.inbox).values_list("chunk", flat=True)
    assert sorted(numbers) == [1, 2]
    assert find() == []


def test_a_message_that_comes_later_is_not_said_to_have_changed(slow: Slow) -> None:
    slow.store(1, COUNT, StoreOp.ADD, SEEN, "")
    uid = append(slow.account).uid
    slow.rows[uid] = 0, "", mailbox(slow.account).highest_modseq
    assert list_flags(slow.inbox, EVERYTHING) == slow.list()
