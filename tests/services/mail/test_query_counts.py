"""How many statements the hot paths take, whatever the size of the mailbox.

A savepoint and its release are two of them; the outermost transaction of a real command has
BEGIN and COMMIT instead.
"""

from collections.abc import Callable
from functools import partial

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core import db
from groupware.core.directory import delete_account
from groupware.core.models import Account
from mail import queries
from mail.columns import FIELDS
from mail.flags import DELETED, SEEN
from mail.services.content import prepare_message
from mail.services.copying import copy_messages, move_messages
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import delete_mailbox
from mail.services.messages import append_message, expunge_messages
from tests.services.store import EVERYTHING, append, mailbox, message, prepared

pytestmark = pytest.mark.django_db
Count = DjangoAssertNumQueries
SAVEPOINT = 2


@pytest.fixture(params=[2, 60])
def inbox(request: pytest.FixtureRequest, ann: Account) -> int:
    """Return an INBOX with few messages, then with many: the number must be the same."""
    collection_id = mailbox(ann).collection_id
    first = prepared()
    for _ in range(request.param):
        append(ann, data=first)
    return collection_id


def test_select_takes_three_queries(
    ann: Account, inbox: int, django_assert_num_queries: Count
) -> None:
    with django_assert_num_queries(3):
        queries.get_snapshot(ann.pk, inbox)


def test_look_that_finds_nothing_takes_one_query(
    ann: Account, inbox: int, django_assert_num_queries: Count
) -> None:
    info = mailbox(ann)
    with django_assert_num_queries(1):
        queries.list_changes(inbox, since_modseq=info.highest_modseq, known_uid_next=info.uid_next)
    with django_assert_num_queries(1):
        queries.get_highest_modseq(inbox)


def test_look_that_finds_changes_takes_three_queries(
    ann: Account, inbox: int, django_assert_num_queries: Count
) -> None:
    since = mailbox(ann).highest_modseq
    store_flags(ann.pk, inbox, EVERYTHING, StoreOp.ADD, SEEN, ())
    with django_assert_num_queries(3):
        queries.list_changes(inbox, since_modseq=since, known_uid_next=1)


def test_batch_of_a_fetch_is_one_query_and_one_for_flags(
    inbox: int, django_assert_num_queries: Count
) -> None:
    for fields, number in ((("uid", "flags"), 1), (("uid", "envelope"), 1), (tuple(FIELDS), 2)):
        with django_assert_num_queries(number):
            queries.fetch_messages(inbox, EVERYTHING, fields)


def test_list_of_mailboxes_is_one_query(ann: Account, django_assert_num_queries: Count) -> None:
    with django_assert_num_queries(1):
        queries.list_mailboxes(ann.pk)


def test_append_takes_a_fixed_number_of_queries(
    ann: Account, inbox: int, django_assert_num_queries: Count
) -> None:
    """Counter, blob, its bytes, content, collection, threads (2), mailbox, message, chunk, prefix.

    Where the database is a server's, the bytes lie elsewhere.
    """
    new = prepared()
    with django_assert_num_queries(SAVEPOINT + (11 if db.is_sqlite() else 10)):
        append_message(ann.pk, inbox, new, prefix=b"X: y\r\n")


def test_append_of_known_bytes_takes_fewer(
    ann: Account, inbox: int, django_assert_num_queries: Count
) -> None:
    data = message()
    append(ann, data=prepare_message(data))
    with django_assert_num_queries(2):
        known = prepare_message(data)
    with django_assert_num_queries(SAVEPOINT + 7):
        append_message(ann.pk, inbox, known)


@pytest.mark.parametrize("keywords", [(), ("a", "b")])
def test_store_takes_a_fixed_number_of_queries(
    ann: Account, inbox: int, keywords: tuple[str, ...], django_assert_num_queries: Count
) -> None:
    """Counter, chunk, its new flags, mailbox, collection, the chunk as it is then.

    With keywords, the known ones and the new, and what the rows of the messages hold.
    """
    with django_assert_num_queries(SAVEPOINT + (10 if keywords else 6)):
        store_flags(ann.pk, inbox, EVERYTHING, StoreOp.SET, SEEN, keywords)
    with django_assert_num_queries(SAVEPOINT + (4 if keywords else 3)):
        store_flags(ann.pk, inbox, EVERYTHING, StoreOp.SET, SEEN, keywords)


def measure(call: Callable[[], object]) -> int:
    """Return how many statements a call takes; those of `executemany` count as one."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def test_copy_move_and_expunge_do_not_grow_with_the_mailbox(ann: Account) -> None:
    inbox, archive = (mailbox(ann, name).collection_id for name in ("INBOX", "Archive"))
    counted: list[list[int]] = []
    first = prepared()
    for size in (1, 60):
        for _ in range(size):
            append(ann, data=first, prefix=b"X: y\r\n")
        counted.append(
            [
                measure(lambda: copy_messages(ann.pk, inbox, EVERYTHING, ann.pk, archive)),
                measure(lambda: move_messages(ann.pk, inbox, EVERYTHING, ann.pk, archive)),
                measure(lambda: store_flags(ann.pk, archive, EVERYTHING, StoreOp.ADD, DELETED, ())),
                measure(lambda: expunge_messages(ann.pk, archive)),
            ]
        )
    lock = 0 if db.is_sqlite() else 1  # there, every write transaction begins with it
    assert counted == [[12 + lock, 24 + lock, 8, 14 + lock]] * 2


def test_deleting_a_mailbox_or_an_account_does_not_grow_with_its_messages(
    ann: Account, ben: Account
) -> None:
    first = prepared()
    counts: list[tuple[int, int]] = []
    for owner, number in ((ann, 1), (ben, 250)):  # Django's own deletion goes in hundreds
        for name in ("Trash", "INBOX"):
            for _ in range(number):
                append(owner, name, first, prefix=b"X-Trace: one\r\n")
        counts.append(
            (
                measure(partial(delete_mailbox, owner.pk, "Trash")),
                measure(partial(delete_account, owner.login)),
            )
        )
    assert counts[0] == counts[1]
