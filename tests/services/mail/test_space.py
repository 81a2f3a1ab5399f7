"""What fills an account, against sums that are made the slow way."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core import directory
from groupware.core.models import Account, Blob
from mail import space
from mail.flags import DELETED
from mail.services.content import PreparedMessage, prepare_message
from mail.services.copying import copy_messages
from mail.services.messages import expunge_messages
from mail.space import read_space
from tests.services.store import append, mailbox, prepared, rows_of, state_of

pytestmark = pytest.mark.django_db


def epoch_of(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


DATES = (
    "1969-07-20",
    "1970-01-01",
    "2023-12-31T23:59:59",
    "2024-01-01",
    "2024-12-31",
    "2026-05-01",
)


@pytest.fixture
def filled(ann: Account) -> Account:
    """Return an account with messages of several years and senders, one of them twice."""
    for number, date in enumerate(DATES):
        append(
            ann,
            "Sent" if number % 2 else "INBOX",
            prepared(size=1000 * (number + 1)),
            internal_date=epoch_of(date),
            prefix=b"X-Trace: yes\r\n" if number == 1 else b"",
        )
    inbox, archive = (mailbox(ann, name).collection_id for name in ("INBOX", "Archive"))
    copy_messages(ann.pk, inbox, [(3, 3)], ann.pk, archive)
    return ann


def test_collections_are_told_with_what_they_are_charged(filled: Account) -> None:
    found = read_space(filled.pk)
    assert [(held.name, held.use, held.items) for held in found.collections] == [
        ("Sent", "Sent", 3),
        ("INBOX", "INBOX", 3),
        ("Archive", "Archive", 1),
    ]
    assert sum(held.octets for held in found.collections) == found.used
    assert found.used == state_of(filled).bytes_used


def test_years_are_those_of_the_internal_dates(filled: Account) -> None:
    sizes: Counter[str] = Counter()
    for name in ("INBOX", "Sent", "Archive"):
        for size, date in rows_of(filled, name, "size", "internal_date"):
            sizes[str(max(datetime.fromtimestamp(date, UTC).year, 1970))] += size
    years = read_space(filled.pk).years
    assert {held.name: held.octets for held in years} == sizes
    assert [held.name for held in years] == ["2026", "2024", "2023", "1970"]
    assert [held.items for held in years] == [1, 3, 1, 2]


def test_largest_messages_come_first(filled: Account) -> None:
    found = read_space(filled.pk).largest
    assert [(held.mailbox, held.size) for held in found[:3]] == [
        ("Sent", 6000),
        ("Archive", 5000),
        ("INBOX", 5000),
    ]
    assert found[0].sender.startswith("sender")
    assert len(space.list_largest(filled.pk, 2)) == 2


def test_senders_are_weighed_by_the_largest_messages(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text, size in (("Ben <BEN@x.test>", 500), ("ben@x.test", 700), ("nobody here", 900)):
        append(ann, data=blob(f"From: {text}\r\n\r\n".encode(), size))
    append(ann, data=blob(b"Subject: none\r\n\r\n", 100))
    found = space.weigh_senders(ann.pk)
    assert [(held.name, held.items, held.octets) for held in found.shares] == [
        ("ben@x.test", 2, 1200),
        ("nobody here", 1, 900),
        ("(nobody)", 1, 100),
    ]
    assert (found.messages, found.octets) == (4, 2200)
    monkeypatch.setattr(space, "WEIGHED", 2)
    assert space.weigh_senders(ann.pk).messages == 2


def blob(head: bytes, size: int) -> PreparedMessage:
    return prepare_message(head + b"x" * (size - len(head)))


def test_what_is_stored_is_each_content_once_and_compressed(filled: Account) -> None:
    stored = read_space(filled.pk).stored
    held = Blob.objects.filter(
        pk__in=[row[0] for name in ("INBOX", "Sent") for row in rows_of(filled, name, "blob_id")]
    )
    prefix = len(b"X-Trace: yes\r\n")
    assert stored.logical == state_of(filled).bytes_used
    assert stored.once == sum(row.size for row in held) + prefix == stored.logical - 5000
    assert stored.compressed == sum(row.stored_size for row in held) + prefix < stored.once


def test_what_can_be_restored_is_told_and_not_charged(filled: Account) -> None:
    append(filled, data=prepared(size=777), flags=DELETED)
    expunge_messages(filled.pk, mailbox(filled).collection_id)
    found = read_space(filled.pk)
    assert found.restorable == (1, 777)
    assert found.used == sum(held.octets for held in found.collections)


def test_empty_account_is_filled_by_nothing(ann: Account) -> None:
    found = read_space(ann.pk)
    assert (found.used, found.collections, found.years, found.largest) == (0, [], [], [])
    assert (found.senders.messages, found.restorable) == (0, (0, 0))


def test_anothers_messages_are_not_counted(filled: Account, ben: Account) -> None:
    before = read_space(filled.pk)
    append(ben, data=prepared(size=9000))
    assert read_space(filled.pk) == before
    directory.set_quota(filled.login, 10**6)
    assert read_space(filled.pk).quota == 10**6


def test_it_takes_few_queries_however_many_messages_there_are(
    filled: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        with django_assert_num_queries(9):
            read_space(filled.pk)
        append(filled)
