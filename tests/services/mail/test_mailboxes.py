"""Creating, deleting and subscribing to mailboxes; renaming has a file of its own."""

import pytest

from groupware.core import limits, rights
from groupware.core.errors import AlreadyExists, Invalid, LimitExceeded, NotFound, Stale
from groupware.core.events import CollectionChanged, MailboxListChanged
from groupware.core.models import Account, CollectionTombstone, Grant, Tombstone
from mail import queries
from mail.flags import DELETED, SEEN
from mail.models import MessageReader
from mail.services.mailboxes import (
    UseRefused,
    create_mailbox,
    delete_mailbox,
    rename_mailbox,
    subscribe,
    unsubscribe,
)
from mail.services.messages import append_message, expunge_messages
from tests.conftest import SetLimit
from tests.services.store import append, collection_of, mailbox, prepared, state_of, uids_of

pytestmark = pytest.mark.django_db


def names(account: Account) -> list[str]:
    return [info.name for info in queries.list_mailboxes(account.pk)]


def test_new_account_has_the_usual_mailboxes(ann: Account) -> None:
    found = queries.list_mailboxes(ann.pk)
    assert [(info.name, info.special_use) for info in found] == [
        ("INBOX", ""),
        ("Archive", "Archive"),
        ("Drafts", "Drafts"),
        ("Junk", "Junk"),
        ("Sent", "Sent"),
        ("Trash", "Trash"),
    ]
    assert queries.list_subscriptions(ann.pk) == sorted(info.name for info in found)
    assert len({info.uid_validity for info in found}) == 6
    assert all(info.selectable and info.items == 0 and info.uid_next == 1 for info in found)


def test_created_mailbox_is_empty_and_has_no_use(ann: Account) -> None:
    info = create_mailbox(ann.pk, "Work")
    assert info == mailbox(ann, "Work")
    assert (info.items, info.uid_next, info.special_use, info.selectable) == (0, 1, "", True)
    assert info.highest_modseq == state_of(ann).next_modseq - 1


def test_created_mailbox_takes_a_special_use_that_is_free(ann: Account) -> None:
    delete_mailbox(ann.pk, "Drafts")
    assert create_mailbox(ann.pk, "Entwürfe", "Drafts").special_use == "Drafts"


@pytest.mark.parametrize("special_use", ["Drafts", "All", "Nonsense"])
def test_special_use_that_is_taken_or_unknown_is_refused(ann: Account, special_use: str) -> None:
    before = names(ann)
    with pytest.raises(UseRefused):
        create_mailbox(ann.pk, "Deep/Entwürfe", special_use)
    assert names(ann) == before


def test_missing_superiors_are_created(ann: Account) -> None:
    create_mailbox(ann.pk, "a/b/c")
    create_mailbox(ann.pk, "a/d/")
    assert [name for name in names(ann) if name[0] == "a"] == ["a", "a/b", "a/b/c", "a/d"]
    assert mailbox(ann, "a/b").selectable


@pytest.mark.parametrize("name", ["inbox", "INBOX", "Inbox", "Sent"])
def test_name_that_is_taken_is_refused(ann: Account, name: str) -> None:
    with pytest.raises(AlreadyExists):
        create_mailbox(ann.pk, name)


def test_inbox_is_itself_in_any_case_also_above_others(ann: Account) -> None:
    create_mailbox(ann.pk, "inbox/Lists")
    assert "INBOX/Lists" in names(ann)
    create_mailbox(ann.pk, "sent")
    assert {"sent", "Sent"} <= set(names(ann))


@pytest.mark.parametrize(
    "name", ["", "/", "a//b", "/a", " a", "a ", "a/ b", "a\tb", "a\0b", "x" * 256, "a\ud800", "/".join("a" * 51)]
)  # fmt: skip
def test_impossible_names_are_refused(ann: Account, name: str) -> None:
    before = names(ann)
    with pytest.raises(Invalid):
        create_mailbox(ann.pk, name)
    with pytest.raises(Invalid):
        rename_mailbox(ann.pk, "Sent", name)
    with pytest.raises(Invalid):
        subscribe(ann.pk, name)
    assert names(ann) == before


def test_number_of_mailboxes_is_limited_with_the_superiors(
    ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.MAILBOXES, 8)
    with pytest.raises(LimitExceeded):
        create_mailbox(ann.pk, "a/b/c")
    assert len(names(ann)) == 6
    create_mailbox(ann.pk, "a/b")
    with pytest.raises(LimitExceeded):
        create_mailbox(ann.pk, "c")
    with pytest.raises(LimitExceeded):
        rename_mailbox(ann.pk, "INBOX", "old")
    delete_mailbox(ann.pk, "a")
    create_mailbox(ann.pk, "a")


def test_deleted_mailbox_is_gone_with_its_messages(ann: Account, ben: Account) -> None:
    create_mailbox(ann.pk, "Work")
    work = mailbox(ann, "Work")
    for flags in (0, SEEN, DELETED):
        append(ann, "Work", flags=flags, prefix=b"X: y\r\n")
    expunge_messages(ann.pk, work.collection_id)
    append(ann)
    used = mailbox(ann).bytes
    MessageReader.objects.create(
        account=ann, collection_id=work.collection_id, uid=1, reader=ben, seen=True, modseq=1
    )
    delete_mailbox(ann.pk, "Work")
    assert "Work" not in names(ann)
    assert (state_of(ann).items_used, state_of(ann).bytes_used) == (1, used)
    assert not MessageReader.objects.exists()
    assert not Tombstone.objects.filter(collection_id=work.collection_id).exists()
    with pytest.raises(NotFound):
        queries.get_mailbox_by_id(work.collection_id)


def test_deletion_leaves_the_tombstone_of_the_collection(ann: Account) -> None:
    object_id = create_mailbox(ann.pk, "Work").object_id
    delete_mailbox(ann.pk, "Work")
    gone = CollectionTombstone.objects.get()
    assert (gone.account_id, gone.kind, gone.object_id) == (ann.pk, "mail", object_id)
    assert gone.modseq < state_of(ann).next_modseq


@pytest.mark.parametrize("name", ["INBOX", "inbox", "Inbox"])
def test_inbox_is_never_deleted(ann: Account, name: str) -> None:
    with pytest.raises(Invalid):
        delete_mailbox(ann.pk, name)


def test_mailbox_that_is_not_there_is_not_deleted(ann: Account) -> None:
    with pytest.raises(NotFound):
        delete_mailbox(ann.pk, "Nowhere")


def test_mailbox_with_inferiors_stays_as_a_name(ann: Account) -> None:
    create_mailbox(ann.pk, "a/b")
    append(ann, "a", flags=DELETED, keywords=("x",))
    append(ann, "a/b")
    before = mailbox(ann, "a")
    delete_mailbox(ann.pk, "a")
    left = mailbox(ann, "a")
    assert not left.selectable
    assert (left.items, left.bytes, left.unseen, left.deleted, left.keywords) == (0, 0, 0, 0, ())
    assert left.object_id != before.object_id
    assert uids_of(ann, "a/b") == [1]
    with pytest.raises(Invalid):
        delete_mailbox(ann.pk, "a")
    delete_mailbox(ann.pk, "a/b")
    delete_mailbox(ann.pk, "a")
    assert "a" not in names(ann)


def test_left_name_becomes_a_new_mailbox(ann: Account) -> None:
    create_mailbox(ann.pk, "a/b")
    append(ann, "a")
    before = mailbox(ann, "a")
    delete_mailbox(ann.pk, "a")
    delete_mailbox(ann.pk, "Archive")
    revived = create_mailbox(ann.pk, "a", "Archive")
    assert (revived.selectable, revived.uid_next, revived.items) == (True, 1, 0)
    assert revived.special_use == "Archive"
    assert revived.uid_validity > before.uid_validity
    assert revived.object_id != before.object_id
    assert revived.highest_modseq > before.highest_modseq
    with pytest.raises(AlreadyExists):
        create_mailbox(ann.pk, "a")


def test_whoever_had_a_deleted_mailbox_open_never_writes_to_the_next_one(ann: Account) -> None:
    create_mailbox(ann.pk, "a/b")
    append(ann, "a")
    held = mailbox(ann, "a").collection_id
    delete_mailbox(ann.pk, "a")
    create_mailbox(ann.pk, "a")
    append(ann, "a", flags=DELETED)
    assert expunge_messages(ann.pk, held) == []
    with pytest.raises(Stale):
        append_message(ann.pk, held, prepared())
    assert uids_of(ann, "a") == [1]


def test_left_name_gives_nobody_rights_any_more(ann: Account, ben: Account) -> None:
    create_mailbox(ann.pk, "a/b")
    rights.grant(ann, collection_of(ann, "a"), ben, rights.parse_rights("read"))
    delete_mailbox(ann.pk, "a")
    create_mailbox(ann.pk, "a")
    assert not Grant.objects.exists()
    assert not rights.effective_rights(ben.pk, ann.pk, collection_of(ann, "a").pk)


def test_uid_validity_and_object_id_are_never_used_again(ann: Account) -> None:
    create_mailbox(ann.pk, "a/b")
    seen: list[tuple[int, str]] = []
    for _ in range(3):
        info = mailbox(ann, "a/b")
        seen.append((info.uid_validity, info.object_id))
        delete_mailbox(ann.pk, "a/b")
        create_mailbox(ann.pk, "a/b")
        seen.append((mailbox(ann, "a").uid_validity, mailbox(ann, "a").object_id))
        delete_mailbox(ann.pk, "a")
        create_mailbox(ann.pk, "a")
    assert len({uid_validity for uid_validity, _ in seen}) == 6
    assert len({object_id for _, object_id in seen}) == 6


def test_subscription_is_a_name_whether_it_is_there_or_not(ann: Account) -> None:
    subscribe(ann.pk, "later/maybe")
    subscribe(ann.pk, "later/maybe")
    subscribe(ann.pk, "inbox")
    assert queries.list_subscriptions(ann.pk) == [
        "Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash", "later/maybe",
    ]  # fmt: skip
    unsubscribe(ann.pk, "Inbox")
    assert "INBOX" not in queries.list_subscriptions(ann.pk)
    with pytest.raises(NotFound):
        unsubscribe(ann.pk, "INBOX")


def test_subscription_outlives_its_mailbox(ann: Account) -> None:
    delete_mailbox(ann.pk, "Sent")
    assert "Sent" in queries.list_subscriptions(ann.pk)


def test_subscriptions_are_limited(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.SUBSCRIPTIONS, 7)
    subscribe(ann.pk, "one")
    with pytest.raises(LimitExceeded):
        subscribe(ann.pk, "two")
    subscribe(ann.pk, "one")


@pytest.mark.django_db(transaction=True)
def test_changes_of_the_list_are_published(ann: Account, published: list[object]) -> None:
    published.clear()
    create_mailbox(ann.pk, "a")
    rename_mailbox(ann.pk, "a", "b")
    gone = mailbox(ann, "b").collection_id
    delete_mailbox(ann.pk, "b")
    assert [event for event in published if event == MailboxListChanged(ann.pk)] == [
        MailboxListChanged(ann.pk)
    ] * 3
    assert CollectionChanged(ann.pk, gone, 0) in published


def test_a_new_mailbox_is_granted_to_whom_the_one_above_is(ann: Account, ben: Account) -> None:
    def held(name: str) -> str:
        return str(rights.effective_rights(ben.pk, ann.pk, mailbox(ann, name).collection_id))

    rights.grant(ann, collection_of(ann, "Archive"), ben, rights.parse_rights("lrs free-busy"))
    create_mailbox(ann.pk, "Archive/2026/May")
    rename_mailbox(ann.pk, "INBOX", "Archive/Before")
    create_mailbox(ann.pk, "Other")
    assert held("Archive/2026") == held("Archive/2026/May") == "lrs free-busy"
    assert held("Archive/Before") == "lrs free-busy"
    assert held("Other") == held("INBOX") == ""
    rename_mailbox(ann.pk, "Archive/2026/May", "May")
    assert held("May") == "lrs free-busy"
    delete_mailbox(ann.pk, "Archive")
    create_mailbox(ann.pk, "Archive")
    assert held("Archive") == ""


def test_a_name_that_becomes_a_mailbox_again_grants_nobody_twice(
    ann: Account, ben: Account
) -> None:
    create_mailbox(ann.pk, "a/b/c")
    delete_mailbox(ann.pk, "a/b")
    rights.grant(ann, collection_of(ann, "a"), ben, rights.parse_rights("write"))
    rights.grant(ann, collection_of(ann, "a/b"), ben, rights.parse_rights("read"))
    create_mailbox(ann.pk, "a/b")
    assert str(rights.effective_rights(ben.pk, ann.pk, collection_of(ann, "a/b").pk)) == "lrs"
    rights.revoke(ann, collection_of(ann, "a/b"), ben)
    assert not rights.effective_rights(ben.pk, ann.pk, collection_of(ann, "a/b").pk)
