"""Messages in order, and the orders that a process keeps."""

import random
from array import array

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core.models import Account
from mail.flags import DELETED
from mail.imap.keeping import Mailbox, Memory
from mail.imap.ordering import SortCriterion, SortKey, fields_of, sort_rows
from mail.imap.sorting import KeptOrder, read_rows, sort_messages
from mail.services.content import prepare_message
from mail.services.messages import expunge_messages
from tests.services.store import append, mailbox, message, uids_of

BY_SUBJECT = (SortCriterion(SortKey.SUBJECT),)


def known(account: Account) -> Mailbox:
    """Return the INBOX as a session knows it that looks now."""
    info = mailbox(account)
    return Mailbox(info.collection_id, info.uid_validity, array("I", uids_of(account)))


@pytest.mark.django_db
def test_many_ranges_give_the_same_order_as_few(ann: Account) -> None:
    numbers = list(range(1, 501))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        append(ann, data=prepare_message(message(subject=f"{number:03}")))
    inbox, memory = known(ann), Memory()
    odd = list(range(1, 501, 2))
    expected = [uid for _, uid in sorted(zip(numbers, range(1, 501), strict=True))]
    assert sort_messages(memory, inbox, BY_SUBJECT, range(1, 501)) == expected
    assert sort_messages(memory, inbox, BY_SUBJECT, odd) == [uid for uid in expected if uid % 2]
    assert sort_messages(memory, inbox, BY_SUBJECT, []) == []


@pytest.mark.django_db
@pytest.mark.parametrize("key", [SortKey.ARRIVAL, SortKey.DATE, SortKey.SIZE])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_kept_order_is_that_of_the_rows_while_messages_come_and_go(
    ann: Account, key: SortKey, *, reverse: bool
) -> None:
    chance = random.Random(1)
    criteria = (SortCriterion(key, reverse),)
    memory = Memory()
    for _ in range(8):
        for _ in range(chance.randint(0, 4)):
            date = f"Date: {chance.randint(1, 5)} Mar 2020 10:00 +0000\r\n" * chance.randint(0, 1)
            data = prepare_message(date.encode() + message(b"x" * chance.randint(0, 3)))
            flags = chance.choice((0, 0, DELETED))
            append(ann, data=data, flags=flags, internal_date=chance.randint(1, 5) * 400_000_000)
        inbox = known(ann)
        some = [uid for uid in inbox.uids if chance.random() < 0.6]
        for asked in (inbox.uids, some, []):
            rows = sort_rows(read_rows(inbox.collection_id, asked, fields_of(criteria)), criteria)
            assert sort_messages(memory, inbox, criteria, asked) == [row[0] for row in rows]
        if chance.random() < 0.5:
            expunge_messages(ann.pk, inbox.collection_id)


@pytest.mark.django_db
def test_only_new_messages_are_read_again(
    ann: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    criteria = (SortCriterion(SortKey.DATE),)
    memory = Memory()
    for count, queries in ((2, 1), (0, 0), (1, 1)):
        for _ in range(count):
            append(ann)
        inbox = known(ann)
        with django_assert_num_queries(queries):
            assert sort_messages(memory, inbox, criteria, inbox.uids) == list(inbox.uids)


def test_a_few_messages_are_read_alone() -> None:
    inbox = Mailbox(1, 1, range(1, 101))
    kept = KeptOrder()
    assert [inbox.is_worth(kept, count) for count in (49, 50)] == [False, True]
    kept.add([(uid, uid) for uid in range(1, 100)], 99)
    assert inbox.is_worth(kept, 1)
    assert inbox.unknown_to(kept) == [(100, 100)]
