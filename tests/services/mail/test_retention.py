"""Retention: what goes from which mailbox, when, and that clients, quota and undelete know it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.core.clock import epoch
from groupware.core.models import Account, Domain
from mail import queries
from mail.flags import FLAGGED, SEEN
from mail.models import ExpungedMessage, Mailbox, RetentionRule
from mail.retention import (
    DAY,
    NEVER,
    Expiry,
    Rule,
    Rulebook,
    count_old,
    expect,
    find_expiry,
    find_least_expiry,
    list_examples,
    read_rules,
)
from mail.services import holds, retention, undelete
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import create_mailbox, delete_mailbox
from tests.services.damage import find
from tests.services.mail.retaining import put, rule_for, rule_of_mailbox, run_all
from tests.services.store import append, create, mailbox, prepared, rows_of, state_of, uids_of

pytestmark = pytest.mark.django_db


def test_what_is_deleted_by_age_is_told_refunded_and_can_be_restored(ann: Account) -> None:
    old, new = put(ann, days=31), put(ann, days=29)
    before = mailbox(ann)
    retention.set_rule(rule_for(ann))
    assert run_all() == 1
    assert uids_of(ann) == [new]
    changes = queries.list_changes(
        before.collection_id, since_modseq=before.highest_modseq, known_uid_next=before.uid_next
    )
    assert changes.vanished == [(old, old)]
    [(size,)] = rows_of(ann, "INBOX", "size")
    assert state_of(ann).bytes_used == size
    [kept] = ExpungedMessage.objects.all()
    undelete.restore_messages(ann.pk, before.collection_id, [kept.pk])
    assert len(uids_of(ann)) == 2
    assert find() == []


@pytest.mark.parametrize(("action", "target"), [("archive", "Archive"), ("trash", "Trash")])
def test_what_moves_by_age_keeps_flags_and_dates_and_costs_nothing(
    ann: Account, action: str, target: str
) -> None:
    put(ann, days=100, flags=SEEN)
    [state] = rows_of(ann, "INBOX", "flags", "internal_date", "email_id", "size")
    used = state_of(ann).bytes_used
    retention.set_rule(rule_for(ann, action=action))
    assert run_all() == 1
    assert uids_of(ann) == []
    assert rows_of(ann, target, "flags", "internal_date", "email_id", "size") == [state]
    assert state_of(ann).bytes_used == used
    assert find() == []


def test_archive_is_made_where_there_is_none(ann: Account) -> None:
    delete_mailbox(ann.pk, "Archive")
    put(ann, days=100)
    retention.set_rule(rule_for(ann, action="archive"))
    assert run_all() == 1
    assert mailbox(ann, "Archive").special_use == "Archive"
    assert mailbox(ann, "Archive").items == 1


@pytest.mark.parametrize(
    ("age", "days", "arrived", "goes"),
    [
        ("received", 31, 0, True),
        ("received", 0, 31, False),
        ("arrived", 3000, 29, False),
        ("arrived", 0, 31, True),
    ],
)
def test_age_counts_from_the_date_or_from_the_coming(
    ann: Account, age: str, days: int, arrived: int, goes: bool
) -> None:
    put(ann, "Trash", days=days, arrived=arrived)
    retention.set_rule(rule_for(ann, "Trash", age=age))
    assert run_all() == int(goes)


def test_deleting_counts_from_the_coming_where_nobody_says_it() -> None:
    assert [retention.usual_age(action) for action in ("archive", "trash", "delete")] == [
        "received",
        "received",
        "arrived",
    ]


def test_flagged_messages_stay_unless_the_rule_says_otherwise(ann: Account) -> None:
    put(ann, days=50, flags=FLAGGED | SEEN)
    put(ann, days=50)
    retention.set_rule(rule_for(ann))
    assert count_old(mailbox(ann).collection_id, rule_for(ann), moment=epoch()).spared == 1
    assert run_all() == 1
    assert [row[1] for row in rows_of(ann)] == [FLAGGED | SEEN]
    retention.set_rule(rule_for(ann, spares_flagged=False))
    assert run_all() == 1
    assert uids_of(ann) == []


def test_of_the_rules_that_reach_a_mailbox_the_nearest_counts(ann: Account, ben: Account) -> None:
    domain_id = ann.domain_id
    for account in (ann, ben):
        put(account, days=50)
    rules = [
        rule_for(None, days=10),
        rule_for(None, days=60, domain_id=domain_id),
        rule_for(ann, days=40),
        rule_of_mailbox(ann, "INBOX", days=70),
    ]
    expected = [2, 0, 1, 0]
    for rule, number in zip(rules, expected, strict=True):
        retention.set_rule(rule)
        going = [
            row.amount.messages
            for held in read_rules()
            for row in expect(held, read_rules(), moment=epoch())
        ]
        assert sum(going) == number
    assert run_all() == 0
    retention.remove_rule(rules[3])
    assert run_all() == 1
    assert (uids_of(ann), len(uids_of(ben))) == ([], 1)


def test_keep_excepts_from_a_wider_rule(ann: Account, ben: Account) -> None:
    for account in (ann, ben):
        put(account, days=50)
    retention.set_rule(rule_for(None))
    retention.set_rule(rule_for(ann, action="keep", days=0))
    assert run_all() == 1
    assert len(uids_of(ann)) == 1


def test_rule_of_a_use_finds_mailboxes_by_use_and_not_by_name(ann: Account) -> None:
    create_mailbox(ann.pk, "Work/Trash")
    Mailbox.objects.filter(collection_id=mailbox(ann, "Junk").collection_id).update(special_use="")
    for name in ("Trash", "Work/Trash", "Junk"):
        put(ann, name, days=50)
    retention.set_rule(rule_for(None, "Trash"))
    retention.set_rule(rule_for(None, "Junk"))
    assert run_all() == 1
    assert mailbox(ann, "Trash").items == 0


def test_nothing_goes_from_what_is_on_hold(ann: Account) -> None:
    for name in ("INBOX", "Trash"):
        put(ann, name, days=50)
    retention.set_rule(rule_for(None))
    retention.set_rule(rule_for(None, "Trash", action="delete"))
    holds.hold(ann, mailbox(ann, "Trash").collection_id, "Trash")
    assert run_all() == 1
    assert mailbox(ann, "Trash").items == 1
    put(ann, days=50)
    holds.hold(ann)
    assert run_all() == 0
    assert [row.is_held for row in expect(*_first_rule(), moment=epoch())] == [True]


def _first_rule() -> tuple[Rule, Rulebook]:
    rules = read_rules()
    return next(iter(rules)), rules


def test_batches_take_everything(ann: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for number in range(10):
        put(ann, days=50, flags=FLAGGED if number == 4 else 0)
    retention.set_rule(rule_for(ann))
    rules = read_rules()
    assert [row.messages for row in retention.run(list(rules), rules)] == [3, 3, 3]
    assert len(uids_of(ann)) == 1


def test_what_was_flagged_or_held_since_it_was_looked_at_stays(ann: Account) -> None:
    uid = put(ann, days=50)
    rule = retention.set_rule(rule_for(ann))
    [place] = [row.place for row in expect(rule, read_rules(), moment=epoch())]
    store_flags(ann.pk, place.collection_id, [(uid, uid)], StoreOp.ADD, FLAGGED, ())
    window = {"moment": epoch(), "after": 0, "last": uid}
    assert retention._remove(place, rule, **window).messages == 0
    store_flags(ann.pk, place.collection_id, [(uid, uid)], StoreOp.REMOVE, FLAGGED, ())
    retention.set_rule(rule_for(ann, action="keep"))
    assert retention._remove(place, rule, **window).messages == 0
    rule = retention.set_rule(rule_for(ann))
    delete_at = retention._remove(place, rule, **window)
    assert (delete_at.messages, uids_of(ann)) == (1, [])


def test_what_came_behind_the_batch_waits_for_the_next(ann: Account) -> None:
    first, second = put(ann, days=50), put(ann, days=50)
    rule = retention.set_rule(rule_for(ann))
    [place] = [row.place for row in expect(rule, read_rules(), moment=epoch())]
    assert retention._remove(place, rule, moment=epoch(), after=0, last=first).messages == 1
    assert uids_of(ann) == [second]


def test_duty_does_each_rule_once_a_day(ann: Account) -> None:
    put(ann, days=50)
    retention.set_rule(rule_for(ann))
    assert retention.run_due() == 1
    put(ann, days=50)
    assert retention.run_due() == 0
    RetentionRule.objects.update(run_at=epoch() - DAY)
    assert retention.run_due() == 1


def test_duty_gives_others_their_turn_and_goes_on(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        put(ann, days=50)
    retention.set_rule(rule_for(ann))
    assert [retention.run_due(most=2) for _ in range(4)] == [2, 2, 1, 0]


def test_mailbox_that_cannot_be_done_leaves_the_others_to_be(ann: Account, ben: Account) -> None:
    delete_mailbox(ann.pk, "Archive")
    create_mailbox(ann.pk, "Archive")  # of no use, and the only one of that name
    put(ann, "Archive", days=50)
    put(ben, days=50)
    retention.set_rule(rule_of_mailbox(ann, "Archive", action="archive"))
    retention.set_rule(rule_for(ben, action="archive"))
    assert run_all() == 1
    assert mailbox(ann, "Archive").items == mailbox(ben, "Archive").items == 1
    assert sorted(rule.run_at > 0 for rule in read_rules()) == [False, True]


def test_first_messages_are_shown_as_a_person_knows_them(ann: Account) -> None:
    append(ann, data=prepared(subject="Plan of May"), internal_date=epoch() - 90 * DAY)
    [example] = list_examples(mailbox(ann).collection_id, rule_for(ann), moment=epoch(), limit=10)
    assert example.subject == "Plan of May"
    assert example.sender.endswith("@outside.test")
    assert list_examples(mailbox(ann, "Sent").collection_id, rule_for(ann), moment=0, limit=9) == []


def test_pop3_is_told_when_what_is_in_inbox_goes(ann: Account, ben: Account) -> None:
    assert (find_expiry(ann.pk), find_least_expiry()) == (NEVER, NEVER)
    retention.set_rule(rule_for(None, days=90))
    assert (find_expiry(ann.pk), find_least_expiry()) == (Expiry(90), Expiry(90))
    retention.set_rule(rule_of_mailbox(ann, "INBOX", days=30, action="archive"))
    assert (find_expiry(ann.pk), find_expiry(ben.pk)) == (Expiry(30), Expiry(90))
    assert find_least_expiry() == Expiry(30, varies=True)
    retention.set_rule(rule_for(ben, action="keep"))
    retention.set_rule(rule_for(None, "Trash", days=1))
    assert (find_expiry(ben.pk), find_least_expiry()) == (NEVER, Expiry(30, varies=True))
    holds.hold(ann)
    assert find_expiry(ann.pk) == NEVER


def test_hold_of_anybody_makes_what_pop3_is_told_vary(ann: Account, ben: Account) -> None:
    retention.set_rule(rule_for(None, days=90))
    holds.hold(ann)
    assert find_least_expiry() == Expiry(90, varies=True)
    assert (find_expiry(ann.pk), find_expiry(ben.pk)) == (NEVER, Expiry(90))


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["INBOX", "Trash", "Sent"]),
        st.integers(0, 60),
        st.integers(0, 60),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MESSAGES, st.sampled_from(["received", "arrived"]), st.booleans())
def test_what_goes_is_what_a_slow_look_at_every_message_says(
    domain: Domain, messages: list[tuple[str, int, int, bool]], age: str, spares: bool
) -> None:
    account = create(f"p{Account.objects.count()}@{domain.name}")
    rule = rule_for(account, "Trash", days=20, age=age, spares_flagged=spares)
    staying: dict[str, list[int]] = {"INBOX": [], "Trash": [], "Sent": []}
    for name, days, arrived, flagged in messages:
        uid = put(account, name, days=days, arrived=arrived, flags=FLAGGED if flagged else 0)
        is_old = (days if age == "received" else arrived) >= 20
        if name != "Trash" or not is_old or (flagged and spares):
            staying[name].append(uid)
    retention.set_rule(rule)
    run_all()
    assert {name: uids_of(account, name) for name in staying} == staying
