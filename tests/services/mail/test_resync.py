"""What a client with QRESYNC is told when it comes back costs by what changed."""

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core.models import Account
from groupware.core.retention import expire_tombstones
from mail.flags import DELETED, FLAGGED
from mail.imap.handlers.selection import Opened, read_snapshot
from mail.imap.requests import Select
from mail.imap.resync import Resync
from mail.services.flags import StoreOp, store_flags
from mail.services.messages import expunge_messages
from tests.services.store import append, mailbox, prepared

pytestmark = pytest.mark.django_db
MESSAGES = 30


def select_since(ann: Account, modseq: int) -> Select:
    return Select("INBOX", condstore=True, resync=Resync(mailbox(ann).uid_validity, modseq))


def come_back(ann: Account, modseq: int) -> Opened:
    return read_snapshot(ann.pk, select_since(ann, modseq), None)


@pytest.fixture
def inbox(ann: Account) -> int:
    first = prepared()
    for _ in range(MESSAGES):
        append(ann, data=first)
    return mailbox(ann).collection_id


def test_what_is_told_is_what_changed(ann: Account, inbox: int) -> None:
    since = mailbox(ann).highest_modseq
    store_flags(ann.pk, inbox, [(3, 4)], StoreOp.ADD, FLAGGED, ())
    store_flags(ann.pk, inbox, [(7, 9)], StoreOp.ADD, DELETED, ())
    expunge_messages(ann.pk, inbox)
    opened = come_back(ann, since)
    assert [row[0] for row in opened.changed] == [3, 4]
    assert list(opened.vanished) == [(7, 9)]
    assert come_back(ann, mailbox(ann).highest_modseq).changed == []


@pytest.mark.parametrize("removed", [1, 20])
def test_coming_back_takes_a_fixed_number_of_queries(
    ann: Account, inbox: int, removed: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    select = select_since(ann, mailbox(ann).highest_modseq)
    with django_assert_num_queries(5):
        read_snapshot(ann.pk, select, None)
    store_flags(ann.pk, inbox, [(1, removed)], StoreOp.ADD, DELETED, ())
    expunge_messages(ann.pk, inbox)
    with django_assert_num_queries(8):
        read_snapshot(ann.pk, select, None)


def test_below_the_floor_every_uid_that_is_absent_is_told(ann: Account, inbox: int) -> None:
    since = mailbox(ann).highest_modseq
    store_flags(ann.pk, inbox, [(2, 2), (MESSAGES, MESSAGES)], StoreOp.ADD, DELETED, ())
    expunge_messages(ann.pk, inbox)
    expire_tombstones(older_than=2**40)
    assert list(come_back(ann, since).vanished) == [(2, 2), (MESSAGES, MESSAGES)]
