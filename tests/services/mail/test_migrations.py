"""What becomes of a store that earlier versions wrote."""

import unicodedata
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from groupware.core.models import Account, Collection
from mail import queries
from mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from mail.models import MessageChunk, Subscription
from mail.services.chunks import renew_chunks
from mail.services.content import prepare_message
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import create_mailbox, delete_mailbox, rename_mailbox, subscribe
from tests.services.damage import find
from tests.services.longway import long_way
from tests.services.store import EVERYTHING, append, mailbox, prepared, rows_of, state_of, uids_of

pytestmark = pytest.mark.django_db(transaction=True)

Migrate = Callable[..., None]


@pytest.fixture
def migrate() -> Iterator[Migrate]:
    """Return what brings mail's tables to a migration, to today's without one; so it ends."""

    def to(name: str = "") -> None:
        executor = long_way(connection)
        executor.migrate([("mail", name)] if name else executor.loader.graph.leaf_nodes("mail"))

    yield to
    to()


def nfd(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def make_old(account: Account, *names: str) -> None:
    """Make mailboxes of one message each, under the names that an earlier version kept."""
    for name in names:
        create_mailbox(account.pk, name)
        subscribe(account.pk, name)
        append(account, name)
    for name in names:
        Collection.objects.filter(account=account, name=name).update(name=nfd(name))
        Subscription.objects.filter(account=account, name=name).update(name=nfd(name))


def names_of(account: Account) -> set[str]:
    return {info.name for info in queries.list_mailboxes(account.pk)}


def test_a_store_of_the_first_version_is_whole_in_this_one(ann: Account, migrate: Migrate) -> None:
    for _ in range(3):
        append(ann, prefix=b"X-Trace: 1\r\n")
    inbox = mailbox(ann)
    before = rows_of(ann, "INBOX", "uid", "modseq", "flags", "size")
    migrate("0001_initial")
    migrate()
    assert rows_of(ann, "INBOX", "uid", "modseq", "flags", "size") == before
    chunks = MessageChunk.objects.filter(collection_id=inbox.collection_id)
    assert list(chunks.values_list("chunk", "modseq")) == [(0, inbox.highest_modseq)]
    renew_chunks(ann.pk, inbox.collection_id)
    assert find(deep=True) == []


def test_flags_and_modseqs_are_kept_where_they_are_by_chunk(ann: Account, migrate: Migrate) -> None:
    for flags in (0, SEEN, SEEN | DELETED):
        append(ann, flags=flags, keywords=["$Later"] if flags == SEEN else [])
    inbox = mailbox(ann).collection_id
    store_flags(ann.pk, inbox, EVERYTHING, StoreOp.ADD, FLAGGED, ())
    store_flags(ann.pk, inbox, [(2, 2)], StoreOp.ADD, ANSWERED, ())
    before = rows_of(ann)
    migrate("0009_row_keys")
    migrate()
    assert rows_of(ann) == before
    assert [row[1] for row in before] == [
        FLAGGED,
        SEEN | FLAGGED | ANSWERED,
        SEEN | DELETED | FLAGGED,
    ]
    assert find(deep=True) == []


def test_what_lists_show_is_kept_of_messages_that_were_there(
    ann: Account, migrate: Migrate
) -> None:
    append(ann)
    append(ann, data=prepare_message(b"To: a\rDate: b\r\nFrom: c\r\nSubject: \0\r\n\r\n"))
    before = rows_of(ann, "INBOX", "summary")
    migrate("0006_names_in_nfc")
    migrate()
    assert rows_of(ann, "INBOX", "summary") == before
    assert b"From: " in before[0][0]
    assert find(deep=True) == []


def test_a_name_in_another_form_is_found_after_the_migration(
    ann: Account, ben: Account, migrate: Migrate
) -> None:
    make_old(ann, "Früh", "Früh/Äpfel")
    migrate("0005_chunks")
    untouched = state_of(ben).next_modseq
    migrate()
    assert [uids_of(ann, name) for name in ("Früh", "Früh/Äpfel")] == [[1], [1]]
    assert {"Früh", "Früh/Äpfel"} <= set(queries.list_subscriptions(ann.pk))
    assert not any(name != unicodedata.normalize("NFC", name) for name in names_of(ann))
    assert state_of(ben).next_modseq == untouched
    assert find(deep=True) == []
    rename_mailbox(ann.pk, "Früh", "Spät")
    delete_mailbox(ann.pk, "Spät/Äpfel")


def test_of_two_names_that_become_one_both_mailboxes_are_found(
    ann: Account, migrate: Migrate
) -> None:
    make_old(ann, "Früh", "Früh/Äpfel")
    create_mailbox(ann.pk, "Früh")
    subscribe(ann.pk, "Früh")
    migrate("0005_chunks")
    migrate()
    assert (uids_of(ann, "Früh"), uids_of(ann, "Früh (2)")) == ([], [1])
    assert uids_of(ann, "Früh (2)/Äpfel") == [1]
    subscribed = set(queries.list_subscriptions(ann.pk))
    assert {"Früh", "Früh (2)", "Früh (2)/Äpfel"} <= subscribed
    assert find(deep=True) == []


def test_a_name_that_would_become_too_long_is_cut(ann: Account, migrate: Migrate) -> None:
    """U+0958 is two characters in its normalized form."""
    create_mailbox(ann.pk, "long")
    Collection.objects.filter(account=ann, name="long").update(name="\u0958" * 255)
    migrate("0005_chunks")
    migrate()
    assert "\u0915\u093c" * 127 + "\u0915" in names_of(ann)


def test_what_answers_another_message_is_known_after_the_migration(
    ann: Account, migrate: Migrate
) -> None:
    for subject in ("Hello", "Re: Hello", "=?utf-8?q?Fwd=3A_Gr=C3=BC=C3=9Fe?=", ""):
        append(ann, data=prepared(subject=subject))
    migrate("0007_summary")
    migrate()
    assert rows_of(ann, "INBOX", "is_reply") == [(False,), (True,), (True,), (False,)]
    assert find(deep=True) == []
