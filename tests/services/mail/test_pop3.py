"""What POP3 reads and writes: the snapshot, the policies of DELE, what is hidden."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groupware.core import auth, clock, db, limits
from groupware.core.changes import next_uid_validity
from groupware.core.directory import delete_account
from groupware.core.errors import Invalid, Stale
from groupware.core.models import Account, Collection
from mail import maildrops
from mail.flags import SEEN
from mail.maildrops import Opened, find_content, get_policy, open_maildrop, read_whole
from mail.models import Message, Pop3Hidden
from mail.services import mailboxes
from mail.services.copying import move_messages
from mail.services.pop3 import (
    TooSoon,
    clear_policy,
    forget_hidden,
    mark_seen,
    note_login,
    remove_deleted,
    set_policy,
)
from mail.services.undelete import Selection, list_restorable, restore_messages
from tests.conftest import SetLimit
from tests.services.store import append, mailbox, prepared, uids_of

pytestmark = pytest.mark.django_db


def choose(account: Account, action: str, hide_days: int = 0) -> None:
    set_policy(account.pk, action=action, hide_days=hide_days, marks_seen=True)


def renew_uid_validity(account: Account) -> None:
    """Do what a restore from a backup does."""
    with db.write_transaction():
        fresh = next_uid_validity(account.pk)
        Collection.objects.filter(pk=mailbox(account).collection_id).update(uid_validity=fresh)


def ids_of(opened: Opened) -> list[tuple[int, int]]:
    return list(zip(opened.uids, opened.email_ids, strict=True))


def test_maildrop_is_inbox_with_exact_sizes(ann: Account) -> None:
    first = append(ann, prefix=b"Received: x\r\n")
    append(ann, "Trash")
    opened = open_maildrop(ann.pk, 0)
    assert list(opened.uids) == [first.uid]
    [size] = opened.sizes
    assert len(read_whole(opened.snapshot, [first.uid])[first.uid]) == size


def test_login_costs_the_same_statements_for_any_number_of_messages(ann: Account) -> None:
    data = prepared()
    counts = []
    for _ in range(2):
        for _ in range(20):
            append(ann, data=data)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            open_maildrop(ann.pk, 0)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 7


def test_rows_come_in_batches(ann: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maildrops, "BATCH", 2)
    data = prepared()
    for _ in range(5):
        append(ann, data=data)
    assert list(open_maildrop(ann.pk, 0).uids) == uids_of(ann)
    assert len(uids_of(ann)) == 5


def test_unique_ids_outlive_a_change_of_uid_validity(ann: Account) -> None:
    append(ann)
    append(ann)
    before = ids_of(open_maildrop(ann.pk, 0))
    renew_uid_validity(ann)
    assert ids_of(open_maildrop(ann.pk, 0)) == before


def test_copies_of_one_email_have_different_unique_ids(ann: Account) -> None:
    from mail.services.copying import copy_messages

    append(ann)
    collection_id = mailbox(ann).collection_id
    copy_messages(ann.pk, collection_id, [(1, 1)], ann.pk, collection_id)
    found = ids_of(open_maildrop(ann.pk, 0))
    assert len({email for _, email in found}) == 1
    assert len(set(found)) == 2


def test_message_with_a_uid_that_was_anothers_before_a_restore_is_another(ann: Account) -> None:
    append(ann)
    [before] = ids_of(open_maildrop(ann.pk, 0))
    choose(ann, "delete")
    opened = open_maildrop(ann.pk, 0)
    remove_deleted(opened.snapshot, [1], 0)
    append(ann)
    [after] = ids_of(open_maildrop(ann.pk, 0))
    assert before[1] != after[1]


def test_dele_deletes_so_that_it_can_be_restored(ann: Account) -> None:
    choose(ann, "delete")
    for _ in range(3):
        append(ann)
    opened = open_maildrop(ann.pk, 0)
    remove_deleted(opened.snapshot, [1, 3, 99], 0)
    assert uids_of(ann) == [2]
    kept = [found.key for found in list_restorable(Selection(ann.pk))]
    assert restore_messages(ann.pk, mailbox(ann).collection_id, kept) == 2


def test_dele_moves_to_the_mailbox_for_trash(ann: Account) -> None:
    assert get_policy(ann.pk).action == "trash"
    append(ann)
    remove_deleted(open_maildrop(ann.pk, 0).snapshot, [1], 0)
    assert uids_of(ann) == []
    assert len(uids_of(ann, "Trash")) == 1


def test_dele_makes_trash_where_there_is_none(ann: Account) -> None:
    mailboxes.delete_mailbox(ann.pk, "Trash")
    append(ann)
    remove_deleted(open_maildrop(ann.pk, 0).snapshot, [1], 0)
    assert len(uids_of(ann, "Trash")) == 1
    assert mailbox(ann, "Trash").special_use == "Trash"


def test_dele_takes_a_mailbox_named_trash(ann: Account) -> None:
    mailboxes.delete_mailbox(ann.pk, "Trash")
    mailboxes.create_mailbox(ann.pk, "Trash")
    append(ann)
    remove_deleted(open_maildrop(ann.pk, 0).snapshot, [1], 0)
    assert len(uids_of(ann, "Trash")) == 1


def test_dele_hides_from_its_own_credential_only(ann: Account) -> None:
    choose(ann, "hide")
    append(ann)
    append(ann)
    remove_deleted(open_maildrop(ann.pk, 7).snapshot, [1, 99], 7)
    assert list(open_maildrop(ann.pk, 7).uids) == [2]
    assert list(open_maildrop(ann.pk, 0).uids) == [1, 2]
    assert uids_of(ann) == [1, 2]
    assert Pop3Hidden.objects.count() == 1


def test_what_is_hidden_for_days_comes_back(ann: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(ann, "hide", 2)
    append(ann)
    remove_deleted(open_maildrop(ann.pk, 0).snapshot, [1], 0)
    remove_deleted(open_maildrop(ann.pk, 5).snapshot, [1], 5)
    assert list(open_maildrop(ann.pk, 0).uids) == []
    later = clock.epoch() + 2 * 86_400
    monkeypatch.setattr(maildrops, "epoch", lambda: later)
    assert list(open_maildrop(ann.pk, 0).uids) == [1]


def test_duty_forgets_what_hides_nothing_any_more(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(ann, "hide")
    for _ in range(3):
        append(ann)
    phone = auth.create_app_password(ann.pk, "phone", frozenset({"pop3"}))
    credential = auth.authenticate(
        ann.login, phone, protocol="pop3", network="192.0.2.1"
    ).app_password_id
    assert credential is not None
    snapshot = open_maildrop(ann.pk, 0).snapshot
    remove_deleted(snapshot, [1, 2, 3], 0)
    remove_deleted(snapshot, [1], credential)
    assert forget_hidden() == 0
    choose(ann, "hide", 1)
    remove_deleted(snapshot, [2], 0)
    choose(ann, "delete")
    remove_deleted(snapshot, [3], 0)
    assert forget_hidden() == 1  # the message is gone
    auth.revoke_app_password(ann.pk, phone.partition("-")[0])
    assert forget_hidden() == 1
    later = clock.epoch() + 86_400
    monkeypatch.setattr("mail.services.pop3.epoch", lambda: later)
    assert forget_hidden() == 1
    [left] = Pop3Hidden.objects.values_list("uid", "credential")
    assert left == (1, 0)


def test_what_is_hidden_anew_while_the_duty_runs_stays_hidden(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(ann, "hide", 1)
    append(ann)
    remove_deleted(open_maildrop(ann.pk, 0).snapshot, [1], 0)
    later = clock.epoch() + 86_400
    monkeypatch.setattr("mail.services.pop3.epoch", lambda: later)
    in_list = db.in_list

    def hide_anew(column: str, values: list[int]) -> tuple[str, list[object]]:
        Pop3Hidden.objects.update(hidden_until=later + 1)
        return in_list(column, values)

    monkeypatch.setattr(db, "in_list", hide_anew)
    forget_hidden()
    assert Pop3Hidden.objects.filter(uid=1).exists()


def test_nothing_is_done_to_a_mailbox_that_was_restored(ann: Account) -> None:
    append(ann)
    snapshot = open_maildrop(ann.pk, 0).snapshot
    renew_uid_validity(ann)
    with pytest.raises(Stale):
        remove_deleted(snapshot, [1], 0)
    with pytest.raises(Stale):
        mark_seen(snapshot, [1])
    assert uids_of(ann) == [1]


def test_what_was_retrieved_is_seen(ann: Account, published: list[object]) -> None:
    append(ann)
    append(ann)
    mark_seen(open_maildrop(ann.pk, 0).snapshot, [2, 99])
    assert mailbox(ann).unseen == 1
    from mail.flagrows import list_flags

    assert [row[1] for row in list_flags(mailbox(ann).collection_id, [(1, 2)])] == [0, SEEN]


def test_message_is_found_where_it_went(ann: Account) -> None:
    for _ in range(3):
        append(ann, prefix=b"Received: x\r\n")
    opened = open_maildrop(ann.pk, 0)
    here = [find_content(opened.snapshot, uid, email) for uid, email in ids_of(opened)]
    trash_id = mailbox(ann, "Trash").collection_id
    move_messages(ann.pk, mailbox(ann).collection_id, [(1, 1)], ann.pk, trash_id)
    choose(ann, "delete")
    remove_deleted(opened.snapshot, [2], 0)
    assert None not in here
    assert [find_content(opened.snapshot, uid, email) for uid, email in ids_of(opened)] == here
    assert find_content(opened.snapshot, 99, 99) is None


def test_account_goes_by_its_own_policy_or_the_default(
    ann: Account, ben: Account, settings: object, set_limit: SetLimit
) -> None:
    settings.GROUPWARE_POP3_DELE = "hide"  # type: ignore[attr-defined]
    settings.GROUPWARE_POP3_SEEN = False  # type: ignore[attr-defined]
    set_limit(limits.POP3_HIDE_DAYS, 30)
    set_policy(ann.pk, action="delete", hide_days=0, marks_seen=True)
    assert get_policy(ann.pk) == maildrops.Policy("delete", 0, marks_seen=True, is_own=True)
    default = maildrops.Policy("hide", 30, marks_seen=False, is_own=False)
    assert get_policy(ben.pk) == default
    assert clear_policy(ann.pk) == default


@pytest.mark.parametrize(("action", "days"), [("keep", 0), ("hide", -1), ("hide", 99_999)])
def test_policy_that_makes_no_sense_is_refused(ann: Account, action: str, days: int) -> None:
    with pytest.raises(Invalid):
        set_policy(ann.pk, action=action, hide_days=days, marks_seen=True)


def test_login_comes_too_soon_until_the_delay_is_over(
    ann: Account, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.POP3_LOGIN_DELAY, 60)
    note_login(ann.pk, 0)
    note_login(ann.pk, 1)
    with pytest.raises(TooSoon):
        note_login(ann.pk, 0)
    later = clock.epoch() + 60
    monkeypatch.setattr("mail.services.pop3.epoch", lambda: later)
    note_login(ann.pk, 0)
    assert Message.objects.count() == 0


def test_account_is_deleted_with_all_that_pop3_keeps(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.POP3_LOGIN_DELAY, 60)
    append(ann)
    choose(ann, "hide")
    remove_deleted(open_maildrop(ann.pk, 0).snapshot, [1], 0)
    note_login(ann.pk, 0)
    delete_account(ann.login)
    assert not Pop3Hidden.objects.exists()
