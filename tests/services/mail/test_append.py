"""Appending: counters, quota, uid and modseq; and what is stored of a message."""

import pytest

from groupware.core import blobs, limits
from groupware.core.directory import set_quota
from groupware.core.errors import LimitExceeded, OverQuota, Stale, TooLarge
from groupware.core.models import Account
from mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from mail.models import Message, MessageContent
from mail.services.content import prepare_message
from mail.services.mailboxes import create_mailbox, delete_mailbox
from mail.services.messages import append_message
from tests.conftest import SetLimit
from tests.services.store import (
    append,
    mailbox,
    message,
    message_of,
    prepared,
    rows_of,
    state_of,
    uids_of,
)

pytestmark = pytest.mark.django_db


def test_message_gets_the_next_uid_and_modseq(ann: Account) -> None:
    before = state_of(ann).next_modseq
    first, second = append(ann), append(ann)
    assert (first.uid, second.uid) == (1, 2)
    assert (first.modseq, second.modseq) == (before, before + 1)
    info = mailbox(ann)
    assert first.uid_validity == info.uid_validity
    assert (info.uid_next, info.highest_modseq) == (3, second.modseq)


def test_every_counter_counts_it(ann: Account) -> None:
    append(ann, data=prepared(1000))
    append(ann, data=prepared(500), flags=SEEN)
    append(ann, data=prepared(300), flags=DELETED, prefix=b"X-Trace: y\r\n")
    info, state = mailbox(ann), state_of(ann)
    assert (info.items, info.bytes, info.unseen, info.deleted) == (3, 1812, 2, 1)
    assert (state.items_used, state.bytes_used) == (3, 1812)


def test_other_mailboxes_are_untouched(ann: Account) -> None:
    before = mailbox(ann, "Sent")
    append(ann)
    assert mailbox(ann, "Sent") == before


def test_row_holds_what_was_given(ann: Account) -> None:
    append(ann, flags=SEEN | FLAGGED, keywords=("$Junk", "alpha"), internal_date=1_000_000_000,
           internal_zone=-300)  # fmt: skip
    fields = ("flags", "keywords", "internal_date", "internal_zone", "prefix_size")
    assert rows_of(ann, "INBOX", *fields) == [
        (SEEN | FLAGGED, "$Junk alpha", 1_000_000_000, -300, 0)
    ]
    assert mailbox(ann).keywords == ("$Junk", "alpha")


def test_prefix_and_blob_come_back_as_given(ann: Account) -> None:
    data, prefix = message(), b"Delivered-To: ann@example.test\r\n"
    append(ann, data=prepare_message(data), prefix=prefix)
    [(size, prefix_size, held, location)] = rows_of(
        ann, "INBOX", "size", "prefix_size", "prefix", "blob_location"
    )
    assert (size, prefix_size) == (len(prefix) + len(data), len(prefix))
    assert bytes(held) + blobs.read_location(location) == prefix + data


def test_bytes_are_stored_once_however_many_hold_them(ann: Account, ben: Account) -> None:
    data = message()
    for account in (ann, ann, ben):
        append(account, data=prepare_message(data), prefix=account.login.encode())
    assert Message.objects.values("blob_id").distinct().count() == 1
    assert MessageContent.objects.count() == 1
    assert state_of(ann).bytes_used == 2 * (len(data) + len(ann.login))


def test_known_bytes_are_not_indexed_again(ann: Account) -> None:
    data = message()
    append(ann, data=prepare_message(data))
    again = prepare_message(data)
    assert again.columns is None
    append(ann, data=again)
    assert len(uids_of(ann)) == 2


def test_two_that_were_prepared_before_either_was_there_both_arrive(ann: Account) -> None:
    data = message()
    first, second = prepare_message(data), prepare_message(data)
    append(ann, data=first)
    append(ann, data=second)
    assert MessageContent.objects.count() == 1


def test_metadata_is_ready_without_the_blob(ann: Account) -> None:
    append(ann, data=prepared(subject="Re: Lunch on Friday"))
    [(base, preview, header)] = rows_of(ann, "INBOX", "base_subject", "preview", "header_fields")
    assert base == "Lunch on Friday"
    assert preview.startswith("Number ")
    assert b"Subject: Re: Lunch on Friday\r\n" in bytes(header)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\r\n",
        b"no header at all",
        b"A: b",
        b"Subject: \xff\xfe\r\n\r\n\xff\0",
        b"Subject: =?utf-8?q?a=00b?=\r\n\r\n",
        b"Subject: =?utf-16?b?2AA=?=\r\n\r\n",
        b"Message-ID: <a\0b@c>\r\n\r\n",
        b"Subject: " + b"x" * 200_000 + b"\r\n\r\nbody",
    ],
)
def test_broken_mail_is_stored_like_any_other(ann: Account, data: bytes) -> None:
    append(ann, data=prepare_message(data))
    [(location,)] = rows_of(ann, "INBOX", "blob_location")
    assert blobs.read_location(location) == data


def test_over_quota_leaves_nothing(ann: Account) -> None:
    append(ann, data=prepared(600))
    set_quota(ann.login, 1000)
    before = (mailbox(ann), state_of(ann).bytes_used, rows_of(ann))
    with pytest.raises(OverQuota):
        append(ann, data=prepared(401))
    assert (mailbox(ann), state_of(ann).bytes_used, rows_of(ann)) == before
    append(ann, data=prepared(400))
    assert state_of(ann).bytes_used == 1000


def test_prefix_is_charged_too(ann: Account) -> None:
    set_quota(ann.login, 1000)
    with pytest.raises(OverQuota):
        append(ann, data=prepared(995), prefix=b"X: long\r\n")


@pytest.mark.parametrize("keep_name", [False, True])
def test_deleted_mailbox_takes_nothing(ann: Account, keep_name: bool) -> None:
    gone = create_mailbox(ann.pk, "Gone").collection_id
    if keep_name:
        create_mailbox(ann.pk, "Gone/Below")
    delete_mailbox(ann.pk, "Gone")
    with pytest.raises(Stale):
        append_message(ann.pk, gone, prepared())
    assert state_of(ann).items_used == 0


def test_mailbox_of_another_account_takes_nothing(ann: Account, ben: Account) -> None:
    with pytest.raises(Stale):
        append_message(ann.pk, mailbox(ben).collection_id, prepared())
    assert (state_of(ann).bytes_used, state_of(ben).bytes_used) == (0, 0)


def test_message_above_the_limit_is_refused_before_it_is_stored(
    ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.MESSAGE_SIZE, 1000)
    prepare_message(message_of(1000))
    with pytest.raises(TooLarge):
        prepare_message(message_of(1001))


def test_keywords_of_a_mailbox_are_limited(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.KEYWORDS, 3)
    append(ann, keywords=("a", "b"))
    append(ann, keywords=("c", "A"))
    with pytest.raises(LimitExceeded):
        append(ann, keywords=("d",))
    assert mailbox(ann).keywords == ("a", "b", "c")
    assert len(uids_of(ann)) == 2


def test_keyword_is_spelled_as_the_mailbox_saw_it_first(ann: Account) -> None:
    append(ann, keywords=("Work",))
    append(ann, keywords=("WORK", "work", "new"))
    assert [row[2] for row in rows_of(ann)] == ["Work", "new Work"]
    assert mailbox(ann).keywords == ("new", "Work")


def test_flags_come_along_in_a_mask(ann: Account) -> None:
    append(ann, flags=ANSWERED | SEEN)
    assert rows_of(ann)[0][1] == ANSWERED | SEEN
