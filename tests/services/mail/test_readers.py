r"""Who does not own a mailbox has a `\Seen` of their own in it, which nobody else is told of."""

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core.events import CollectionChanged
from groupware.core.models import Account
from mail import queries
from mail.flagrows import FlagRow
from mail.flags import ANSWERED, DELETED, FLAGGED, OWNER, SEEN, Actor, actor_with
from mail.models import MessageReader
from mail.services.copying import copy_messages, move_messages
from mail.services.flags import Stored, StoreOp, store_flags
from mail.services.mailboxes import rename_mailbox
from mail.services.messages import append_message, expunge_messages
from tests.services.store import EVERYTHING, append, create, mailbox, prepared, rows_of

pytestmark = pytest.mark.django_db
ADD, SET, REMOVE = StoreOp.ADD, StoreOp.SET, StoreOp.REMOVE


@pytest.fixture
def team(ann: Account) -> Account:
    """Return a shared account with three messages in INBOX."""
    account = create("team@example.test", kind="shared")
    for _ in range(3):
        append(account)
    return account


def store(
    owner: Account,
    op: StoreOp,
    flags: int,
    actor: Actor,
    uids: tuple[int, int] = (1, 2**62),
    unchanged_since: int | None = None,
) -> Stored:
    inbox = mailbox(owner).collection_id
    return store_flags(
        owner.pk, inbox, [uids], op, flags, (), actor=actor, unchanged_since=unchanged_since
    )


def read(owner: Account, reader: Account | None, name: str = "INBOX") -> list[tuple[int, int]]:
    """Return (uid, flags) as a reader meets them."""
    return queries.fetch_messages(
        mailbox(owner, name).collection_id,
        EVERYTHING,
        ("uid", "flags"),
        reader_id=reader.pk if reader else 0,
    )


def test_each_reader_has_a_seen_flag_of_their_own(ann: Account, ben: Account) -> None:
    append(ann, flags=SEEN | FLAGGED)
    append(ann)
    store(ann, ADD, SEEN, Actor(ben.pk), (2, 2))
    assert read(ann, None) == [(1, SEEN | FLAGGED), (2, 0)]
    assert read(ann, ben) == [(1, FLAGGED), (2, SEEN)]
    store(ann, SET, ANSWERED, Actor(ben.pk))
    assert read(ann, None) == [(1, SEEN | ANSWERED), (2, ANSWERED)]
    assert read(ann, ben) == [(1, ANSWERED), (2, ANSWERED)]
    assert mailbox(ann).unseen == 1


def test_what_a_reader_stores_is_told_to_that_reader_alone(
    team: Account, ann: Account, ben: Account, published: list[object]
) -> None:
    before = mailbox(team)
    stored = store(team, ADD, SEEN, Actor(ann.pk), (2, 3))
    assert [(row[0], row[1]) for row in stored.rows] == [(2, SEEN), (3, SEEN)]
    inbox = before.collection_id

    def changes(reader: int) -> list[FlagRow]:
        since = before.highest_modseq
        return queries.list_changes(
            inbox, since_modseq=since, known_uid_next=4, reader_id=reader
        ).changed

    assert changes(ann.pk) == stored.rows
    assert changes(ben.pk) == changes(0) == []
    assert mailbox(team).highest_modseq == stored.modseq
    assert mailbox(team).unseen == before.unseen == 3
    told = store(team, ADD, FLAGGED | SEEN, Actor(ben.pk), (3, 3))
    assert changes(ann.pk) == [stored.rows[0], (3, SEEN | FLAGGED, "", told.modseq)]
    assert changes(ben.pk) == told.rows
    assert changes(0) == [(3, FLAGGED, "", told.modseq)]
    assert [event for event in published if isinstance(event, CollectionChanged)] == []


@pytest.mark.django_db(transaction=True)
def test_only_the_reader_is_woken_by_what_the_reader_has_seen(
    team: Account, ann: Account, published: list[object]
) -> None:
    inbox = mailbox(team).collection_id
    published.clear()
    stored = store(team, ADD, SEEN, Actor(ann.pk))
    assert published == [CollectionChanged(ann.pk, inbox, stored.modseq)]
    published.clear()
    stored = store(team, SET, FLAGGED, Actor(ann.pk))
    assert published == [CollectionChanged(team.pk, inbox, stored.modseq)]


def test_modseq_is_the_greater_of_the_messages_and_the_readers(team: Account, ann: Account) -> None:
    first = store(team, ADD, SEEN, Actor(ann.pk), (1, 1))
    second = store(team, ADD, FLAGGED, OWNER, (1, 1))
    inbox = mailbox(team).collection_id

    def modseqs(since: int = 0) -> list[tuple[int, int]]:
        return queries.fetch_messages(
            inbox, EVERYTHING, ("uid", "modseq"), reader_id=ann.pk, changed_since=since
        )

    assert modseqs(first.modseq) == [(1, second.modseq)]
    third = store(team, REMOVE, SEEN, Actor(ann.pk), (1, 1))
    assert modseqs(second.modseq) == [(1, third.modseq)]
    assert rows_of(team, "INBOX", "uid", "modseq")[0] == (1, second.modseq)
    assert queries.fetch_messages(
        inbox, EVERYTHING, ("uid",), changed_since=second.modseq, reader_id=ann.pk
    ) == [(1,)]


def test_unchanged_since_goes_by_what_the_reader_sees(
    team: Account, ann: Account, ben: Account
) -> None:
    since = store(team, ADD, SEEN, Actor(ann.pk), (1, 1)).modseq - 1
    refused = store(team, ADD, FLAGGED, Actor(ann.pk), unchanged_since=since)
    assert refused.modified == [1]
    assert [row[0] for row in refused.rows] == [2, 3]
    assert store(team, ADD, SEEN, Actor(ben.pk), (1, 1), unchanged_since=since).modified == []


def test_what_would_not_change_for_the_reader_writes_nothing(team: Account, ann: Account) -> None:
    store(team, ADD, SEEN, Actor(ann.pk))
    before = mailbox(team)
    assert store(team, ADD, SEEN, Actor(ann.pk)).modseq == 0
    assert store(team, REMOVE, DELETED, Actor(ann.pk)).modseq == 0
    assert mailbox(team) == before
    assert MessageReader.objects.count() == 3


def test_first_unseen_and_the_count_are_the_readers(
    team: Account, ann: Account, ben: Account
) -> None:
    inbox = mailbox(team).collection_id

    def first_unseen(reader: int) -> int | None:
        return queries.get_snapshot(team.pk, inbox, reader_id=reader).first_unseen_uid

    assert first_unseen(ann.pk) == 1
    store(team, ADD, SEEN, Actor(ann.pk), (1, 2))
    assert (first_unseen(ann.pk), first_unseen(ben.pk), first_unseen(0)) == (3, 1, 1)
    assert queries.count_seen(ann.pk, [inbox]) == {inbox: 2}
    store(team, ADD, SEEN, Actor(ann.pk), (3, 3))
    assert first_unseen(ann.pk) is None
    store(team, REMOVE, SEEN, Actor(ann.pk), (2, 2))
    assert first_unseen(ann.pk) == 2
    assert queries.count_seen(ann.pk, [inbox]) == {inbox: 2}
    assert queries.count_seen(ben.pk, [inbox]) == {}


@pytest.mark.parametrize(
    ("rights", "op", "flags", "expected"),
    [("lr", ADD, SEEN | FLAGGED | DELETED, 0),
     ("lrs", ADD, SEEN | FLAGGED | DELETED, SEEN),
     ("lrt", ADD, SEEN | FLAGGED | DELETED, DELETED),
     ("lrw", ADD, SEEN | FLAGGED | DELETED, FLAGGED),
     ("lrswt", ADD, SEEN | FLAGGED | DELETED, SEEN | FLAGGED | DELETED)],
)  # fmt: skip
def test_only_flags_with_their_right_are_set(
    team: Account, ann: Account, rights: str, op: StoreOp, flags: int, expected: int
) -> None:
    stored = store(team, op, flags, actor_with(ann.pk, rights), (1, 1))
    assert stored.rows[0][1] == expected
    assert read(team, ann)[0] == (1, expected)


@pytest.mark.parametrize(
    ("rights", "expected"),
    [("lrs", SEEN | ANSWERED | DELETED), ("lrw", FLAGGED | DELETED), ("lrt", ANSWERED)],
)
def test_replacing_keeps_the_flags_that_may_not_be_changed(
    team: Account, ann: Account, rights: str, expected: int
) -> None:
    store(team, ADD, ANSWERED | DELETED, OWNER, (1, 1))
    inbox = mailbox(team).collection_id
    store_flags(team.pk, inbox, [(1, 1)], ADD, 0, ["kept"])
    actor = actor_with(ann.pk, rights)
    stored = store_flags(team.pk, inbox, [(1, 1)], SET, SEEN | FLAGGED, ["new"], actor=actor)
    assert stored.rows[0][1:3] == (expected, "new" if "w" in rights else "kept")


def test_keywords_need_the_right_to_write(team: Account, ann: Account) -> None:
    inbox = mailbox(team).collection_id
    actor = actor_with(ann.pk, "lrst")
    assert store_flags(team.pk, inbox, EVERYTHING, ADD, 0, ["secret"], actor=actor).modseq == 0
    append_message(team.pk, inbox, prepared(), keywords=["secret"], actor=actor)
    assert mailbox(team).keywords == ()


def test_what_a_reader_appends_as_seen_is_seen_by_that_reader(
    team: Account, ann: Account, ben: Account
) -> None:
    inbox = mailbox(team).collection_id
    both = SEEN | DELETED
    append_message(team.pk, inbox, prepared(), flags=both, actor=Actor(ann.pk))
    append_message(team.pk, inbox, prepared(), flags=both, actor=actor_with(ann.pk, "lri"))
    assert read(team, ann)[3:] == [(4, both), (5, 0)]
    assert read(team, ben)[3:] == [(4, DELETED), (5, 0)]
    assert mailbox(team).unseen == 5


@pytest.mark.parametrize("how", [copy_messages, move_messages])
def test_within_an_account_everybody_has_seen_the_copies_of_what_they_saw(
    how: type, team: Account, ann: Account, ben: Account
) -> None:
    store(team, ADD, SEEN, Actor(ann.pk), (1, 2))
    store(team, ADD, SEEN, Actor(ben.pk), (2, 3))
    store(team, ADD, FLAGGED, OWNER, (3, 3))
    source, target = mailbox(team).collection_id, mailbox(team, "Archive").collection_id
    how(team.pk, source, [(2, 3)], team.pk, target, Actor(ann.pk))
    assert read(team, ann, "Archive") == [(1, SEEN), (2, FLAGGED)]
    assert read(team, ben, "Archive") == [(1, SEEN), (2, SEEN | FLAGGED)]
    left = MessageReader.objects.filter(collection_id=source).count()
    assert left == (4 if how is copy_messages else 1)


def test_without_the_right_a_copy_is_unseen_for_who_made_it(
    team: Account, ann: Account, ben: Account
) -> None:
    store(team, ADD, SEEN, Actor(ann.pk))
    store(team, ADD, SEEN, Actor(ben.pk))
    store(team, ADD, DELETED | FLAGGED | SEEN, OWNER)
    source, target = mailbox(team).collection_id, mailbox(team, "Archive").collection_id
    copy_messages(team.pk, source, [(1, 1)], team.pk, target, actor_with(ann.pk, "lrit"))
    assert read(team, ann, "Archive") == [(1, DELETED)]
    assert read(team, ben, "Archive") == [(1, DELETED | SEEN)]
    assert read(team, None, "Archive") == [(1, DELETED | SEEN)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", [copy_messages, move_messages])
def test_across_accounts_who_moves_has_seen_what_they_saw(
    how: type, team: Account, ann: Account, ben: Account
) -> None:
    for flags in (SEEN, FLAGGED):
        append(ann, flags=flags)
    mine, theirs = mailbox(ann).collection_id, mailbox(team, "Archive").collection_id
    how(ann.pk, mine, EVERYTHING, team.pk, theirs, Actor(ann.pk))
    assert read(team, ann, "Archive") == [(1, SEEN), (2, FLAGGED)]
    assert read(team, ben, "Archive") == [(1, 0), (2, FLAGGED)]
    assert mailbox(team, "Archive").unseen == 2
    store(team, ADD, SEEN, Actor(ben.pk), (2, 2))
    inbox = mailbox(team).collection_id
    how(team.pk, inbox, EVERYTHING, ben.pk, mailbox(ben).collection_id, Actor(ben.pk))
    assert read(ben, None) == [(1, 0), (2, SEEN), (3, 0)]
    assert mailbox(ben).unseen == 2


def test_from_another_reader_to_another_owner(team: Account, ann: Account, ben: Account) -> None:
    store(team, ADD, SEEN, Actor(ann.pk), (1, 1))
    source, target = mailbox(team).collection_id, mailbox(ben).collection_id
    copy_messages(team.pk, source, EVERYTHING, ben.pk, target, Actor(ann.pk))
    assert read(ben, ann) == [(1, SEEN), (2, 0), (3, 0)]
    assert read(ben, None) == [(1, 0), (2, 0), (3, 0)]
    limited = actor_with(ann.pk, "lri")
    copy_messages(team.pk, source, EVERYTHING, ben.pk, target, limited)
    assert read(ben, ann)[3:] == [(4, 0), (5, 0), (6, 0)]


def test_a_renamed_inbox_keeps_who_has_seen_what(team: Account, ann: Account) -> None:
    store(team, ADD, SEEN, Actor(ann.pk), (2, 2))
    rename_mailbox(team.pk, "INBOX", "Old")
    assert read(team, ann, "Old") == [(1, 0), (2, SEEN), (3, 0)]


def test_readers_go_with_the_messages(team: Account, ann: Account) -> None:
    store(team, ADD, SEEN, Actor(ann.pk))
    store(team, ADD, DELETED, OWNER, (2, 3))
    expunge_messages(team.pk, mailbox(team).collection_id)
    assert list(MessageReader.objects.values_list("uid", flat=True)) == [1]


def test_a_reader_takes_as_many_queries_for_many_messages(
    team: Account, ann: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    inbox = mailbox(team).collection_id
    first = prepared()
    for _ in range(60):
        append(team, data=first)
    actor = Actor(ann.pk)
    with django_assert_num_queries(2 + 8):
        store_flags(team.pk, inbox, EVERYTHING, ADD, SEEN | FLAGGED, (), actor=actor)
    with django_assert_num_queries(1):
        queries.fetch_messages(inbox, EVERYTHING, ("uid", "flags", "modseq"), reader_id=ann.pk)
    with django_assert_num_queries(5):
        queries.list_changes(inbox, since_modseq=1, known_uid_next=1, reader_id=ann.pk)
