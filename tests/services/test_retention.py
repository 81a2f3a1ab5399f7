import asyncio
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from groupware.core import aio, auth, db, limits, retention
from groupware.core.changes import raise_floor
from groupware.core.clock import epoch, now
from groupware.core.directory import delete_account
from groupware.core.doctor import Examination, Fault, examine
from groupware.core.errors import AuthenticationFailed
from groupware.core.hub import Hub
from groupware.core.models import (
    Account,
    AccountState,
    Collection,
    CollectionTombstone,
    Domain,
    LoginThrottle,
    Tombstone,
)
from mail import queries
from mail.imap.handlers import HANDLERS
from mail.imap.session import Shared
from mail.imap.view import Identity, MailboxView
from mail.services.mailboxes import create_mailbox, delete_mailbox
from mail.services.messages import expunge_messages
from tests.conftest import SetLimit
from tests.services.store import PASSWORD, append, collection_of, create, mailbox, prepared, uids_of
from tests.transcripts.drivers import MemoryClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]

DELETED = 8
DAY = 24 * 3600


def fill(account: Account, number: int) -> int:
    """Append messages that all have \\Deleted, so that any may be expunged."""
    for _ in range(number):
        append(account, flags=DELETED)
    return mailbox(account).collection_id


def expunge(account: Account, *uids: int) -> None:
    """Expunge messages one by one, so that each is a change of its own."""
    for uid in uids:
        expunge_messages(account.pk, mailbox(account).collection_id, [(uid, uid)])


def age(days: float, **which: Any) -> None:
    assert Tombstone.objects.filter(**which).update(created_at=epoch() - int(days * DAY))


def floor_of(account: Account) -> int:
    return collection_of(account).tombstone_floor


def list_tombstones() -> list[int]:
    return list(Tombstone.objects.order_by("uid_first").values_list("uid_first", flat=True))


def find_faults() -> list[str]:
    return [str(found) for found in examine(Examination()) if isinstance(found, Fault)]


def test_old_tombstones_go_and_the_floor_rises_to_the_last_of_them(ann: Account) -> None:
    fill(ann, 4)
    expunge(ann, 1, 2, 3)
    age(91, uid_first__lte=2)
    highest_gone = Tombstone.objects.get(uid_first=2).modseq
    before = collection_of(ann)
    assert retention.expire() == 2
    assert list_tombstones() == [3]
    after = collection_of(ann)
    assert after.tombstone_floor == highest_gone
    assert after.highest_modseq == before.highest_modseq
    assert find_faults() == []


def test_young_tombstones_stay_and_the_floor_with_them(ann: Account) -> None:
    fill(ann, 2)
    expunge(ann, 1)
    age(89)
    floor = floor_of(ann)
    assert retention.expire() == 0
    assert list_tombstones() == [1]
    assert floor_of(ann) == floor


def test_the_days_are_a_limit(ann: Account, set_limit: SetLimit) -> None:
    fill(ann, 2)
    expunge(ann, 1)
    age(3)
    set_limit(limits.TOMBSTONE_DAYS, 2)
    assert retention.expire() == 1


def test_collections_and_accounts_each_have_their_own_floor(ann: Account, ben: Account) -> None:
    for account in (ann, ben):
        fill(account, 2)
        expunge(account, 1)
    age(91, account=ann)
    floor_of_ben, floor_of_archive = floor_of(ben), collection_of(ann, "Archive").tombstone_floor
    assert retention.expire() == 1
    assert floor_of(ben) == floor_of_ben
    assert collection_of(ann, "Archive").tombstone_floor == floor_of_archive
    assert floor_of(ann) > floor_of_archive


def test_many_tombstones_go_in_small_transactions(
    ann: Account, ben: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for account in (ann, ben):
        fill(account, 6)
        expunge(account, 1, 3, 5, 2, 4)
    age(91)
    before = AccountState.objects.get(account=ann).next_modseq
    assert retention.expire() == 10
    assert AccountState.objects.get(account=ann).next_modseq >= before + 3
    assert list_tombstones() == []
    assert floor_of(ann) == collection_of(ann).highest_modseq
    assert find_faults() == []


def test_between_two_batches_nothing_is_at_fault_and_nobody_is_fooled(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One change may leave more tombstones than a batch holds."""
    monkeypatch.setattr(retention, "BATCH", 1)
    collection_id = fill(ann, 5)
    since = collection_of(ann).highest_modseq
    expunge_messages(ann.pk, collection_id, [(1, 1), (3, 3), (5, 5)])
    age(91)
    raise_it = partial(raise_floor, collection_id=collection_id)
    assert retention._remove_batch(Tombstone.objects.all(), ann.pk, raise_it) == 1
    assert len(list_tombstones()) == 2
    assert find_faults() == []
    assert vanished(collection_id, since, 6) == [(1, 1), (3, 3), (5, 5)]


def test_a_clock_that_went_back_leaves_no_hole(ann: Account) -> None:
    """A later change that looks old goes alone; the floor covers what is left below it."""
    collection_id = fill(ann, 3)
    since = collection_of(ann).highest_modseq
    expunge(ann, 1, 2)
    age(91, uid_first=2)
    assert retention.expire() == 1
    assert list_tombstones() == [1]
    assert vanished(collection_id, since, 4) == [(1, 2)]
    assert find_faults() == []


def test_what_a_deleted_mailbox_left_goes_and_the_account_remembers(ann: Account) -> None:
    for name in ("Old", "New"):
        create_mailbox(ann.pk, name)
        delete_mailbox(ann.pk, name)
    old, new = CollectionTombstone.objects.order_by("modseq")
    CollectionTombstone.objects.filter(pk=old.pk).update(created_at=epoch() - 91 * DAY)
    assert AccountState.objects.get(account=ann).tombstone_floor == 0
    assert retention.expire() == 1
    assert list(CollectionTombstone.objects.all()) == [new]
    assert AccountState.objects.get(account=ann).tombstone_floor == old.modseq
    assert find_faults() == []


def test_an_account_that_is_deleted_meanwhile_is_passed_over(
    ann: Account, ben: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for account in (ann, ben):
        fill(account, 2)
        expunge(account, 1)
    age(91)
    find_collections = retention._find_collections

    def delete_meanwhile(older_than: int) -> list[tuple[int, int]]:
        found = find_collections(older_than)
        if Account.objects.filter(pk=ann.pk).exists():
            delete_account(ann.login)
        return found

    monkeypatch.setattr(retention, "_find_collections", delete_meanwhile)
    assert retention.expire() == 1


def test_failed_logins_are_forgotten_after_a_day(ann: Account) -> None:
    for login in ("ann@example.test", "ben@example.test"):
        with pytest.raises(AuthenticationFailed):
            auth.authenticate(login, "wrong", protocol="imap", network="192.0.2.1")
    LoginThrottle.objects.filter(login=ann.login).update(
        last_failure_at=now() - timedelta(hours=25)
    )
    assert retention.expire() == 1
    assert [held.login for held in LoginThrottle.objects.all()] == ["ben@example.test"]


def vanished(collection_id: int, since: int, uid_next: int) -> list[tuple[int, int]]:
    with db.read_snapshot():
        changes = queries.list_changes(collection_id, since_modseq=since, known_uid_next=uid_next)
    return changes.vanished


def test_below_the_floor_every_absent_uid_is_told(ann: Account) -> None:
    collection_id = fill(ann, 6)
    since = collection_of(ann).highest_modseq
    expunge(ann, 2, 3, 6)
    assert vanished(collection_id, since, 7) == [(2, 2), (3, 3), (6, 6)]
    age(91, uid_first__lte=3)
    assert retention.expire() == 2
    assert vanished(collection_id, since, 7) == [(2, 3), (6, 6)]
    assert vanished(collection_id, since, 4) == [(2, 3)]
    assert vanished(collection_id, floor_of(ann), 7) == [(6, 6)]
    assert vanished(collection_id, collection_of(ann).highest_modseq, 7) == []


def test_below_the_floor_an_empty_mailbox_is_told_as_such(ann: Account) -> None:
    collection_id = fill(ann, 3)
    since = collection_of(ann).highest_modseq
    expunge(ann, 1, 2, 3)
    age(91)
    retention.expire()
    assert vanished(collection_id, since, 4) == [(1, 3)]


def open_view(account: Account) -> MailboxView:
    snapshot = queries.get_snapshot(account.pk, mailbox(account).collection_id)
    info = snapshot.info
    identity = Identity(
        account.pk, info.collection_id, info.name, info.uid_validity, read_only=False
    )
    return MailboxView(identity, snapshot.uids, info.uid_next, info.highest_modseq)


def catch_up(view: MailboxView) -> int:
    """Let a session look as every command does; return how many EXPUNGEs it tells."""
    changes = queries.list_changes(
        view.identity.collection_id, since_modseq=view.modseq, known_uid_next=view.uid_next
    )
    view.absorb(
        uid_next=changes.info.uid_next,
        modseq=changes.info.highest_modseq,
        changed=changes.changed,
        new=changes.new,
        vanished=changes.vanished,
    )
    return len(view.take_updates(expunge=True).expunged)


@pytest.mark.parametrize("seed", range(6))
def test_sessions_of_any_age_learn_of_every_expunge(ann: Account, seed: int) -> None:
    """The delta law, with tombstones that expire at any moment."""
    random = Random(seed)
    fill(ann, 8)
    views = [open_view(ann)]
    for _ in range(25):
        step = random.choice(["append", "expunge", "expunge", "expire", "open", "look"])
        if step == "append":
            fill(ann, 1)
        elif step == "expunge" and (held := uids_of(ann)):
            expunge(ann, *random.sample(held, min(2, len(held))))
        elif step == "expire":
            retention.expire_tombstones(older_than=epoch() + 1)
        elif step == "open":
            views.append(open_view(ann))
        elif step == "look":
            catch_up(random.choice(views))
    fresh = uids_of(ann)
    for view in views:
        catch_up(view)
        assert list(view.uids) == fresh
        assert catch_up(view) == 0
    assert find_faults() == []


@pytest.mark.django_db(transaction=True)
async def test_a_live_imap_session_below_the_floor_is_told_of_every_expunge(
    ann_of_imap: Account,
) -> None:
    hub, watch = Hub(asyncio.get_running_loop(), aio.read), aio.change_watch()
    client = MemoryClient(Shared(HANDLERS, hub, watch), secure=True, size=1 << 20)
    try:
        await client.send(
            f'a LOGIN {ann_of_imap.login} "{PASSWORD}"\r\nb SELECT INBOX\r\n'.encode()
        )
        assert b"b OK" in client.buffer
        await aio.call(expunge_and_expire, ann_of_imap)
        client.buffer.clear()
        await client.send(b"c NOOP\r\nd UID SEARCH ALL\r\n")
        assert client.buffer.splitlines()[:2] == [b"* 1 EXPUNGE", b"* 2 EXPUNGE"]
        assert b"* SEARCH 2 4\r\n" in client.buffer
    finally:
        await client.close()
        await hub.close()
        watch.close()


@pytest.fixture
def ann_of_imap(domain: Domain) -> Iterator[Account]:
    account = create("ann@example.test", password=PASSWORD)
    fill(account, 4)
    yield account
    aio.close_crossing()


def expunge_and_expire(account: Account) -> None:
    expunge(account, 1, 3)
    assert retention.expire_tombstones(older_than=epoch() + 1) == 2


def test_expiry_wakes_nobody(ann: Account, published: list[object]) -> None:
    fill(ann, 2)
    expunge(ann, 1)
    age(91)
    published.clear()
    assert retention.expire() == 1
    assert published == []


def test_a_new_message_after_expiry_is_found_whole(ann: Account) -> None:
    fill(ann, 2)
    expunge(ann, 1)
    age(91)
    retention.expire()
    append(ann, data=prepared())
    expunge(ann, 2)
    assert Collection.objects.get(pk=collection_of(ann).pk).uid_next == 4
    assert find_faults() == []
