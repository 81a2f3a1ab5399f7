"""LIST and STATUS against the store: what they cost, and what others' mailboxes tell."""

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core import rights
from groupware.core.models import Account
from mail.flags import DELETED, SEEN
from mail.imap.handlers.listing import render_list, render_status, render_subscribed
from mail.imap.listing import Returned, Selection
from mail.imap.patterns import Patterns
from mail.imap.requests import List, Status, StatusItem
from mail.imap.status import StatusReader
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import create_mailbox, subscribe
from tests.services.store import EVERYTHING, append, collection_of, message_of, prepared

pytestmark = pytest.mark.django_db
Count = DjangoAssertNumQueries
EVERY_ITEM = tuple(StatusItem)


def listed(account: Account, request: List) -> list[str]:
    reader = StatusReader(request.status, 100)
    patterns = Patterns(request.reference, request.patterns)
    return render_list(account.pk, request, patterns, reader).decode().splitlines()


def status_of(account: Account, mailbox: str, *items: StatusItem) -> str:
    return render_status(account.pk, Status(mailbox, items), StatusReader(items, 100)).decode()


@pytest.fixture(params=[1, 1_000])
def many(request: pytest.FixtureRequest, ann: Account) -> int:
    """Return how many mailboxes there are beside those from the start: one, then a thousand."""
    for number in range(request.param):
        create_mailbox(ann.pk, f"Lists/{number}")
    append(ann, "Lists/0", flags=DELETED)
    return int(request.param)


def test_list_with_status_takes_the_same_queries_however_many_mailboxes(
    ann: Account, many: int, django_assert_num_queries: Count
) -> None:
    """Own mailboxes, whose are granted, subscriptions; octets that wait to be expunged."""
    selection = frozenset((Selection.SUBSCRIBED, Selection.RECURSIVEMATCH))
    plain = List("", ("*",))
    subscribed = List("", ("*",), returned=frozenset((Returned.SUBSCRIBED,)))
    recursive = List("", ("%",), selection, extended=True)
    every = List("", ("*",), status=EVERY_ITEM, extended=True)
    for request, queries in ((plain, 2), (subscribed, 3), (recursive, 3), (every, 3)):
        with django_assert_num_queries(queries):
            lines = listed(ann, request)
        if request is every:
            assert len(lines) == 2 * (6 + 1 + many)


def test_lsub_is_one_query(ann: Account, many: int, django_assert_num_queries: Count) -> None:
    for number in range(0, many, 10):
        subscribe(ann.pk, f"Lists/{number}")
    with django_assert_num_queries(1):
        render_subscribed(ann.pk, Patterns("", ["*"]))


def test_others_mailboxes_are_listed_with_what_their_reader_has_seen(
    ann: Account, ben: Account
) -> None:
    rights.grant(ben, collection_of(ben), ann, rights.parse_rights("lr"))
    rights.grant(ben, collection_of(ben, "Sent"), ann, rights.parse_rights("l"))
    for _ in range(3):
        append(ben, flags=SEEN)
    name = f"Other Users/{ben.login}"
    request = List("", ("Other Users*",), status=(StatusItem.MESSAGES, StatusItem.UNSEEN))
    assert listed(ann, request) == [
        f'* LIST (\\HasNoChildren) "/" "{name}/INBOX"',
        f'* STATUS "{name}/INBOX" (MESSAGES 3 UNSEEN 3)',
        f'* LIST (\\Noselect \\HasNoChildren) "/" "{name}/Sent"',
    ]
    assert listed(ann, List("", ("%", "Other Users/%"), extended=True))[4:6] == [
        '* LIST (\\NonExistent \\HasChildren) "/" "Other Users"',
        f'* LIST (\\NonExistent \\HasChildren) "/" "{name}"',
    ]
    [plain] = listed(ann, List("", ("Other%",)))
    assert plain == '* LIST (\\Noselect \\NonExistent \\HasChildren) "/" "Other Users"'


def test_size_and_deleted_storage_are_sums_over_the_messages(ann: Account) -> None:
    items = (StatusItem.SIZE, StatusItem.DELETED, StatusItem.DELETED_STORAGE)
    for size in (1_000, 2_000, 4_000):
        append(ann, data=prepared(size))
    assert len(message_of(1_000)) == 1_000
    told = status_of(ann, "INBOX", *items)
    assert told == "* STATUS INBOX (SIZE 7000 DELETED 0 DELETED-STORAGE 0)\r\n"
    collection = collection_of(ann)
    store_flags(ann.pk, collection.pk, [(2, 3)], StoreOp.ADD, DELETED, ())
    told = status_of(ann, "INBOX", *items)
    assert told == "* STATUS INBOX (SIZE 7000 DELETED 2 DELETED-STORAGE 6000)\r\n"
    store_flags(ann.pk, collection.pk, EVERYTHING, StoreOp.REMOVE, DELETED, ())
    told = status_of(ann, "INBOX", *items)
    assert told == "* STATUS INBOX (SIZE 7000 DELETED 0 DELETED-STORAGE 0)\r\n"
