"""Copying and moving, within an account and across two."""

from collections.abc import Callable
from typing import Any

import pytest

from groupware.core import db, outbox
from groupware.core.directory import delete_account, set_quota
from groupware.core.errors import OverQuota, Stale
from groupware.core.models import Account, OutboxRow, Tombstone
from mail.flags import DELETED, FLAGGED, SEEN
from mail.models import Message, MessagePrefix
from mail.services import copying, messages
from mail.services.copying import Copied, copy_messages, move_messages
from mail.services.mailboxes import create_mailbox, delete_mailbox
from tests.services.store import (
    EVERYTHING,
    append,
    mailbox,
    prepared,
    rows_of,
    state_of,
    uids_of,
)
from tests.services.threads import SECONDS, threads, wait_until_blocked

pytestmark = pytest.mark.django_db(transaction=True)
Transfer = Callable[[int, int, list[tuple[int, int]], int, int], Copied]
COPIED = (
    "flags",
    "keywords",
    "size",
    "prefix_size",
    "internal_date",
    "internal_zone",
    "blob_id",
    "prefix",
)
IDS = ("email_id", "thread_id")


def transfer(
    how: Transfer,
    source: tuple[Account, str],
    target: tuple[Account, str],
    ranges: list[tuple[int, int]] = EVERYTHING,
) -> Copied:
    """Copy or move messages between two mailboxes."""
    (owner, name), (target_owner, target_name) = source, target
    return how(
        owner.pk,
        mailbox(owner, name).collection_id,
        ranges,
        target_owner.pk,
        mailbox(target_owner, target_name).collection_id,
    )


def content(account: Account, name: str) -> list[tuple[object, ...]]:
    """Return what a copy shares with its original."""
    rows = rows_of(account, name, *COPIED)
    return [(*row[:-1], None if row[-1] is None else bytes(row[-1])) for row in rows]


@pytest.fixture
def three(ann: Account) -> Account:
    """Return an account with three unlike messages in INBOX."""
    append(ann, flags=SEEN, keywords=("$Junk",), internal_date=5, internal_zone=60)
    append(ann, flags=DELETED, prefix=b"X-Trace: one\r\n")
    append(ann, data=prepared(700), flags=FLAGGED, prefix=b"X-Trace: two\r\n")
    return ann


@pytest.mark.parametrize("how", [copy_messages, move_messages])
@pytest.mark.parametrize("across", [False, True])
def test_everything_comes_along(three: Account, ben: Account, how: Transfer, across: bool) -> None:
    target = ben if across else three
    before = content(three, "INBOX")
    ids = rows_of(three, "INBOX", *IDS)
    copied = transfer(how, (three, "INBOX"), (target, "Archive"))
    assert across or rows_of(target, "Archive", *IDS) == ids
    leaving = across and how is move_messages
    validity = mailbox(target, "Archive").uid_validity
    assert copied == Copied(validity, [1, 2, 3], [1, 2, 3], leaving)
    assert content(target, "Archive") == before
    info = mailbox(target, "Archive")
    assert (info.items, info.unseen, info.deleted, info.keywords) == (3, 2, 1, ("$Junk",))
    assert content(three, "INBOX") == (before if how is copy_messages else [])


@pytest.mark.parametrize("across", [False, True])
def test_copy_is_charged_to_the_targets_owner(three: Account, ben: Account, across: bool) -> None:
    used = state_of(three).bytes_used
    target = ben if across else three
    transfer(copy_messages, (three, "INBOX"), (target, "Archive"))
    assert state_of(three).bytes_used == used * (1 if across else 2)
    assert state_of(ben).bytes_used == (used if across else 0)


def test_move_within_an_account_costs_nothing(three: Account) -> None:
    used = state_of(three).bytes_used
    transfer(move_messages, (three, "INBOX"), (three, "Archive"))
    assert state_of(three).bytes_used == used


def test_full_account_still_moves_its_messages(three: Account) -> None:
    set_quota(three.login, state_of(three).bytes_used)
    transfer(move_messages, (three, "INBOX"), (three, "Trash"))
    set_quota(three.login, 1)
    transfer(move_messages, (three, "Trash"), (three, "Archive"))
    assert len(uids_of(three, "Archive")) == 3


def test_move_across_gives_back_and_charges(three: Account, ben: Account) -> None:
    used = state_of(three).bytes_used
    transfer(move_messages, (three, "INBOX"), (ben, "INBOX"))
    assert (state_of(three).bytes_used, state_of(three).items_used) == (0, 0)
    assert (state_of(ben).bytes_used, state_of(ben).items_used) == (used, 3)


@pytest.mark.parametrize("how", [copy_messages, move_messages])
def test_target_that_is_full_gets_none_of_them(three: Account, ben: Account, how: Transfer) -> None:
    set_quota(ben.login, state_of(three).bytes_used - 1)
    before = content(three, "INBOX")
    with pytest.raises(OverQuota):
        transfer(how, (three, "INBOX"), (ben, "INBOX"))
    assert uids_of(ben) == []
    assert content(three, "INBOX") == before
    assert state_of(ben).bytes_used == 0
    assert not OutboxRow.objects.exists()


@pytest.mark.parametrize("how", [copy_messages, move_messages])
def test_target_that_is_gone_leaves_the_source(three: Account, ben: Account, how: Transfer) -> None:
    for owner in (three, ben):
        gone = create_mailbox(owner.pk, "Gone").collection_id
        delete_mailbox(owner.pk, "Gone")
        inbox = mailbox(three).collection_id
        with pytest.raises(Stale):
            how(three.pk, inbox, EVERYTHING, owner.pk, gone)
    assert uids_of(three) == [1, 2, 3]


@pytest.mark.parametrize("how", [copy_messages, move_messages])
@pytest.mark.parametrize("across", [False, True])
def test_messages_that_are_not_there_are_left_out(
    three: Account, ben: Account, how: Transfer, across: bool
) -> None:
    target = ben if across else three
    copied = transfer(how, (three, "INBOX"), (target, "Sent"), [(3, 9)])
    assert (copied.source_uids, copied.target_uids) == ([3], [1])
    none = transfer(how, (three, "INBOX"), (target, "Sent"), [(20, 30)])
    assert (none.source_uids, none.target_uids) == ([], [])
    assert none.uid_validity == mailbox(target, "Sent").uid_validity
    assert not OutboxRow.objects.exists()


def test_copy_into_the_same_mailbox_doubles_its_messages(three: Account) -> None:
    copied = transfer(copy_messages, (three, "INBOX"), (three, "INBOX"))
    assert copied.target_uids == [4, 5, 6]
    assert uids_of(three) == [1, 2, 3, 4, 5, 6]


def test_move_into_the_same_mailbox_gives_new_uids(three: Account) -> None:
    transfer(move_messages, (three, "INBOX"), (three, "INBOX"), [(1, 2)])
    assert uids_of(three) == [3, 4, 5]


def test_moved_messages_leave_tombstones(three: Account) -> None:
    transfer(move_messages, (three, "INBOX"), (three, "Sent"), [(1, 1), (3, 3)])
    inbox = mailbox(three)
    gone = Tombstone.objects.filter(collection_id=inbox.collection_id).order_by("uid_first")
    assert list(gone.values_list("uid_first", "uid_last", "modseq")) == [
        (1, 1, inbox.highest_modseq),
        (3, 3, inbox.highest_modseq),
    ]
    assert not MessagePrefix.objects.filter(
        message__collection_id=inbox.collection_id, message__uid=3
    )


def test_hundreds_of_ranges_are_moved_at_once(ann: Account) -> None:
    data = prepared()
    append(ann, data=data)
    while len(uids_of(ann)) < 512:
        transfer(copy_messages, (ann, "INBOX"), (ann, "INBOX"))
    odd = [(uid, uid) for uid in range(1, 512, 2)]
    copied = transfer(move_messages, (ann, "INBOX"), (ann, "Archive"), odd)
    assert copied.source_uids == list(range(1, 512, 2))
    assert uids_of(ann) == list(range(2, 513, 2))


def unfinished_move(source: Account, target: Account, name: str = "INBOX") -> dict[str, Any]:
    """Leave a move across accounts as a crash after its first transaction does."""
    with pytest.raises(SystemExit), db.write_transaction():  # noqa: PT012
        db.on_commit(_die)
        transfer(move_messages, (source, name), (target, "INBOX"))
    payload: dict[str, Any] = OutboxRow.objects.get().payload
    return payload


def _die() -> None:
    raise SystemExit


def test_crash_between_the_halves_leaves_the_messages_in_both(three: Account, ben: Account) -> None:
    payload = unfinished_move(three, ben)
    assert len(uids_of(three)) == len(uids_of(ben)) == 3
    assert outbox.sweep(now=OutboxRow.objects.get().run_after) == 1
    assert uids_of(three) == []
    copying.finish_move(payload)
    assert (len(uids_of(ben)), state_of(three).bytes_used) == (3, 0)


def test_flags_set_between_the_halves_do_not_stop_the_move(three: Account, ben: Account) -> None:
    from mail.services.flags import StoreOp, store_flags

    payload = unfinished_move(three, ben)
    store_flags(three.pk, mailbox(three).collection_id, EVERYTHING, StoreOp.SET, SEEN, ())
    append(three)
    copying.finish_move(payload)
    OutboxRow.objects.all().delete()
    assert uids_of(three) == [4]


@pytest.mark.parametrize("keep_name", [False, True])
def test_move_from_a_mailbox_that_was_made_anew_takes_nothing_from_it(
    three: Account, ben: Account, keep_name: bool
) -> None:
    """A deleted mailbox that kept its name gives its UIDs out again under a new UIDVALIDITY."""
    create_mailbox(three.pk, "Work")
    append(three, "Work")
    if keep_name:
        create_mailbox(three.pk, "Work/Below")
    payload = unfinished_move(three, ben, "Work")
    delete_mailbox(three.pk, "Work")
    create_mailbox(three.pk, "Work")
    append(three, "Work")
    copying.finish_move(payload)
    OutboxRow.objects.all().delete()
    assert uids_of(three, "Work") == [1]


def test_move_whose_messages_are_expunged_meanwhile_gives_back_once(
    three: Account, ben: Account
) -> None:
    payload = unfinished_move(three, ben)
    OutboxRow.objects.all().delete()
    inbox = mailbox(three).collection_id
    with threads(1) as start:
        with db.write_transaction():
            messages.expunge_messages(three.pk, inbox)
            finishing = start(lambda: copying.finish_move(payload))
            wait_until_blocked(finishing)
        finishing.result(SECONDS)
    assert state_of(three).items_used == 0


def test_move_from_an_account_that_is_gone_is_finished(three: Account, ben: Account) -> None:
    payload = unfinished_move(three, ben)
    delete_account(three.login)
    copying.finish_move(payload)
    OutboxRow.objects.all().delete()
    assert len(uids_of(ben)) == 3
    assert not Message.objects.exclude(account=ben).exists()


def test_copies_of_scattered_messages_pair_with_their_originals(ann: Account) -> None:
    """Prefixes and keywords are those of the originals, whichever messages lie between."""
    for number in range(1, 8):
        prefix = b"X-Number: %d\r\n" % number if number % 3 else b""
        append(ann, prefix=prefix, keywords=[f"k{number}"])
    copied = transfer(copy_messages, (ann, "INBOX"), (ann, "Archive"), [(1, 2), (4, 4), (6, 99)])
    assert (copied.source_uids, copied.target_uids) == ([1, 2, 4, 6, 7], [1, 2, 3, 4, 5])
    fields = ("size", "keywords", "prefix", "email_id", "blob_id")
    originals = [row for row in rows_of(ann, "INBOX", "uid", *fields) if row[0] not in {3, 5}]
    assert rows_of(ann, "Archive", *fields) == [row[1:] for row in originals]
    assert mailbox(ann, "Archive").keywords == ("k1", "k2", "k4", "k6", "k7")
