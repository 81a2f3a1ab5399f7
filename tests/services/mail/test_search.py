"""SEARCH by scanning, where a transcript would not show what is looked at."""

import random

import pytest

from groupware.core.models import Account
from mail.imap.sequences import SequenceSet
from mail.search.keys import BodyKey, NotKey, SearchKey, TextKey, UidKey
from mail.search.searching import plan_search, search_batch
from mail.services.content import prepare_message
from tests.services.mail.test_fetch import open_view
from tests.services.store import append

pytestmark = pytest.mark.django_db

OLD_MACINTOSH = b"Subject: head\rFrom: a@b.test\r\rbody\r"


def search(account: Account, key: SearchKey) -> list[int]:
    view = open_view(account)
    return [uid for uid, _ in search_batch(view, plan_search(key, view), 0).matches]


def test_fields_added_on_arrival_do_not_change_how_the_message_is_read(ann: Account) -> None:
    prefix = b"Delivered-To: ann@example.test\r\n"
    append(ann, data=prepare_message(OLD_MACINTOSH), prefix=prefix)
    assert search(ann, BodyKey("body")) == [1]
    assert search(ann, BodyKey("head")) == []
    assert search(ann, BodyKey("delivered-to")) == []
    assert search(ann, TextKey("delivered-to: ann")) == [1]
    assert search(ann, TextKey("subject: head")) == [1]


def test_a_set_of_many_ranges_finds_what_is_in_it(ann: Account) -> None:
    for _ in range(40):
        append(ann)
    wanted = sorted(random.Random(1).sample(range(1, 41), 15))
    found = UidKey(SequenceSet(tuple((uid, uid) for uid in wanted)))
    assert search(ann, found) == wanted
    assert search(ann, NotKey(found)) == [uid for uid in range(1, 41) if uid not in wanted]
