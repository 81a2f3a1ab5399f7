"""Where a message that arrives is put."""

import pytest

from groupware.core.directory import set_quota
from groupware.core.errors import NotFound, OverQuota
from groupware.core.models import Account, Collection
from mail.flags import FLAGGED, SEEN
from mail.services.filing import NOTICE_ROOM, Arrival, file_message
from mail.services.mailboxes import create_mailbox, delete_mailbox, rename_mailbox
from tests.services.store import append, prepared, rows_of, uids_of

pytestmark = pytest.mark.django_db


def test_most_goes_to_inbox(ann: Account) -> None:
    file_message(ann.pk, prepared())
    file_message(ann.pk, prepared(), Arrival(detail="no such mailbox"))
    assert len(uids_of(ann)) == 2


def test_detail_names_a_mailbox_in_any_case(ann: Account) -> None:
    create_mailbox(ann.pk, "Übersicht")
    file_message(ann.pk, prepared(), Arrival(detail="übersicht"))
    assert len(uids_of(ann, "Übersicht")) == 1


def test_junk_goes_to_the_mailbox_for_junk_whatever_its_name_or_the_detail(ann: Account) -> None:
    create_mailbox(ann.pk, "Lists")
    rename_mailbox(ann.pk, "Junk", "Pourriel")
    file_message(ann.pk, prepared(), Arrival(is_junk=True, detail="lists"))
    assert len(uids_of(ann, "Pourriel")) == 1


def test_junk_of_who_has_no_mailbox_for_it_goes_to_inbox(ann: Account) -> None:
    create_mailbox(ann.pk, "Lists")
    delete_mailbox(ann.pk, "Junk")
    file_message(ann.pk, prepared(), Arrival(is_junk=True, detail="lists"))
    assert len(uids_of(ann)) == 1


def test_what_is_fetched_elsewhere_keeps_its_flags_and_date(ann: Account) -> None:
    arrival = Arrival(
        prefix=b"X-From: elsewhere\r\n",
        flags=SEEN | FLAGGED,
        keywords=("work",),
        internal_date=1_700_000_000,
        internal_zone=60,
    )
    file_message(ann.pk, prepared(), arrival)
    fields = ("flags", "keywords", "internal_date", "internal_zone", "prefix")
    [row] = rows_of(ann, "INBOX", *fields)
    assert row[0] == SEEN | FLAGGED
    assert row[1] == "work"
    assert row[2:4] == (1_700_000_000, 60)
    assert bytes(row[4]) == b"X-From: elsewhere\r\n"


def test_account_without_a_mailbox_is_no_recipient(ann: Account) -> None:
    Collection.objects.filter(account=ann).update(kind="calendar")
    with pytest.raises(NotFound):
        file_message(ann.pk, prepared())
    Collection.objects.filter(account=ann).update(kind="mail")


def test_a_notice_arrives_where_the_quota_has_no_room(ann: Account) -> None:
    append(ann, data=prepared(size=5_000))
    set_quota(ann.login, 5_000)
    with pytest.raises(OverQuota):
        file_message(ann.pk, prepared(), Arrival())
    file_message(ann.pk, prepared(), Arrival(is_notice=True))
    assert len(uids_of(ann)) == 2
    with pytest.raises(OverQuota):
        file_message(ann.pk, prepared(size=NOTICE_ROOM), Arrival(is_notice=True))
