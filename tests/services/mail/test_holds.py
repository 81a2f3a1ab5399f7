"""Holds: what must not be lost stays, whoever expunges it, moves it or deletes its mailbox."""

import pytest

from groupware.core import directory, limits
from groupware.core.clock import epoch
from groupware.core.errors import AlreadyExists, NotAllowed, NotFound
from groupware.core.models import Account
from mail.flags import DELETED
from mail.models import ExpungedMessage, RetentionHold
from mail.services import holds
from mail.services.copying import move_messages
from mail.services.expunged import DAY, let_go
from mail.services.mailboxes import create_mailbox, delete_mailbox, rename_mailbox
from mail.services.messages import expunge_messages
from mail.services.undelete import Selection, list_restorable, restore_messages
from tests.conftest import SetLimit
from tests.services.damage import find
from tests.services.store import append, mailbox, uids_of

pytestmark = pytest.mark.django_db


def expunge(account: Account, name: str = "INBOX", number: int = 1) -> None:
    """Append messages to a mailbox and expunge them."""
    for _ in range(number):
        append(account, name, flags=DELETED)
    expunge_messages(account.pk, mailbox(account, name).collection_id)


def grow_old() -> None:
    """Let everything that is kept have been expunged long ago."""
    ExpungedMessage.objects.update(expunged_at=epoch() - 400 * DAY)


def kept_of(account: Account) -> list[str]:
    return [row.mailbox for row in list_restorable(Selection(account.pk))]


def test_what_is_on_hold_is_kept_until_it_is_released(ann: Account, ben: Account) -> None:
    holds.hold(ann, reason="Case 7")
    for account in (ann, ben):
        expunge(account, number=3)
    grow_old()
    assert let_go() == 3
    assert (kept_of(ann), kept_of(ben)) == (["INBOX"] * 3, [])
    holds.release(ann)
    assert let_go() == 3
    assert kept_of(ann) == []
    assert find() == []


def test_hold_of_a_mailbox_keeps_of_that_mailbox_alone(ann: Account) -> None:
    holds.hold(ann, mailbox(ann, "Sent").collection_id, "Sent")
    expunge(ann, "Sent")
    expunge(ann)
    grow_old()
    assert let_go() == 1
    assert kept_of(ann) == ["Sent"]


def test_what_is_held_is_in_the_way_of_nothing_behind_it(
    ann: Account, ben: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.services.expunged.BATCH", 2)
    holds.hold(ann)
    expunge(ann, number=5)
    expunge(ben, number=5)
    grow_old()
    assert let_go() == 5
    assert len(kept_of(ann)) == 5


def test_short_disk_takes_nothing_that_is_held(ann: Account, set_limit: SetLimit) -> None:
    holds.hold(ann)
    expunge(ann)
    set_limit(limits.DISK_RESERVE, 2**60)
    assert let_go() == 0
    holds.release(ann)
    assert let_go() == 1


def test_where_nothing_is_kept_what_is_held_is(
    ann: Account, ben: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.UNDELETE_DAYS, 0)
    holds.hold(ann, mailbox(ann).collection_id, "INBOX")
    expunge(ann)
    expunge(ann, "Sent")
    expunge(ben)
    assert let_go() == 0
    assert (kept_of(ann), kept_of(ben)) == (["INBOX"], [])


def test_mailbox_on_hold_may_be_deleted_and_keeps_its_messages(ann: Account) -> None:
    create_mailbox(ann.pk, "Work")
    holds.hold(ann, mailbox(ann, "Work").collection_id, "Work")
    append(ann, "Work")
    rename_mailbox(ann.pk, "Work", "Done")
    [held] = holds.list_holds(ann.pk)
    assert (held.mailbox, held.is_gone) == ("Done", False)
    delete_mailbox(ann.pk, "Done")
    grow_old()
    assert let_go() == 0
    [held] = holds.list_holds()
    assert (held.mailbox, held.is_gone) == ("Work", True)
    holds.release(ann, "Work")
    assert let_go() == 1


def test_what_moves_out_of_a_mailbox_on_hold_leaves_a_copy(ann: Account) -> None:
    inbox, trash = (mailbox(ann, name).collection_id for name in ("INBOX", "Trash"))
    holds.hold(ann, inbox, "INBOX")
    uid = append(ann).uid
    move_messages(ann.pk, inbox, [(uid, uid)], ann.pk, trash)
    assert (kept_of(ann), len(uids_of(ann, "Trash"))) == (["INBOX"], 1)
    [row] = list_restorable(Selection(ann.pk))
    restore_messages(ann.pk, inbox, [row.key])
    assert len(uids_of(ann)) == 1
    assert find() == []


def test_move_within_an_account_on_hold_needs_no_copy(ann: Account) -> None:
    holds.hold(ann)
    uid = append(ann).uid
    inbox, trash = (mailbox(ann, name).collection_id for name in ("INBOX", "Trash"))
    move_messages(ann.pk, inbox, [(uid, uid)], ann.pk, trash)
    assert kept_of(ann) == []


@pytest.mark.django_db(transaction=True)
def test_what_moves_to_another_account_leaves_a_copy(ann: Account, ben: Account) -> None:
    holds.hold(ann)
    uid = append(ann).uid
    source, target = mailbox(ann).collection_id, mailbox(ben).collection_id
    move_messages(ann.pk, source, [(uid, uid)], ben.pk, target)
    assert (uids_of(ann), len(uids_of(ben)), kept_of(ann)) == ([], 1, ["INBOX"])


def test_account_on_hold_cannot_be_deleted(ann: Account) -> None:
    holds.hold(ann, mailbox(ann).collection_id, "INBOX")
    with pytest.raises(NotAllowed, match="on hold"):
        directory.delete_account(ann.login)
    holds.release(ann, "INBOX")
    directory.delete_account(ann.login)
    assert not RetentionHold.objects.exists()


def test_a_hold_is_made_once_and_released_once(ann: Account) -> None:
    holds.hold(ann)
    with pytest.raises(AlreadyExists):
        holds.hold(ann)
    with pytest.raises(NotFound):
        holds.release(ann, "INBOX")
    with pytest.raises(NotFound):
        holds.hold(ann, 10**9, "Gone")
    holds.release(ann)
    with pytest.raises(NotFound):
        holds.release(ann)


def test_hold_that_comes_while_something_is_let_go_of_keeps_it(ann: Account) -> None:
    from mail.services import expunged

    expunge(ann)
    [key] = ExpungedMessage.objects.values_list("pk", flat=True)
    holds.hold(ann)
    assert expunged._remove(ann.pk, [key]) == 0
    assert kept_of(ann) == ["INBOX"]
