"""Real processes that write to one account at once.

No duplicate UID or modseq, no lost update, an exact quota, and never "database is locked": an
error that nobody expects ends the process, and with it the test. What the counters say is
compared with the rows after each test.
"""

import pytest

from groupware.core.directory import set_quota
from groupware.core.models import Account, Tombstone
from mail.flags import ANSWERED, FLAGGED
from mail.services.mailboxes import create_mailbox
from tests.services.mail import racers
from tests.services.processes import go, running
from tests.services.store import append, mailbox, rows_of, state_of, uids_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_appends_at_once_get_each_its_own_uid_and_modseq(ann: Account) -> None:
    inbox = mailbox(ann).collection_id
    call = (ann.pk, inbox, 40)
    with running(racers.append_many, call, call, call) as channels:
        told = [pair for result in go(channels) for pair in result]
    assert sorted(uid for uid, _ in told) == list(range(1, 121))
    assert len({modseq for _, modseq in told}) == 120
    assert sorted(told) == sorted([uid, modseq] for uid, _, _, modseq in rows_of(ann))
    assert sorted(told, key=lambda pair: pair[1]) == sorted(told)
    assert state_of(ann).bytes_used == 120 * racers.SIZE


def test_quota_is_exact_to_the_last_octet(ann: Account) -> None:
    set_quota(ann.login, 31 * racers.SIZE)
    call = (ann.pk, mailbox(ann).collection_id, 30)
    with running(racers.append_many, call, call) as channels:
        first, second = go(channels)
    assert len(first) + len(second) == 31
    assert state_of(ann).bytes_used == 31 * racers.SIZE


def test_stores_at_once_lose_no_flag_and_no_keyword(ann: Account) -> None:
    for _ in range(10):
        append(ann)
    inbox = mailbox(ann).collection_id
    calls = [(ann.pk, inbox, FLAGGED, "one"), (ann.pk, inbox, ANSWERED, "two")]
    with running(racers.set_and_clear, *calls) as channels:
        first, second = go(channels)
    assert [(row[1], row[2]) for row in rows_of(ann)] == [(FLAGGED | ANSWERED, "one two")] * 10
    assert len({*first, *second}) == 62
    assert mailbox(ann).highest_modseq == max(*first, *second)
    assert mailbox(ann).keywords == ("one", "two")


def test_messages_that_come_and_go_are_each_there_or_buried(ann: Account) -> None:
    inbox = mailbox(ann).collection_id
    call = (ann.pk, inbox, 30)
    with running(racers.come_and_go, call, call) as channels:
        (given, gone), (other_given, other_gone) = go(channels)
    assert sorted([*given, *other_given]) == list(range(1, 61))
    left = {*given, *other_given} - {*gone, *other_gone}
    assert uids_of(ann) == sorted(left)
    buried = Tombstone.objects.filter(collection_id=inbox).values_list("uid_first", "uid_last")
    assert {uid for first, last in buried for uid in range(first, last + 1)} == {*gone, *other_gone}


def test_message_that_two_move_away_goes_to_one_of_them(ann: Account) -> None:
    for _ in range(25):
        append(ann)
    inbox = mailbox(ann).collection_id
    calls = [
        (ann.pk, inbox, ann.pk, mailbox(ann, name).collection_id, 25)
        for name in ("Archive", "Trash")
    ]
    with running(racers.move_each, *calls) as channels:
        archived, trashed = go(channels)
    assert sorted([*archived, *trashed]) == list(range(1, 26))
    assert uids_of(ann) == []
    assert (len(uids_of(ann, "Archive")), len(uids_of(ann, "Trash"))) == (
        len(archived),
        len(trashed),
    )


def test_moves_between_accounts_in_both_directions_lose_nothing(ann: Account, ben: Account) -> None:
    """Each locks the other's account after its own, in an order that might have been a deadlock."""
    for account in (ann, ben):
        for _ in range(20):
            append(account)
    inboxes = {account.pk: mailbox(account).collection_id for account in (ann, ben)}
    calls = [
        (ann.pk, inboxes[ann.pk], ben.pk, mailbox(ben, "Archive").collection_id, 20),
        (ben.pk, inboxes[ben.pk], ann.pk, mailbox(ann, "Archive").collection_id, 20),
    ]
    with running(racers.move_each, *calls) as channels:
        assert [len(moved) for moved in go(channels)] == [20, 20]
    for account in (ann, ben):
        assert uids_of(account) == []
        assert len(uids_of(account, "Archive")) == 20


def test_uid_validity_is_drawn_once_by_whoever_draws(ann: Account) -> None:
    create_mailbox(ann.pk, "shared")
    calls = [(ann.pk, name, 15) for name in ("one", "two")]
    with running(racers.make_and_delete, *calls) as channels:
        first, second = go(channels)
    assert len({*first, *second}) == 30
    assert state_of(ann).items_used == 0


def test_append_to_a_mailbox_that_is_being_deleted_arrives_or_is_refused(ann: Account) -> None:
    create_mailbox(ann.pk, "shared")
    with (
        running(racers.make_and_delete, (ann.pk, "doomed", 15)) as deleting,
        running(racers.append_to_the_doomed, (ann.pk, "shared/doomed", 60)) as appending,
    ):
        go([*deleting, *appending])
    assert state_of(ann).items_used == 0


def test_readers_see_whole_changes_while_others_write(ann: Account) -> None:
    inbox = mailbox(ann).collection_id
    with (
        running(racers.read_states, (ann.pk, inbox)) as reading,
        running(racers.append_many, (ann.pk, inbox, 30), (ann.pk, inbox, 30)) as writing,
    ):
        differing, *_ = go([*reading, *writing])
    assert differing == []
