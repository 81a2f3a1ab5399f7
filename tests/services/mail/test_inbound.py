"""What was taken reaches everybody it is for, once each, whatever happens on the way."""

from collections.abc import Callable

import pytest

from groupware.core import aio, db, limits
from groupware.core.blobs.service import store
from groupware.core.clock import epoch
from groupware.core.directory import (
    add_member,
    create_address,
    create_group,
    delete_account,
    set_quota,
)
from groupware.core.groupcommit import GroupCommitter
from groupware.core.models import Account, Blob
from mail.flow.envelopes import EnvelopeRecipient
from mail.models import Inbound
from mail.services import reception
from mail.services.fanout import fan_out, work_off
from mail.services.inbound import GRACE, LEASE, find_taken, note_delivery
from mail.services.mailboxes import create_mailbox
from tests.conftest import SetLimit
from tests.services.mail.taking import (
    RECEIVED,
    deliver,
    left,
    parsed,
    stored,
    sweep,
    take,
)
from tests.services.store import create, message, state_of, uids_of
from tests.services.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


def test_message_arrives_with_its_trace_before_it(ann: Account) -> None:
    data = message()
    deliver("ann@example.test", data=data)
    [found] = stored(ann)
    own = b"Return-Path: <boss@outside.test>\r\nDelivered-To: ann@example.test\r\n"
    assert found == own + RECEIVED + data
    assert left() == (0, 0, 0)


def test_nobody_has_it_before_it_is_fanned_out_and_the_sweep_finds_it(ann: Account) -> None:
    inbound_id = take("ann@example.test")
    assert uids_of(ann) == []
    assert work_off(now=epoch() + GRACE - 2) == 0
    assert work_off(now=epoch() + GRACE + 1) == 1
    assert len(uids_of(ann)) == 1
    assert find_taken(inbound_id) is None


def test_delivery_of_which_nobody_wants_to_be_told_reads_no_bytes(ann: Account) -> None:
    inbound_id = take("ann@example.test")
    location = Blob.objects.get().location
    [held] = store().get_all([location])
    db.execute("DELETE FROM core_blobspool", [])
    store().remove(location)
    fan_out(inbound_id)
    assert len(uids_of(ann)) == 1
    store().put_spooled({location: held})


def test_a_second_run_finds_nothing_to_do(ann: Account, ben: Account) -> None:
    inbound_id = deliver("ann@example.test", "ben@example.test")
    fan_out(inbound_id)
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)


def test_account_that_several_recipients_lead_to_gets_it_once(ann: Account, ben: Account) -> None:
    create_address("annie@example.test", ["ann@example.test"])
    deliver("annie@example.test", "ann@example.test", "ann+x@example.test", "ben@example.test")
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)
    assert Blob.objects.count() == 1
    assert parsed(ann)[0]["Delivered-To"] == "annie@example.test"


def test_who_has_it_already_is_left_out_after_a_crash(ann: Account, ben: Account) -> None:
    inbound_id = take("ann@example.test", "ben@example.test")
    with db.write_transaction():
        assert note_delivery(inbound_id, ann.pk)
    assert not in_thread(lambda: note_delivery(inbound_id, ann.pk))
    fan_out(inbound_id)
    assert (len(uids_of(ann)), len(uids_of(ben))) == (0, 1)
    assert left() == (0, 0, 0)


def test_nothing_is_noted_of_what_is_settled(ann: Account) -> None:
    assert not note_delivery(deliver("ann@example.test"), ann.pk)


def test_two_runs_at_once_deliver_once(ann: Account, ben: Account) -> None:
    """The second has made its plan when the first settles everything."""
    inbound_id = take("ann@example.test", "ben@example.test")
    committer = GroupCommitter()
    has_run: list[bool] = []

    def submit(call: Callable[[], object]) -> object:
        if not has_run:
            has_run.append(True)
            in_thread(lambda: fan_out(inbound_id))
        return committer.submit(call)

    fan_out(inbound_id, submit)  # type: ignore[arg-type]
    committer.close()
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)
    assert left() == (0, 0, 0)


def test_junk_and_detail_go_where_they_belong(ann: Account, ben: Account) -> None:
    create_mailbox(ann.pk, "Lists")
    deliver("ann+lists@example.test")
    deliver("ann+lists@example.test", is_junk=True)
    assert (len(uids_of(ann, "Lists")), len(uids_of(ann, "Junk")), uids_of(ann)) == (1, 1, [])


def test_message_without_a_header_keeps_its_body(ann: Account) -> None:
    deliver("ann@example.test", data=b"Dear Ann,\r\n\r\nall body.\r\n")
    header, _, body = stored(ann)[0].partition(b"\r\n\r\n")
    assert header.endswith(RECEIVED.rstrip())
    assert body == b"Dear Ann,\r\n\r\nall body.\r\n"


def test_full_mailbox_waits_for_room_and_keeps_nobody_else_from_it(
    ann: Account, ben: Account
) -> None:
    set_quota(ben.login, 50)
    cai = create("cai@example.test")
    inbound_id = deliver("ann@example.test", "ben@example.test", "cai@example.test")
    assert (len(uids_of(ann)), len(uids_of(ben)), len(uids_of(cai))) == (1, 0, 1)
    waiting = Inbound.objects.get(pk=inbound_id)
    assert [held.address for held in waiting.recipients.all()] == ["ben@example.test"]
    assert waiting.attempts == 1
    assert "OverQuota" in waiting.last_error
    assert epoch() < waiting.next_attempt_at <= epoch() + 5
    sweep(inbound_id)
    assert Inbound.objects.get(pk=inbound_id).next_attempt_at > epoch() + 5
    set_quota(ben.login, 0)
    sweep(inbound_id)
    assert (len(uids_of(ann)), len(uids_of(ben)), len(uids_of(cai))) == (1, 1, 1)
    assert left() == (0, 0, 0)
    assert state_of(ben).items_used == 1


def test_sender_is_told_of_a_mailbox_that_stays_full(
    ann: Account, ben: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.FULL_MAILBOX_DAYS, 1)
    set_quota(ben.login, 50)
    recipient = EnvelopeRecipient("ben@example.test", "FAILURE")
    inbound_id = deliver(recipient, mail_from=ann.login)
    assert uids_of(ann) == []
    Inbound.objects.filter(pk=inbound_id).update(received_at=epoch() - 86_400 + 60)
    sweep(inbound_id)
    assert uids_of(ann) == []
    Inbound.objects.filter(pk=inbound_id).update(received_at=epoch() - 86_400)
    sweep(inbound_id)
    [told] = parsed(ann)
    assert told.get_content_type() == "multipart/report"
    assert "5.2.2" in told.as_string()
    assert left() == (0, 0, 0)


def test_sender_is_told_of_who_is_gone_by_then(ann: Account, ben: Account) -> None:
    inbound_id = take("ann@example.test", "ben@example.test", mail_from=ann.login)
    delete_account(ben.login)
    fan_out(inbound_id)
    data, told = parsed(ann)
    assert data["Return-Path"] == "<ann@example.test>"
    assert told["Return-Path"] == "<>"
    assert told["Auto-Submitted"] == "auto-replied"
    assert told["From"] == "Mail system <postmaster@example.test>"
    text = told.as_string()
    assert "Final-Recipient: rfc822; ben@example.test" in text
    assert "Status: 5.1.1" in text
    assert left() == (0, 0, 0)


def test_sender_who_has_no_room_himself_is_told_all_the_same(ann: Account) -> None:
    set_quota(ann.login, 50)
    deliver("nobody@example.test", mail_from=ann.login)
    assert len(uids_of(ann)) == 1


@pytest.mark.parametrize(
    ("mail_from", "notify", "fields"),
    [
        ("", "", {}),
        ("ann@example.test", "NEVER", {}),
        ("ann@example.test", "SUCCESS,DELAY", {}),
        ("ann@example.test", "", {"is_junk": True}),
    ],
)
def test_who_is_not_to_be_told_is_not(
    ann: Account, mail_from: str, notify: str, fields: dict[str, bool]
) -> None:
    recipient = EnvelopeRecipient("nobody@example.test", notify)
    deliver(recipient, mail_from=mail_from, **fields)
    assert uids_of(ann) == uids_of(ann, "Junk") == []
    assert left() == (0, 0, 0)


def test_success_is_told_where_it_was_asked_for(ann: Account, ben: Account) -> None:
    create_address("both@example.test", [ann.login, ben.login], kind="alias")
    asked = [
        EnvelopeRecipient(address, "SUCCESS", f"rfc822;{address}")
        for address in ("ben@example.test", "both@example.test")
    ]
    deliver(*asked, "ann+x@example.test", mail_from=ann.login, ret="FULL")
    told = parsed(ann)[-1]
    status = told.get_payload()[1].as_string()  # type: ignore[index, union-attr]
    assert status.count("Action:") == 2
    assert "Action: delivered" in status
    assert "Action: expanded" in status
    assert told.get_payload()[2].get_content_type() == "text/rfc822-headers"  # type: ignore[index, union-attr]


def test_whole_message_comes_back_where_that_was_asked_for(ann: Account) -> None:
    data = message()
    deliver("nobody@example.test", mail_from=ann.login, ret="FULL", data=data)
    [told] = stored(ann)
    assert RECEIVED + data in told


def test_every_member_of_a_group_gets_the_one_copy(ann: Account, ben: Account) -> None:
    create_group("team@example.test")
    for login in (ann.login, ben.login):
        add_member("team@example.test", login)
    deliver("team@example.test", "ann@example.test")
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)
    assert Blob.objects.count() == 1
    assert left() == (0, 0, 0)


def test_long_list_goes_a_few_at_a_time_and_is_leased_meanwhile(
    ann: Account, ben: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mail.services.fanout.BATCH", 2)
    members = [ann, ben, *(create(f"member{number}@example.test") for number in range(4))]
    create_group("team@example.test")
    for member in members:
        add_member("team@example.test", member.login)
    inbound_id = take("team@example.test")
    committer = GroupCommitter()
    due: list[int] = []

    def submit(call: Callable[[], object]) -> object:
        due.append(Inbound.objects.get(pk=inbound_id).next_attempt_at)
        return committer.submit(call)

    fan_out(inbound_id, submit)  # type: ignore[arg-type]
    committer.close()
    assert due[0] <= epoch() + GRACE
    assert min(due[1:]) > epoch() + LEASE - 30
    assert [len(uids_of(member)) for member in members] == [1] * len(members)
    assert Blob.objects.count() == 1


def test_account_that_has_it_can_be_deleted_while_others_wait(ann: Account, ben: Account) -> None:
    set_quota(ben.login, 50)
    inbound_id = deliver(ann.login, ben.login, account_id=ann.pk)
    assert left() == (1, 1, 1)
    delete_account(ann.login)
    assert left() == (1, 1, 0)
    set_quota(ben.login, 0)
    sweep(inbound_id)
    assert len(uids_of(ben)) == 1


def test_server_fans_out_what_it_took(ann: Account, ben: Account) -> None:
    inbound_id = take("ann@example.test", "ben@example.test")
    in_thread(lambda: reception.begin_fan_out(inbound_id))
    aio.close_crossing()
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)


def test_writes_of_a_server_go_through_its_committer(ann: Account, ben: Account) -> None:
    committer = GroupCommitter()
    inbound_id = take("ann@example.test", "ben@example.test")
    in_thread(lambda: fan_out(inbound_id, committer.submit))
    committer.close()
    assert (len(uids_of(ann)), len(uids_of(ben))) == (1, 1)
