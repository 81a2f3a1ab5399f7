"""What the processes of test_processes do; each call returns what it was told by the services."""

from typing import Any

from groupware.core.errors import OverQuota, Stale
from mail import queries
from mail.flags import DELETED
from mail.services.content import prepare_message
from mail.services.copying import move_messages
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import create_mailbox, delete_mailbox
from mail.services.messages import append_message, expunge_messages
from tests.services.processes import Channel
from tests.services.store import message_of

SIZE = 1000


def append_many(_: Channel, account_id: int, collection_id: int, count: int) -> list[list[int]]:
    """Append `count` messages, or as many as the quota takes; return (uid, modseq) of each."""
    appended: list[list[int]] = []
    for _number in range(count):
        prepared = prepare_message(message_of(SIZE))
        try:
            done = append_message(account_id, collection_id, prepared)
        except OverQuota:
            continue
        appended.append([done.uid, done.modseq])
    return appended


def set_and_clear(
    _: Channel, account_id: int, collection_id: int, flag: int, keyword: str
) -> list[int]:
    """Set and clear a flag and a keyword of one's own many times; end with both set."""
    modseqs: list[int] = []
    everything = [(1, 2**62)]
    for number in range(31):
        op = StoreOp.REMOVE if number % 2 else StoreOp.ADD
        stored = store_flags(account_id, collection_id, everything, op, flag, (keyword,))
        modseqs.append(stored.modseq)
    return modseqs


def come_and_go(_: Channel, account_id: int, collection_id: int, count: int) -> list[list[int]]:
    """Append, mark and expunge messages of one's own; return the UIDs given and expunged."""
    given: list[int] = []
    gone: list[int] = []
    for number in range(count):
        done = append_message(account_id, collection_id, prepare_message(message_of(SIZE)))
        given.append(done.uid)
        if number % 3 == 2:
            own = [(uid, uid) for uid in given[-2:]]
            store_flags(account_id, collection_id, own, StoreOp.ADD, DELETED, ())
            gone += expunge_messages(account_id, collection_id, own)
    return [given, gone]


def move_each(
    _: Channel, account_id: int, source_id: int, target_account_id: int, target_id: int, count: int
) -> list[int]:
    """Move each of the first `count` messages; return the UIDs that were still there."""
    moved: list[int] = []
    for uid in range(1, count + 1):
        done = move_messages(account_id, source_id, [(uid, uid)], target_account_id, target_id)
        moved += done.source_uids
    return moved


def make_and_delete(_: Channel, account_id: int, name: str, count: int) -> list[int]:
    """Create a mailbox and delete it again and again; return its UIDVALIDITY of each time."""
    drawn: list[int] = []
    for _number in range(count):
        info = create_mailbox(account_id, f"shared/{name}")
        append_message(account_id, info.collection_id, prepare_message(message_of(SIZE)))
        drawn.append(info.uid_validity)
        delete_mailbox(account_id, f"shared/{name}")
    return drawn


def append_to_the_doomed(_: Channel, account_id: int, name: str, count: int) -> int:
    """Append to a mailbox that another process deletes and creates; return how many arrived."""
    arrived = 0
    for _number in range(count):
        info = queries.find_mailbox(account_id, name)
        if info is None:
            continue
        prepared = prepare_message(message_of(SIZE))
        try:
            append_message(account_id, info.collection_id, prepared)
        except Stale:
            continue
        arrived += 1
    return arrived


def read_states(channel: Channel, account_id: int, collection_id: int) -> list[Any]:
    """Compare counters with rows in one snapshot after another, until nothing arrives any more."""
    from groupware.core import db

    differing: list[Any] = []
    seen = -1
    while seen < 60:
        with db.read_snapshot():
            snapshot = queries.get_snapshot(account_id, collection_id)
            counted = queries.count_flags(collection_id)
        info = snapshot.info
        if (info.items, info.bytes, info.unseen, info.deleted) != counted:
            differing.append([info.items, info.bytes, *counted])
        if len(snapshot.uids) < seen:
            differing.append([seen, len(snapshot.uids)])
        seen = len(snapshot.uids)
    return differing
