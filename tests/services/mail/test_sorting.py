"""Rows in order and in threads, and the threads that a process keeps."""

import random
from array import array

import pytest

from groupware.core import limits
from groupware.core.models import Account
from mail.flags import DELETED
from mail.imap.ordering import SortCriterion, SortKey
from mail.imap.sorting import ThreadCache, ThreadKey, Threads, read_threads, sort_messages
from mail.imap.threads import ThreadAlgorithm
from mail.services.content import prepare_message
from mail.services.messages import expunge_messages
from tests.conftest import SetLimit
from tests.services.store import append, mailbox, message

BY_SUBJECT = (SortCriterion(SortKey.SUBJECT),)
KEY = ThreadKey(1, 7, ThreadAlgorithm.REFERENCES)


def threads_of(*uids: int) -> tuple["array[int]", Threads]:
    return array("I", uids), Threads(b"(%d)" * len(uids), array("I", uids))


@pytest.mark.django_db
def test_many_ranges_give_the_same_order_as_few(ann: Account) -> None:
    numbers = list(range(1, 501))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        append(ann, data=prepare_message(message(subject=f"{number:03}")))
    collection_id = mailbox(ann).collection_id
    odd = list(range(1, 501, 2))
    expected = [uid for _, uid in sorted(zip(numbers, range(1, 501), strict=True))]
    assert sort_messages(collection_id, BY_SUBJECT, range(1, 501)) == expected
    assert sort_messages(collection_id, BY_SUBJECT, odd) == [uid for uid in expected if uid % 2]
    assert sort_messages(collection_id, BY_SUBJECT, []) == []


@pytest.mark.django_db
def test_what_is_gone_is_in_no_thread(ann: Account) -> None:
    append(ann, data=prepare_message(message(message_id="1@a")), flags=DELETED)
    append(ann, data=prepare_message(message(message_id="2@a", references="<1@a>")))
    info = mailbox(ann)
    key = ThreadKey(info.collection_id, info.uid_validity, ThreadAlgorithm.REFERENCES)
    assert read_threads(key, [1, 2]) == Threads(b"(%d %d)", array("I", [1, 2]))
    expunge_messages(ann.pk, info.collection_id, [(1, 1)])
    assert read_threads(key, [1, 2]) == Threads(b"(%d)", array("I", [2]))


def test_kept_threads_are_those_of_the_same_messages_only() -> None:
    cache = ThreadCache()
    uids, threads = threads_of(1, 2, 3)
    cache.keep(KEY, uids, threads)
    assert cache.find(KEY, array("I", [1, 2, 3])) is threads
    assert cache.find(KEY, array("I", [1, 2])) is None
    assert cache.find(KEY._replace(uid_validity=8), uids) is None
    assert cache.find(KEY._replace(algorithm=ThreadAlgorithm.ORDEREDSUBJECT), uids) is None


def test_what_was_not_asked_for_longest_makes_room(set_limit: SetLimit) -> None:
    set_limit(limits.IMAP_THREAD_CACHE, 5)
    cache = ThreadCache()
    keys = [KEY._replace(collection_id=number) for number in range(3)]
    uids, threads = threads_of(1, 2)
    cache.keep(keys[0], uids, threads)
    cache.keep(keys[1], uids, threads)
    assert cache.find(keys[0], uids) is threads
    cache.keep(keys[2], uids, threads)
    assert [cache.find(key, uids) for key in keys] == [threads, None, threads]
    cache.keep(keys[0], *threads_of(1, 2, 3))
    cache.keep(keys[1], *threads_of(*range(1, 7)))
    assert [cache.find(key, array("I", [1, 2, 3])) for key in keys] == [None, None, None]
