"""Appending several messages: all or none, in order, in one transaction."""

from dataclasses import replace

import pytest

from groupware.core import blobs
from groupware.core.directory import set_quota
from groupware.core.errors import OverQuota
from groupware.core.models import Account
from mail.flags import SEEN
from mail.services.appending import NewMessage, append_messages
from tests.services.store import append, mailbox, prepared, rows_of, state_of, uids_of

pytestmark = pytest.mark.django_db


def test_several_get_consecutive_uids_in_their_order(ann: Account) -> None:
    append(ann)
    new = [
        NewMessage(prepared(1000), flags=SEEN, keywords=("$One",)),
        NewMessage(prepared(2000), internal_date=1_000_000_000, internal_zone=60),
        NewMessage(prepared(3000)),
    ]
    added = append_messages(ann.pk, mailbox(ann).collection_id, new)
    assert [message.uid for message in added] == [2, 3, 4]
    rows = rows_of(ann, "INBOX", "size", "flags", "keywords", "internal_zone")
    assert rows[1:] == [(1000, SEEN, "$One", 0), (2000, 0, "", 60), (3000, 0, "", 0)]
    assert mailbox(ann).highest_modseq == added[-1].modseq


def test_none_is_added_when_one_cannot_be(ann: Account) -> None:
    append(ann, data=prepared(1000))
    set_quota(ann.login, 4500)
    before = mailbox(ann), state_of(ann).bytes_used, uids_of(ann)
    with pytest.raises(OverQuota):
        append_messages(
            ann.pk, mailbox(ann).collection_id, [NewMessage(prepared(2000)) for _ in range(2)]
        )
    assert (mailbox(ann), state_of(ann).bytes_used, uids_of(ann)) == before


def test_none_is_added_when_the_content_of_one_is_gone(ann: Account) -> None:
    before = mailbox(ann)
    kept, lost = prepared(1000), prepared(2000)
    gone = NewMessage(replace(lost, staged=replace(lost.staged, blob_id=10**9)))
    with pytest.raises(blobs.BlobGone):
        append_messages(ann.pk, before.collection_id, [NewMessage(kept), gone])
    assert mailbox(ann) == before
