"""What rows decide in a SEARCH, against a look at each message."""

import dataclasses
import datetime
import operator
import random
from email import message_from_bytes
from email.utils import parsedate_to_datetime

import pytest

from groupware.core.models import Account
from mail.flags import SEEN, actor_with
from mail.imap.sequences import SequenceSet
from mail.imap.view import MailboxView
from mail.queries import fetch_messages
from mail.search.keys import (
    AllKey,
    AndKey,
    DateField,
    DateKey,
    DateRelation,
    EmailIdKey,
    FlagKey,
    LargerKey,
    ModSeqKey,
    NotKey,
    OrKey,
    SearchKey,
    SeqKey,
    SmallerKey,
    ThreadIdKey,
    UidKey,
)
from mail.search.rowkeys import MOST_KEYS, find_condition
from mail.search.searching import plan_search, search_batch
from mail.services.content import prepare_message
from mail.services.flags import StoreOp, store_flags
from tests.services.mail.test_fetch import open_view
from tests.services.mail.test_search import search
from tests.services.store import append, mailbox

pytestmark = pytest.mark.django_db

DAYS = [datetime.date(2026, 2, day) for day in range(1, 5)]
ROW_KEYS: list[SearchKey] = [
    AllKey(),
    *(
        FlagKey(name)
        for name in ("\\Seen", "\\Flagged", "\\Recent", "$Junk", "$j_nk", "$JUN", "!_")
    ),
    *(size(limit) for size in (LargerKey, SmallerKey) for limit in (0, 100, 110, 2**32 - 1)),
    *(ModSeqKey(modseq) for modseq in (0, 12, 20, 2**63 - 1)),
    *(EmailIdKey(number) for number in (None, 1, 2**64 - 1)),
    *(ThreadIdKey(number) for number in (None, 1)),
    *(DateKey(field, how, day) for field in DateField for how in DateRelation for day in DAYS),
    UidKey(SequenceSet(((2, 9), (15, 15)))),
    SeqKey(SequenceSet(((1, 3), (7, 30)))),
]


def any_key(generator: random.Random, depth: int) -> SearchKey:
    kind = generator.randrange(6) if depth else 5
    if kind == 0:
        return NotKey(any_key(generator, depth - 1))
    if kind == 1:
        return OrKey(any_key(generator, depth - 1), any_key(generator, depth - 1))
    if kind == 2:
        return AndKey(tuple(any_key(generator, depth - 1) for _ in range(3)))
    return generator.choice(ROW_KEYS)


def fill(account: Account, generator: random.Random) -> None:
    for number in range(30):
        zone = generator.randrange(-720, 840, 30)
        date = f"Date: {generator.randint(1, 4)} Feb 2026 {generator.randrange(24):02}:30:00"
        offset = f" {generator.choice('+-')}{generator.randrange(14):02}30\r\n"
        header = (date + offset).encode() if generator.random() < 0.8 else b""
        append(
            account,
            data=prepare_message(header + b"Subject: x\r\n\r\n" + b"x" * (number * 5)),
            flags=generator.randrange(32),
            keywords=tuple(generator.sample(["$Junk", "$jxnk", "!_", "a!_b"], 2)),
            internal_date=1_769_904_000 + generator.randrange(5 * 86_400),
            internal_zone=zone,
        )


def day_of(account: Account, uid: int) -> datetime.date | None:
    """Return the day in the Date field, read by the standard library."""
    rows = fetch_messages(mailbox(account).collection_id, [(uid, uid)], ["header_fields"])
    field = message_from_bytes(bytes(rows[0][0]))["Date"]
    return parsedate_to_datetime(field).date() if field else None


@pytest.mark.parametrize("reads_others", [False, True])
def test_what_the_database_decides_is_what_a_look_at_each_message_finds(
    ann: Account, ben: Account, *, reads_others: bool
) -> None:
    generator = random.Random(5)
    fill(ann, generator)
    view = open_view(ann)
    if reads_others:
        actor = actor_with(ben.pk, "lrs")
        identity = dataclasses.replace(view.identity, reader_id=ben.pk)
        view = MailboxView(identity, view.uids, view.uid_next, view.modseq)
        seen = StoreOp.ADD, SEEN, ()
        store_flags(ann.pk, identity.collection_id, [(3, 20)], *seen, actor=actor)
    decided = 0
    for _ in range(300):
        key = any_key(generator, 3)
        plan = plan_search(key, view)
        slow = dataclasses.replace(plan, condition=None)
        assert search_batch(view, plan, 0).matches == search_batch(view, slow, 0).matches, key
        decided += plan.condition is not None
    assert decided > 100


def test_the_day_that_a_message_says_is_that_of_its_own_zone(ann: Account) -> None:
    generator = random.Random(6)
    fill(ann, generator)
    told = {uid: day_of(ann, uid) for uid in search(ann, AllKey())}
    for relation, relate in (
        (DateRelation.BEFORE, operator.lt),
        (DateRelation.ON, operator.eq),
        (DateRelation.SINCE, operator.ge),
    ):
        for day in DAYS:
            expected = [uid for uid, sent in told.items() if sent and relate(sent, day)]
            assert search(ann, DateKey(DateField.SENT, relation, day)) == expected


def test_a_search_of_very_many_keys_is_left_to_a_look_at_each_message() -> None:
    assert find_condition(AndKey((AllKey(),) * (MOST_KEYS - 1))) is not None
    assert find_condition(AndKey((AllKey(),) * MOST_KEYS)) is None
