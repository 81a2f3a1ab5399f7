from contextlib import nullcontext

import pytest
from django.core.management import CommandError

from groupware.core.blobs.service import store
from groupware.core.models import Account, AccountState, Collection
from mail.queries import list_changes
from tests.services.damage import DAMAGES, INBOX, Damage, damage, fill_inbox, find, location_of, run
from tests.services.store import append, uids_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


@pytest.fixture
def inbox(ann: Account) -> int:
    return fill_inbox(ann)


def test_everything_that_can_be_derived_is_repaired(ann: Account, inbox: int) -> None:
    damage("UPDATE core_collection SET items = 7, bytes = 1 WHERE id = %s", inbox)
    damage("UPDATE mail_mailbox SET unseen = 7, deleted = 7 WHERE collection_id = %s", inbox)
    damage("UPDATE core_accountstate SET items_used = 0, bytes_used = 5")
    damage("DELETE FROM mail_messagecontent WHERE blob_id = (SELECT MIN(id) FROM core_blob)")
    damage("UPDATE mail_messagecontent SET envelope = %s", b"other")
    modseq = Collection.objects.get(pk=inbox).highest_modseq
    text = run("--repair", "--deep")
    assert text.endswith(" 4 blobs: all repaired.\n")
    assert find(deep=True) == []
    assert Collection.objects.get(pk=inbox).highest_modseq == modseq


@pytest.mark.parametrize("done", DAMAGES, ids=lambda done: f"{done.check}: {done.what}")
def test_a_repair_leaves_only_what_it_cannot_repair(
    ann: Account, ben: Account, inbox: int, done: Damage
) -> None:
    damage(done.sql.format(inbox=inbox, ann=ann.pk, ben=ben.pk))
    kept = {(fault.check, fault.where) for fault in find() if fault.repair is None}
    expected = pytest.raises(CommandError, match="found in") if kept else nullcontext()
    with expected:
        run("--repair")
    assert {(fault.check, fault.where) for fault in find()} == kept


def test_after_its_order_is_settled_a_mailbox_takes_and_tells_messages(
    ann: Account, inbox: int
) -> None:
    since = Collection.objects.get(pk=inbox).highest_modseq
    damage("UPDATE mail_message SET modseq = 900 WHERE uid = 3 AND collection_id = %s", inbox)
    damage("UPDATE core_collection SET uid_next = 2 WHERE id = %s", inbox)
    assert "all repaired" in run("--repair")
    assert append(ann).uid == 5
    changes = list_changes(inbox, since_modseq=since, known_uid_next=5)
    assert [row[0] for row in changes.changed] == [3]
    assert [row[0] for row in changes.new] == [5]
    assert find() == []


def test_clients_learn_of_messages_that_went_without_a_tombstone(ann: Account, inbox: int) -> None:
    before = Collection.objects.get(pk=inbox)
    damage("DELETE FROM core_tombstone")
    run("--repair")
    after = Collection.objects.get(pk=inbox)
    assert after.uid_validity == before.uid_validity
    changes = list_changes(inbox, since_modseq=before.highest_modseq, known_uid_next=5)
    assert changes.vanished == [(2, 2)]


def test_clients_load_a_mailbox_again_whose_living_message_had_a_tombstone(
    ann: Account, inbox: int
) -> None:
    before = Collection.objects.get(pk=inbox)
    damage("UPDATE core_tombstone SET uid_last = 3")
    run("--repair")
    after = Collection.objects.get(pk=inbox)
    assert after.uid_validity > before.uid_validity
    assert after.token_epoch > before.token_epoch
    assert uids_of(ann) == [1, 3, 4]


def test_one_call_repairs_all_faults_of_one_cause(ann: Account, inbox: int) -> None:
    damage("UPDATE mail_message SET modseq = 900 WHERE collection_id = %s", inbox)
    before = AccountState.objects.get(account=ann).next_modseq
    assert run("--repair").count("Repaired.") == 3 + 3  # where clients look for changes, too
    assert AccountState.objects.get(account=ann).next_modseq == 902 > before
    assert find() == []


def test_what_cannot_be_repaired_is_left_and_said(ann: Account, inbox: int) -> None:
    damage("DELETE FROM mail_messagecontent")
    store().remove(location_of(inbox, 3))
    with pytest.raises(CommandError, match=r"5 faults found in 1 accounts, .*, 3 repaired\."):
        run("--repair")
    assert {(fault.check, fault.where) for fault in find()} == {
        ("index", f"{INBOX} UID 3"),
        ("blob", f"{INBOX} UID 3"),
    }
