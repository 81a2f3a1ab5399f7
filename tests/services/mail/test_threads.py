"""Which conversation a message comes to belong to."""

from collections.abc import Callable

import pytest

from groupware.core.models import Account
from mail.models import ThreadReference
from mail.services.content import prepare_message
from mail.services.copying import Copied, copy_messages, move_messages
from mail.services.threads import MAX_REFERENCES
from tests.services.store import EVERYTHING, append, mailbox, message, prepared, rows_of

pytestmark = pytest.mark.django_db
Transfer = Callable[[int, int, list[tuple[int, int]], int, int], Copied]


def transfer(how: Transfer, source: Account, target: Account) -> Copied:
    """Copy or move everything from one INBOX to another."""
    inboxes = mailbox(source).collection_id, mailbox(target).collection_id
    return how(source.pk, inboxes[0], EVERYTHING, target.pk, inboxes[1])


def arrive(account: Account, message_id: str, *references: str, name: str = "INBOX") -> int:
    """Append a message and return its thread."""
    listed = " ".join(f"<{reference}>" for reference in references)
    append(account, name, prepared(message_id=message_id, references=listed))
    return int(rows_of(account, name, "thread_id")[-1][0])


def test_answers_join_the_thread(ann: Account) -> None:
    thread = arrive(ann, "1@x")
    assert arrive(ann, "2@x", "1@x") == thread
    assert arrive(ann, "3@x", "1@x", "2@x", name="Sent") == thread
    assert arrive(ann, "4@x") != thread


def test_answer_that_comes_first_is_joined_by_its_question(ann: Account) -> None:
    thread = arrive(ann, "2@x", "1@x")
    assert arrive(ann, "1@x") == thread


def test_siblings_meet_through_an_original_that_never_came(ann: Account) -> None:
    assert arrive(ann, "2@x", "0@x") == arrive(ann, "3@x", "0@x")


def test_message_between_two_threads_joins_the_older_one(ann: Account) -> None:
    older, newer = arrive(ann, "old@x"), arrive(ann, "new@x")
    assert arrive(ann, "both@x", "new@x", "old@x") == older != newer


def test_threads_are_the_accounts_own(ann: Account, ben: Account) -> None:
    assert arrive(ann, "1@x") != arrive(ben, "1@x")


def test_message_without_an_id_is_a_thread_of_its_own(ann: Account) -> None:
    data = b"Subject: nothing\r\n\r\nA\r\n", b"Subject: nothing\r\n\r\nB\r\n"
    for one in data:
        append(ann, data=prepare_message(one))
    first, second = rows_of(ann, "INBOX", "thread_id", "email_id")
    assert first[0] == first[1] != second[0] == second[1]


def test_same_message_twice_is_one_thread_and_two_emails(ann: Account) -> None:
    data = message()
    for _ in range(2):
        append(ann, data=prepare_message(data))
    first, second = rows_of(ann, "INBOX", "thread_id", "email_id")
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_references_that_are_looked_at_are_bounded(ann: Account) -> None:
    many = [f"ref{number}@x" for number in range(90)]
    thread = arrive(ann, "long@x", *many)
    assert ThreadReference.objects.filter(account=ann).count() == MAX_REFERENCES
    assert arrive(ann, "next@x", many[-1]) == thread
    assert arrive(ann, "root@x", many[0]) == thread


@pytest.mark.django_db(transaction=True)  # a move ends after the commit
@pytest.mark.parametrize("how", [copy_messages, move_messages])
def test_message_from_another_account_joins_the_thread_that_it_has_here(
    ann: Account, ben: Account, how: Transfer
) -> None:
    theirs, here = arrive(ann, "2@x", "1@x"), arrive(ben, "1@x")
    transfer(how, ann, ben)
    assert rows_of(ben, "INBOX", "thread_id") == [(here,), (here,)]
    assert here != theirs


def test_answer_joins_the_thread_of_what_came_from_another_account(
    ann: Account, ben: Account
) -> None:
    theirs = arrive(ann, "1@x")
    transfer(copy_messages, ann, ben)
    ((copied,),) = rows_of(ben, "INBOX", "thread_id")
    assert arrive(ben, "2@x", "1@x") == copied != theirs


def test_conversation_stays_together_in_another_account(ann: Account, ben: Account) -> None:
    arrive(ann, "2@x", "1@x")
    arrive(ann, "other@x")
    arrive(ann, "3@x", "2@x")
    transfer(copy_messages, ann, ben)
    (first,), (other,), (answer,) = rows_of(ben, "INBOX", "thread_id")
    assert first == answer != other


def test_copies_of_one_email_are_one_also_in_another_account(ann: Account, ben: Account) -> None:
    arrive(ann, "1@x")
    transfer(copy_messages, ann, ann)
    transfer(copy_messages, ann, ben)
    before, after = (rows_of(one, "INBOX", "email_id", "thread_id") for one in (ann, ben))
    assert len(set(before)) == len(set(after)) == 1
    assert before[0][0] != after[0][0]
