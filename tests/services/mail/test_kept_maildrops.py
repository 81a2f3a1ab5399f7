"""What a process keeps of maildrops: logins see what one that reads all would see."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groupware.core import db, limits
from groupware.core.changes import next_uid_validity
from groupware.core.models import Account, Collection
from mail import keptmaildrops
from mail.keptmaildrops import EMPTY, Listing, Memory, listing_of
from mail.maildrops import Opened, Snapshot, open_maildrop
from mail.services.pop3 import remove_deleted, set_policy
from tests.conftest import SetLimit
from tests.services.store import append, mailbox, prepared, uids_of

pytestmark = pytest.mark.django_db


def rows_of(opened: Opened) -> list[tuple[int, int, int]]:
    return list(zip(opened.uids, opened.sizes, opened.email_ids, strict=True))


def assert_as_read_anew(account: Account, memory: Memory, credential: int = 0) -> Opened:
    opened = open_maildrop(account.pk, credential, memory)
    assert rows_of(opened) == rows_of(open_maildrop(account.pk, credential))
    return opened


def remove(account: Account, snapshot: Snapshot, action: str, uids: list[int]) -> None:
    set_policy(account.pk, action=action, hide_days=0, marks_seen=True)
    remove_deleted(snapshot, uids, 0)


def test_login_sees_what_came_and_not_what_went(ann: Account) -> None:
    memory, data = Memory(), prepared()
    assert_as_read_anew(ann, memory)
    for _ in range(4):
        append(ann, data=data)
    snapshot = assert_as_read_anew(ann, memory).snapshot
    append(ann, data=data)
    assert len(assert_as_read_anew(ann, memory).uids) == 5
    remove(ann, snapshot, "delete", [2])
    assert len(assert_as_read_anew(ann, memory).uids) == 4
    # One goes and one comes: as many as before, and others.
    remove(ann, snapshot, "trash", [5])
    append(ann, data=data)
    assert list(assert_as_read_anew(ann, memory).uids) == [1, 3, 4, 6]
    remove(ann, snapshot, "hide", [1, 3])
    assert list(assert_as_read_anew(ann, memory).uids) == [4, 6]
    assert list(assert_as_read_anew(ann, memory, credential=7).uids) == [1, 3, 4, 6]


def test_mailbox_that_was_restored_is_read_anew(ann: Account) -> None:
    memory = Memory()
    append(ann)
    before = assert_as_read_anew(ann, memory)
    inbox = Collection.objects.filter(pk=mailbox(ann).collection_id)
    with db.write_transaction():
        inbox.update(uid_validity=next_uid_validity(ann.pk))
    assert assert_as_read_anew(ann, memory).uids is not before.uids


def test_sessions_share_what_is_kept_and_read_what_is_new_alone(ann: Account) -> None:
    memory, data = Memory(), prepared()
    for _ in range(3):
        append(ann, data=data)
    first = open_maildrop(ann.pk, 0, memory)
    assert open_maildrop(ann.pk, 0, memory).uids is first.uids
    with CaptureQueriesContext(connection) as captured:
        open_maildrop(ann.pk, 0, memory)
    listing = [held["sql"] for held in captured if "SELECT uid, size, email_id" in held["sql"]]
    assert len(listing) == 1
    assert "uid > 3 " in listing[0]


def test_more_messages_than_are_seen_are_not_kept(ann: Account, set_limit: SetLimit) -> None:
    memory, data = Memory(), prepared()
    for _ in range(4):
        append(ann, data=data)
    set_limit(limits.POP3_MESSAGES, 2)
    assert list(open_maildrop(ann.pk, 0, memory).uids) == uids_of(ann)[2:]
    set_limit(limits.POP3_MESSAGES, 4)
    assert list(open_maildrop(ann.pk, 0, memory).uids) == uids_of(ann)


def listing(count: int) -> Listing:
    return listing_of([(number, 10, 20) for number in range(1, count + 1)])


def test_what_was_used_longest_ago_makes_room(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_MEMORY, 2 * (EMPTY + 24 * 5))
    memory = Memory()
    memory.keep((1, 1), listing(5))
    memory.keep((2, 1), listing(5))
    assert memory.find((1, 1)) is not None
    memory.keep((3, 1), listing(5))
    found = [memory.find((number, 1)) is not None for number in (1, 2, 3)]
    assert found == [True, False, True]
    memory.keep((1, 1), listing(5))
    assert memory.find((3, 1)) is not None
    memory.keep((4, 1), listing(10_000))
    assert [memory.find((number, 1)) for number in (1, 3, 4)] == [None] * 3


def test_nothing_is_kept_where_there_is_no_room(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.POP3_MEMORY, 0)
    memory = Memory()
    append(ann)
    assert_as_read_anew(ann, memory)
    assert_as_read_anew(ann, memory)


def test_what_was_kept_for_an_hour_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    memory.keep((1, 1), listing(3).followed_by(listing_of([(9, 1, 1)])))
    kept = memory.find((1, 1))
    assert kept is not None
    after = kept.read_at + keptmaildrops.LIFETIME + 1
    monkeypatch.setattr(keptmaildrops, "monotonic", lambda: after)
    assert memory.find((1, 1)) is None
