import pytest

from groupware.core.directory import set_quota
from groupware.core.errors import AlreadyExists, Invalid, NotFound
from groupware.core.models import Account
from mail import queries
from mail.services.mailboxes import create_mailbox, delete_mailbox, rename_mailbox
from tests.services.store import append, mailbox, rows_of, state_of, uids_of

pytestmark = pytest.mark.django_db


def names(account: Account, start: str) -> list[str]:
    found = [info.name for info in queries.list_mailboxes(account.pk)]
    return [name for name in found if name.startswith(start)]


def test_renamed_mailbox_is_the_same_mailbox(ann: Account) -> None:
    before = create_mailbox(ann.pk, "Work")
    append(ann, "Work")
    rename_mailbox(ann.pk, "Work", "Job")
    after = mailbox(ann, "Job")
    assert (after.collection_id, after.object_id, after.uid_validity) == (
        before.collection_id,
        before.object_id,
        before.uid_validity,
    )
    assert uids_of(ann, "Job") == [1]
    assert names(ann, "Work") == []


def test_everything_below_is_renamed_too(ann: Account) -> None:
    for name in ("a/b/c", "ab", "a b"):
        create_mailbox(ann.pk, name)
    object_ids = {name: mailbox(ann, name).object_id for name in ("a/b", "a/b/c")}
    rename_mailbox(ann.pk, "a", "z/y")
    assert names(ann, "z") == ["z", "z/y", "z/y/b", "z/y/b/c"]
    assert names(ann, "a") == ["a b", "ab"]
    assert mailbox(ann, "z/y/b/c").object_id == object_ids["a/b/c"]


def test_name_that_cannot_be_selected_is_renamed_with_its_tree(ann: Account) -> None:
    create_mailbox(ann.pk, "a/b")
    delete_mailbox(ann.pk, "a")
    rename_mailbox(ann.pk, "a", "c")
    assert names(ann, "c") == ["c", "c/b"]
    assert not mailbox(ann, "c").selectable


def test_level_is_renamed_within_its_tree(ann: Account) -> None:
    create_mailbox(ann.pk, "a/b/c")
    rename_mailbox(ann.pk, "a/b", "a/d")
    rename_mailbox(ann.pk, "a/d/c", "c")
    assert names(ann, "a") == ["a", "a/d"]
    assert names(ann, "c") == ["c"]


def test_mailbox_is_not_moved_below_itself(ann: Account) -> None:
    create_mailbox(ann.pk, "a/b")
    with pytest.raises(Invalid):
        rename_mailbox(ann.pk, "a", "a/b/c")
    with pytest.raises(AlreadyExists):
        rename_mailbox(ann.pk, "a", "a")
    assert names(ann, "a") == ["a", "a/b"]


@pytest.mark.parametrize("new", ["Sent", "INBOX", "inbox"])
def test_name_that_is_taken_is_refused(ann: Account, new: str) -> None:
    create_mailbox(ann.pk, "Work")
    with pytest.raises(AlreadyExists):
        rename_mailbox(ann.pk, "Work", new)


def test_mailbox_that_is_not_there_is_not_renamed(ann: Account) -> None:
    with pytest.raises(NotFound):
        rename_mailbox(ann.pk, "Nowhere", "a/b")
    assert names(ann, "a") == []


def test_tree_that_would_become_too_deep_stays(ann: Account) -> None:
    create_mailbox(ann.pk, "a/" + "/".join("x" * 30))
    create_mailbox(ann.pk, "/".join("y" * 30))
    with pytest.raises(Invalid):
        rename_mailbox(ann.pk, "a", "/".join("y" * 30) + "/a")
    assert len(names(ann, "a")) == 31


def test_renamed_inbox_gives_its_messages_and_stays(ann: Account) -> None:
    append(ann, keywords=("x",), prefix=b"X: y\r\n")
    append(ann)
    create_mailbox(ann.pk, "INBOX/Below")
    before, state = mailbox(ann), state_of(ann)
    rename_mailbox(ann.pk, "inbox", "Old/Mail")
    assert uids_of(ann) == []
    assert [row[2] for row in rows_of(ann, "Old/Mail")] == ["x", ""]
    after = mailbox(ann)
    assert (after.object_id, after.uid_validity) == (before.object_id, before.uid_validity)
    assert after.uid_next == before.uid_next
    assert mailbox(ann, "Old/Mail").object_id != before.object_id
    assert names(ann, "INBOX") == ["INBOX", "INBOX/Below"]
    assert state_of(ann).bytes_used == state.bytes_used


def test_inbox_is_renamed_below_itself_and_when_empty(ann: Account) -> None:
    rename_mailbox(ann.pk, "INBOX", "INBOX/Old")
    assert names(ann, "INBOX") == ["INBOX", "INBOX/Old"]


def test_full_account_renames_its_inbox(ann: Account) -> None:
    append(ann)
    set_quota(ann.login, state_of(ann).bytes_used)
    rename_mailbox(ann.pk, "INBOX", "Old")
    assert uids_of(ann, "Old") == [1]


def test_names_of_other_accounts_are_their_own(ann: Account, ben: Account) -> None:
    rename_mailbox(ann.pk, "Sent", "Gesendet")
    assert mailbox(ben, "Sent").name == "Sent"
