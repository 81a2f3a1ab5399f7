"""Delivering to local recipients: one outcome for each, durable when it is given."""

from collections.abc import Iterator

import pytest

from groupware.core import blobs, limits
from groupware.core.blobs.collector import collect_unreferenced
from groupware.core.directory import (
    add_member,
    create_address,
    create_group,
    delete_account,
    set_quota,
)
from groupware.core.errors import DiskReserve, GroupwareError, NotFound, OverQuota, TooLarge
from groupware.core.groupcommit import GroupCommitter
from groupware.core.models import Account, Blob
from mail.models import Message
from mail.services.delivery import Delivery, Trace, deliver, resolve_recipient
from mail.services.mailboxes import create_mailbox, delete_mailbox
from tests.conftest import SetLimit
from tests.services.store import (
    append,
    create,
    message,
    message_of,
    rows_of,
    state_of,
    uids_of,
)
from tests.services.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)
TRACE = Trace("boss@outside.test", "mx.outside.test", "192.0.2.1", "example.test", "LMTP", "s1")


@pytest.fixture
def committer() -> Iterator[GroupCommitter]:
    held = GroupCommitter()
    yield held
    held.close()


def send(committer: GroupCommitter, data: bytes, *addresses: str) -> list[GroupwareError | None]:
    recipients = [resolve_recipient(f"{address}@example.test") for address in addresses]
    return deliver(data, recipients, TRACE, committer)


def stored(account: Account, name: str = "INBOX") -> list[bytes]:
    """Return the messages of a mailbox as a client reads them."""
    rows = rows_of(account, name, "prefix", "blob_location")
    return [bytes(prefix) + blobs.read_location(location) for prefix, location in rows]


def test_message_arrives_with_its_trace_before_it(ann: Account, committer: GroupCommitter) -> None:
    data = message()
    assert send(committer, data, "ann") == [None]
    [found] = in_thread(lambda: stored(ann))
    trace = found.removesuffix(data).decode().splitlines()
    assert trace[0] == "Return-Path: <boss@outside.test>"
    assert trace[1] == "Delivered-To: ann@example.test"
    assert trace[2] == "Received: from mx.outside.test (192.0.2.1)"
    assert trace[3] == "\tby example.test with LMTP id s1;"
    assert len(trace) == 5


def test_trace_takes_no_line_from_outside() -> None:
    trace = Trace("a\r\nX: y@z", "h\nelo", "p\0eer", "by", "LMTP", "s1").prefix("r\r\n\r\ncpt")
    assert [line.partition(b":")[0] for line in trace.splitlines()[:3]] == [
        b"Return-Path",
        b"Delivered-To",
        b"Received",
    ]
    assert len(trace.splitlines()) == 5


def test_message_without_a_header_keeps_its_body(ann: Account, committer: GroupCommitter) -> None:
    for _ in range(2):  # new bytes, then known ones
        assert send(committer, b"Dear Ann,\r\n\r\nall body.\r\n", "ann") == [None]
    for found in stored(ann):
        header, _, body = found.partition(b"\r\n\r\n")
        assert header.startswith(b"Return-Path: ")
        assert body == b"Dear Ann,\r\n\r\nall body.\r\n"


def test_bytes_are_stored_once_for_all(
    ann: Account, ben: Account, committer: GroupCommitter
) -> None:
    assert send(committer, message(), "ann", "ben") == [None, None]
    assert Blob.objects.count() == 1
    assert b"Delivered-To: ben@example.test" in stored(ben)[0]


def test_account_that_several_recipients_lead_to_gets_it_once(
    ann: Account, ben: Account, committer: GroupCommitter
) -> None:
    create_address("annie@example.test", ["ann@example.test"])
    create_group("team@example.test")
    for member in ("ann", "ben"):
        add_member("team@example.test", f"{member}@example.test")
    assert send(committer, message(), "ann", "annie", "team", "ann") == [None] * 4
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)


def test_one_full_recipient_does_not_harm_the_others(
    ann: Account, ben: Account, committer: GroupCommitter
) -> None:
    create("cai@example.test")
    set_quota(ben.login, 50)
    outcomes = send(committer, message(), "ann", "ben", "cai")
    assert [type(outcome) for outcome in outcomes] == [type(None), OverQuota, type(None)]
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 0)
    assert state_of(ben).bytes_used == 0


def test_address_of_several_is_durable_when_all_have_it(
    ann: Account, ben: Account, committer: GroupCommitter
) -> None:
    create_address("both@example.test", ["ann@example.test", "ben@example.test"])
    set_quota(ben.login, 50)
    [outcome] = send(committer, message(), "both")
    assert isinstance(outcome, OverQuota)
    assert len(uids_of(ann)) == 1


def test_full_account_refuses_what_does_not_fit(ann: Account, committer: GroupCommitter) -> None:
    append(ann)
    set_quota(ann.login, state_of(ann).bytes_used + 100)
    [outcome] = send(committer, message(), "ann")
    assert isinstance(outcome, OverQuota)
    assert len(uids_of(ann)) == 1


def test_detail_names_the_mailbox_where_there_is_one(
    ann: Account, committer: GroupCommitter
) -> None:
    for name in ("Lists", "Projects/Übersicht", "Gone/Below"):
        create_mailbox(ann.pk, name)
    delete_mailbox(ann.pk, "Gone")
    addresses = ("ann+lists", "ann+PROJECTS/übersicht", "ann+gone", "ann+nowhere", "ann+inbox")
    for address in addresses:
        assert send(committer, message(), address) == [None]
    assert len(uids_of(ann, "Lists")) == len(uids_of(ann, "Projects/Übersicht")) == 1
    assert len(uids_of(ann)) == 3


def test_account_that_is_gone_by_then_is_not_found(
    ann: Account, ben: Account, committer: GroupCommitter
) -> None:
    recipients = [resolve_recipient(f"{name}@example.test") for name in ("ann", "ben")]
    delete_account("ann@example.test")
    outcomes = deliver(message(), recipients, TRACE, committer)
    assert isinstance(outcomes[0], NotFound)
    assert outcomes[1] is None


def test_refusal_of_the_bytes_is_everyones(
    ann: Account, ben: Account, committer: GroupCommitter, set_limit: SetLimit
) -> None:
    set_limit(limits.DISK_RESERVE, 2**60)
    assert [type(outcome) for outcome in send(committer, message(), "ann", "ben")] == [
        DiskReserve
    ] * 2
    set_limit(limits.DISK_RESERVE, 0)
    set_limit(limits.MESSAGE_SIZE, 1000)
    assert [type(outcome) for outcome in send(committer, message_of(1001), "ann")] == [TooLarge]
    assert not Message.objects.exists()


def test_bytes_that_are_collected_before_the_claim_are_staged_again(
    ann: Account, committer: GroupCommitter
) -> None:
    data = message()
    with_row = blobs.stage(data)
    blobs.claim(with_row)
    delivery = Delivery(data, [resolve_recipient("ann@example.test")], TRACE)
    delivery.prepare()
    assert collect_unreferenced(min_age=0) == 1
    with pytest.raises(blobs.BlobGone) as gone:
        committer.submit(delivery.jobs()[ann.pk]).result()
    delivery.settle(ann.pk, gone.value)
    assert delivery.outcomes() != [None]
    delivery.prepare()
    committer.submit(delivery.jobs()[ann.pk]).result()
    delivery.settle(ann.pk, None)
    assert delivery.outcomes() == [None]
    assert delivery.jobs() == {}
    assert stored(ann)[0].endswith(data)


def test_recipients_of_a_message_have_it_in_one_thread_of_their_own(
    ann: Account, ben: Account, committer: GroupCommitter
) -> None:
    send(committer, message(message_id="q@x"), "ann", "ben")
    send(committer, message(message_id="a@x", references="<q@x>"), "ann", "ben")
    for account in (ann, ben):
        question, answer = rows_of(account, "INBOX", "thread_id")
        assert question == answer
