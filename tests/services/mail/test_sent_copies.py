"""Copies in Sent: one, whoever files it, before or after."""

from collections.abc import Callable

import pytest

from groupware.core import limits
from groupware.core.directory import delete_account
from groupware.core.models import Account
from groupware.core.names import get_collection
from groupware.core.rights import find_grantee, grant, parse_rights
from mail import queries
from mail.flags import DRAFT, OWNER, SEEN, Actor, actor_with
from mail.models import ExpungedMessage, SentCopy
from mail.services import mailboxes, sentcopies
from mail.services.appending import NewMessage, append_messages
from mail.services.content import PreparedMessage, prepare_message
from mail.services.copying import copy_messages, move_messages
from mail.services.holds import hold
from mail.services.messages import Appended
from mail.services.sentcopies import Copy, choose_owner, file_copy, forget, is_sent, set_on
from tests.conftest import SetLimit
from tests.services.store import create, mailbox, message, rows_of, state_of, uids_of

pytestmark = pytest.mark.django_db
Carry = Callable[..., object]

FIELDS = "From: ann@example.test\r\nSubject: x\r\n"
DATA = f"{FIELDS}Message-ID: <one@example.test>\r\n\r\nHello.\r\n".encode()
OWN = f"{FIELDS}Message-ID: <one@example.test>\r\nBcc: x@y.test\r\n\r\nHello.\r\n".encode()
BARE = f"{FIELDS}\r\nHello.\r\n".encode()


def file(account: Account, data: bytes = DATA, message_id: str = "one@example.test") -> None:
    file_copy(account.pk, account.pk, Copy(prepare_message(data), b"X: y\r\n", message_id))


def put(
    account: Account,
    data: bytes | PreparedMessage = OWN,
    name: str = "Sent",
    flags: int = SEEN,
    actor: Actor = OWNER,
) -> Appended:
    """Append a message as IMAP does."""
    info = mailbox(account, name)
    prepared = prepare_message(data) if isinstance(data, bytes) else data
    new = [NewMessage(prepared, flags)]
    [appended] = append_messages(
        account.pk, info.collection_id, new, actor=actor, is_sent=is_sent(info)
    )
    return appended


def test_copy_is_filed_once_and_is_seen(ann: Account) -> None:
    for _ in range(2):
        file(ann)
    assert [flags for _, flags in rows_of(ann, "Sent", "uid", "flags")] == [SEEN]
    assert mailbox(ann, "Sent").unseen == 0


def test_what_a_program_files_afterwards_takes_its_place(
    ann: Account, published: list[object]
) -> None:
    file(ann)
    before = mailbox(ann, "Sent")
    appended = put(ann)
    assert uids_of(ann, "Sent") == [appended.uid] == [2]
    changes = queries.list_changes(
        before.collection_id, since_modseq=before.highest_modseq, known_uid_next=before.uid_next
    )
    assert changes.vanished == [(1, 1)]
    assert state_of(ann).bytes_used == len(OWN)
    assert not SentCopy.objects.exists()


def test_what_a_program_filed_before_is_left_alone(ann: Account) -> None:
    put(ann)
    file(ann)
    assert uids_of(ann, "Sent") == [1]
    assert not SentCopy.objects.exists()


def test_a_copy_is_replaced_once(ann: Account) -> None:
    file(ann)
    put(ann)
    put(ann)
    assert uids_of(ann, "Sent") == [2, 3]


def test_message_that_came_without_an_id_is_known_by_its_bytes(ann: Account) -> None:
    for number in range(2):
        file(ann, BARE, f"{number}@example.test")
    assert uids_of(ann, "Sent") == [1, 2]
    put(ann, BARE)
    assert uids_of(ann, "Sent") == [2, 3]


def test_only_what_is_put_where_sent_mail_belongs_takes_its_place(ann: Account) -> None:
    file(ann)
    for name in ("Drafts", "Archive", "INBOX"):
        put(ann, name=name)
    put(ann, flags=DRAFT)
    put(ann, message())
    assert 1 in uids_of(ann, "Sent")


def test_program_with_a_mailbox_of_its_own_has_its_copy_there(ann: Account) -> None:
    mailboxes.create_mailbox(ann.pk, "INBOX/Sent Items")
    file(ann)
    put(ann, name="INBOX/Sent Items")
    assert (uids_of(ann, "Sent"), uids_of(ann, "INBOX/Sent Items")) == ([], [1])
    file(ann)
    assert uids_of(ann, "Sent") == []


def carry(how: Carry, account: Account, source: str = "Drafts", to: Account | None = None) -> None:
    """Put everything of a mailbox into Sent, as IMAP does."""
    held, target = mailbox(account, source), mailbox(to or account, "Sent")
    where = target.account_id, target.collection_id
    how(account.pk, held.collection_id, [(1, 9)], *where, actor_with(account.pk, "lrsitew"))


@pytest.mark.parametrize("how", [copy_messages, move_messages])
@pytest.mark.parametrize("data", [OWN, DATA])
def test_draft_that_a_program_puts_there_takes_its_place(
    ann: Account, how: Carry, data: bytes
) -> None:
    put(ann, data, "Drafts", DRAFT | SEEN)
    put(ann, message(), "Drafts", DRAFT)
    file(ann)
    carry(how, ann)
    assert uids_of(ann, "Sent") == [2, 3]
    assert not SentCopy.objects.exists()
    file(ann)
    assert uids_of(ann, "Sent") == [2, 3]


@pytest.mark.parametrize("how", [copy_messages, move_messages])
def test_draft_takes_the_place_of_one_copy(ann: Account, how: Carry) -> None:
    for number in range(2):
        file(ann, BARE, f"{number}@example.test")
    put(ann, BARE, "Drafts", DRAFT)
    carry(how, ann)
    assert uids_of(ann, "Sent") == [2, 3]


def test_draft_takes_no_copys_place_that_another_sent(ann: Account, ben: Account) -> None:
    info = create("info@example.test", kind="shared")
    file_copy(ben.pk, info.pk, Copy(prepare_message(DATA), b"", "one@example.test"))
    put(ann, OWN, "Drafts")
    put(ben, OWN, "Drafts")
    carry(copy_messages, ann, to=info)
    assert uids_of(info, "Sent") == [1, 2]
    carry(copy_messages, ben, to=info)
    assert uids_of(info, "Sent") == [2, 3]


@pytest.mark.parametrize("how", [copy_messages, move_messages])
def test_what_came_in_takes_no_copys_place_nor_does_a_copy_that_of_itself(
    ann: Account, how: Carry
) -> None:
    file(ann)
    put(ann, name="INBOX")
    carry(how, ann, "INBOX")
    assert uids_of(ann, "Sent") == [1, 2]
    carry(copy_messages, ann, "Sent")
    assert uids_of(ann, "Sent") == [1, 2, 3, 4]


def test_copy_that_was_moved_or_deleted_is_not_looked_for(ann: Account) -> None:
    file(ann)
    source, target = mailbox(ann, "Sent"), mailbox(ann, "Archive")
    move_messages(ann.pk, source.collection_id, [(1, 1)], ann.pk, target.collection_id)
    put(ann)
    assert (uids_of(ann, "Archive"), uids_of(ann, "Sent")) == ([1], [2])


def test_copy_is_replaced_for_some_hours(
    ann: Account, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.SENT_COPY_WINDOW, 3_600)
    file(ann)
    moment = SentCopy.objects.get().filed_at
    monkeypatch.setattr(sentcopies, "epoch", lambda: moment + 3_600)
    assert forget() == 0
    monkeypatch.setattr(sentcopies, "epoch", lambda: moment + 3_601)
    put(ann)
    assert uids_of(ann, "Sent") == [1, 2]
    assert forget() == 1


def test_what_a_program_filed_is_looked_for_among_the_newest(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentcopies, "NEWEST", 2)
    put(ann)
    put(ann, message())
    file(ann)
    assert uids_of(ann, "Sent") == [1, 2]
    put(ann, message())
    file(ann)
    assert uids_of(ann, "Sent") == [1, 2, 3, 4]


def test_mailbox_for_sent_is_made_where_there_is_none(ann: Account) -> None:
    mailboxes.delete_mailbox(ann.pk, "Sent")
    file(ann)
    assert mailbox(ann, "Sent").special_use == "Sent"
    assert uids_of(ann, "Sent") == [1]


def test_copy_goes_where_sent_mail_goes_whatever_it_is_called(ann: Account) -> None:
    mailboxes.rename_mailbox(ann.pk, "Sent", "Gone out")
    file(ann)
    assert uids_of(ann, "Gone out") == [1]


@pytest.mark.parametrize("name", ["Sent Messages", "Gesendet", "INBOX/sent items"])
def test_mailboxes_are_for_sent_mail_by_name_too(ann: Account, name: str) -> None:
    assert is_sent(mailboxes.create_mailbox(ann.pk, name))
    assert not is_sent(mailbox(ann, "Drafts"))
    assert not is_sent(mailboxes.create_mailbox(ann.pk, "Sent/2026"))


def test_what_was_sent_from_an_account_on_hold_is_kept(ann: Account, ben: Account) -> None:
    hold(ann)
    for account in (ann, ben):
        file(account)
        put(account)
    kept = [(found.account_id, found.uid) for found in ExpungedMessage.objects.all()]
    assert kept == [(ann.pk, 1)]


def test_what_was_sent_on_hold_is_filed_whatever_has_its_id_already(
    ann: Account, ben: Account
) -> None:
    hold(ann)
    for account in (ann, ben):
        put(account, OWN.replace(b"Hello.", b"Something else."))
        file(account)
    assert (uids_of(ann, "Sent"), uids_of(ben, "Sent")) == ([1, 2], [1])


def test_switch_is_each_accounts_own(ann: Account, ben: Account) -> None:
    set_on(ann.pk, on=False)
    assert (choose_owner(ann.pk, ann.pk), choose_owner(ben.pk, None)) == (None, ben.pk)
    set_on(ann.pk, on=True)
    assert choose_owner(ann.pk, ben.pk) == ann.pk
    delete_account(ann.login)


def test_what_is_sent_as_a_shared_account_goes_to_its_own_sent(ann: Account, ben: Account) -> None:
    info = create("info@example.test", kind="shared")
    assert choose_owner(ann.pk, info.pk) == ann.pk
    sent = get_collection("info@example.test/mail/Sent")
    grant(info, sent, find_grantee(ann.login), parse_rights("lrsi"))
    assert choose_owner(ann.pk, info.pk) == info.pk
    assert choose_owner(ben.pk, info.pk) == ben.pk
    set_on(info.pk, on=False)
    assert choose_owner(ann.pk, info.pk) == ann.pk


def test_copy_in_a_shared_account_is_seen_and_replaced_by_who_sent_it_alone(
    ann: Account, ben: Account
) -> None:
    info = create("info@example.test", kind="shared")
    sent = get_collection("info@example.test/mail/Sent")
    grant(info, sent, find_grantee(ann.login), parse_rights("lrsi"))
    file_copy(ann.pk, info.pk, Copy(prepare_message(DATA), b"", "one@example.test"))
    assert uids_of(info, "Sent") == [1]
    found = queries.get_snapshot(info.pk, mailbox(info, "Sent").collection_id, reader_id=ann.pk)
    assert found.first_unseen_uid is None
    assert put(info, actor=Actor(ben.pk)).uid == 2
    assert uids_of(info, "Sent") == [1, 2]
    assert put(info, actor=Actor(ann.pk)).uid == 3
    assert uids_of(info, "Sent") == [2, 3]
