"""Warnings of a quota that is nearly used up: once for each crossing, in its transaction."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.core import db, directory, limits, quota, quotawarnings
from groupware.core.changes import begin_change
from groupware.core.errors import OverQuota
from groupware.core.models import Account, AccountState, Domain, OutboxRow, QuotaWarning
from tests.conftest import SetLimit
from tests.services.damage import find
from tests.services.store import create, state_of
from tests.services.threads import threads

pytestmark = pytest.mark.django_db

QUOTA = 1000


@pytest.fixture
def full(ann: Account) -> Account:
    """Return an account with a quota of 1000 octets."""
    directory.set_quota(ann.login, QUOTA)
    return ann


def charge(account: Account, size: int) -> None:
    """Charge or give back octets."""
    with db.write_transaction():
        begin_change(account.pk, add_bytes=size)


def noted(account: Account) -> int:
    """Return the threshold that is noted, 0 for none."""
    return (
        QuotaWarning.objects.filter(account=account).values_list("percent", flat=True).first() or 0
    )


def rows() -> int:
    """Return how often somebody is to be told."""
    return OutboxRow.objects.filter(topic=quotawarnings.WARN).count()


def test_each_threshold_is_noted_once_when_it_is_crossed(full: Account) -> None:
    seen = []
    for size in (799, 1, 100, 49, 1, 50):
        charge(full, size)
        seen.append((noted(full), rows()))
    assert seen == [(0, 0), (80, 1), (80, 1), (80, 1), (95, 2), (95, 2)]


def test_who_crosses_both_at_once_is_told_once(full: Account) -> None:
    charge(full, 960)
    assert (noted(full), rows()) == (95, 1)


def test_it_is_noted_anew_only_after_a_fall_well_below(full: Account) -> None:
    charge(full, 800)
    seen = []
    for size in (-1, 1, -50, 50, -51, 51):
        charge(full, size)
        seen.append(rows())
    assert seen == [1, 1, 1, 1, 1, 2]


def test_a_fall_below_the_last_threshold_leaves_the_first_noted(full: Account) -> None:
    charge(full, 960)
    charge(full, -70)
    assert (noted(full), rows()) == (80, 1)
    charge(full, 70)
    assert (noted(full), rows()) == (95, 2)


def test_what_is_refused_or_undone_notes_nothing(full: Account) -> None:
    with pytest.raises(OverQuota):
        charge(full, QUOTA + 1)
    with pytest.raises(ZeroDivisionError), db.write_transaction():  # noqa: PT012
        begin_change(full.pk, add_bytes=900)
        raise ZeroDivisionError
    assert (noted(full), rows()) == (0, 0)


def test_what_may_go_beyond_the_quota_does_so_far_and_no_further(full: Account) -> None:
    charge(full, QUOTA)
    with db.write_transaction():
        begin_change(full.pk, add_bytes=5, beyond=5)
    assert state_of(full).bytes_used == QUOTA + 5
    with pytest.raises(OverQuota), db.write_transaction():
        begin_change(full.pk, add_bytes=1, beyond=5)
    with pytest.raises(OverQuota):
        charge(full, 1)


def test_another_quota_is_another_measure(full: Account) -> None:
    charge(full, 500)
    directory.set_quota(full.login, 600)
    assert (noted(full), rows()) == (80, 1)
    directory.set_quota(full.login, 0)
    assert (noted(full), rows()) == (0, 1)
    charge(full, 10**6)
    assert rows() == 1


def test_thresholds_are_an_installations_choice(full: Account, set_limit: SetLimit) -> None:
    set_limit(limits.QUOTA_WARNING, 0)
    set_limit(limits.QUOTA_LAST_WARNING, 50)
    charge(full, 499)
    assert noted(full) == 0
    charge(full, 1)
    assert noted(full) == 50


def test_who_was_full_before_is_found_once(full: Account, ben: Account) -> None:
    directory.set_quota(ben.login, QUOTA)
    AccountState.objects.filter(account=full).update(bytes_used=900)
    assert [quota.note_full_accounts() for _ in range(2)] == [1, 0]
    assert (noted(full), noted(ben)) == (80, 0)
    AccountState.objects.filter(account=full).update(bytes_used=970)
    assert quota.note_full_accounts() == 1
    assert noted(full) == 95
    AccountState.objects.filter(account=full).update(bytes_used=0)


@pytest.mark.django_db(transaction=True)
def test_of_many_writes_at_once_exactly_one_crosses(full: Account) -> None:
    charge(full, 700)

    with threads(8) as start:
        for _ in range(20):
            start(lambda: charge(full, 10))
    assert (state_of(full).bytes_used, noted(full), rows()) == (900, 80, 1)


def test_doctor_finds_a_warning_that_nobody_will_be_told_of(full: Account) -> None:
    charge(full, 900)
    OutboxRow.objects.all().delete()
    QuotaWarning.objects.update(noted_at=0)
    [fault] = [fault for fault in find() if fault.check == "quota-told"]
    assert fault.repair is not None
    fault.repair.run()
    assert rows() == 1
    assert "quota-told" not in {fault.check for fault in find()}


def test_doctor_finds_a_warning_that_would_keep_the_next_one_away(full: Account) -> None:
    QuotaWarning.objects.create(account=full, percent=95, is_told=True, noted_at=0)
    [fault] = find()
    assert fault.check == "quota-warning"
    assert fault.repair is not None
    fault.repair.run()
    assert find() == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-400, 400), max_size=30))
def test_rows_are_what_a_slow_count_of_crossings_says(domain: Domain, steps: list[int]) -> None:
    OutboxRow.objects.all().delete()
    account = create(f"p{Account.objects.count()}@{domain.name}", quota_bytes=QUOTA)
    used = told = expected = 0
    for wanted in steps:
        step = max(-used, min(wanted, QUOTA - used))
        charge(account, step)
        used += step
        reached = max([percent for percent in (80, 95) if used >= percent * 10], default=0)
        kept = max([percent for percent in (80, 95) if used >= (percent - 5) * 10], default=0)
        if reached > told:
            expected, told = expected + 1, reached
        told = min(told, kept)
        assert (noted(account), rows()) == (told, expected)
