"""The threads that a process keeps against those that are made anew."""

import random
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from groupware.core.models import Account
from mail.flags import DELETED
from mail.imap.keeping import Memory
from mail.imap.threaded import KeptThreads, find_threads
from mail.imap.threads import Threadable, ThreadAlgorithm, Threads, thread_messages
from mail.mime.index import index_message
from mail.services.content import prepare_message
from mail.services.messages import expunge_messages
from tests.services.mail.test_sorting import known
from tests.services.store import append, message

REFERENCES = ThreadAlgorithm.REFERENCES
IDS = list("abcdefghij")
OWN = "own"
"""Stands for a Message-ID that no other message has or names."""
TAILS = st.tuples(
    st.sampled_from(["", "x", "y", "X"]),
    st.sampled_from(["", OWN, OWN, OWN, *IDS]),
    st.lists(st.sampled_from(IDS), max_size=5, unique=True).map(" ".join),
    st.booleans(),
)


class Arrivals:
    """A mailbox into which messages come, and from which they go."""

    def __init__(self, messages: Sequence[Threadable]) -> None:
        self.coming = list(messages)
        self.there: list[Threadable] = []
        self.kept = KeptThreads()

    def come(self, count: int) -> None:
        came, self.coming = self.coming[:count], self.coming[count:]
        self.there += came
        self.kept.add(came, max([self.kept.last_uid, *(row[1] for row in came)]))

    def go(self, places: set[int]) -> None:
        self.there = [row for place, row in enumerate(self.there) if place not in places]

    def check(self, messages: Sequence[Threadable] | None = None) -> None:
        asked = self.there if messages is None else messages
        uids = array("I", [row[1] for row in asked])
        for algorithm in ThreadAlgorithm:
            assert self.kept.thread(algorithm, uids) == thread_messages(algorithm, asked)


@given(
    st.lists(st.tuples(st.integers(0, 4), TAILS), max_size=24),
    st.lists(st.tuples(st.integers(0, 6), st.sets(st.integers(0, 20), max_size=2)), max_size=8),
)
def test_kept_threads_are_those_made_anew_while_messages_come_and_go(
    messages: list[tuple[int, tuple[str, str, str, bool]]], steps: list[tuple[int, set[int]]]
) -> None:
    arrivals = Arrivals(
        [
            (sent, uid, subject, f"{OWN}{uid}" if message_id == OWN else message_id, refs, reply)
            for uid, (sent, (subject, message_id, refs, reply)) in enumerate(messages, start=1)
        ]
    )
    for count, gone in steps:
        arrivals.come(count)
        arrivals.check()
        arrivals.check(arrivals.there[::3])
        arrivals.go(gone)
        arrivals.check()


@pytest.mark.corpus
def test_kept_threads_of_real_mail_are_those_made_anew(corpus: Path) -> None:
    chance = random.Random(5)
    # Neighbours are of one list: they answer each other.
    files = sorted((corpus / "mail").glob("*.eml"))
    chance.shuffle(files)
    arrivals = Arrivals([threadable(uid, file) for uid, file in enumerate(files, start=1)])
    arrivals.come(len(files) // 2)
    while arrivals.coming:
        arrivals.come(chance.choice((1, 1, 1, 2, 20)))
        arrivals.check()
        if chance.random() < 0.1:
            arrivals.go({chance.randrange(len(arrivals.there))})


def threadable(uid: int, file: Path) -> Threadable:
    index = index_message(file.read_bytes())
    references = " ".join(index.references)
    return (
        *(index.sent_date or 0, uid, index.base_subject),
        *(index.message_id, references, index.is_reply_or_forward),
    )


@pytest.mark.django_db
def test_what_is_gone_when_it_is_first_looked_for_is_in_no_thread(ann: Account) -> None:
    append(ann, data=prepare_message(message(message_id="1@a")), flags=DELETED)
    append(ann, data=prepare_message(message(message_id="2@a", references="<1@a>")))
    inbox = known(ann)
    uids = array("I", [1, 2])
    memory = Memory()
    assert find_threads(memory, inbox, REFERENCES, uids) == Threads(b"(%d %d)", uids)
    expunge_messages(ann.pk, inbox.collection_id, [(1, 1)])
    gone = Threads(b"(%d)", array("I", [2]))
    assert find_threads(memory, inbox, REFERENCES, uids[1:]) == gone
    assert find_threads(Memory(), inbox, REFERENCES, uids) == gone


@pytest.mark.django_db
def test_only_new_messages_are_read_again(
    ann: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    append(ann, data=prepare_message(message(message_id="1@a", subject="one")))
    memory = Memory()
    for uid, queries in ((1, 1), (2, 1), (2, 0)):
        inbox = known(ann)
        if len(inbox.uids) < uid:
            reply = message(message_id="2@a", references="<1@a>", subject="Re: two")
            append(ann, data=prepare_message(reply))
            inbox = known(ann)
        with django_assert_num_queries(queries):
            found = find_threads(memory, inbox, REFERENCES, array("I", inbox.uids))
        assert found.form == b"(%d)" if uid == 1 else b"(%d %d)"


@pytest.mark.django_db
def test_a_few_of_many_are_read_alone(ann: Account) -> None:
    append(ann, flags=DELETED)
    append(ann)
    memory, inbox, few = Memory(), known(ann), array("I", [2])
    many = inbox._replace(uids=array("I", range(1, 9)))
    assert find_threads(memory, many, REFERENCES, few) == Threads(b"(%d)", few)
    with memory.hold(many, "threads", KeptThreads) as kept:
        assert len(kept) == 0
