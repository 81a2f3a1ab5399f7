"""Departures: disabled at once, undone for a while, then handed over, exported and deleted."""

from datetime import timedelta

import pytest

from groupware.core import limits, rights
from groupware.core.clock import now
from groupware.core.directory import delete_account, get_account, set_active, set_quota
from groupware.core.errors import AlreadyExists, Invalid, NotAllowed, NotFound, OverQuota
from groupware.core.leaving import departures, exports
from groupware.core.models import Account, Address, AddressKind, Departure
from mail import queries
from mail.routing import find_address, find_owner
from mail.services import holds
from tests.conftest import SetLimit
from tests.services.leaving.belongings import resources_of
from tests.services.store import append, state_of, uids_of

Team = tuple[Account, Account]
HANDED = "Handed over/ann@example.test"


def leave(account: Account, successor: Account | None = None, **options: object) -> Departure:
    """Begin a departure with thirty days."""
    wants = {"days": 30, "wants_export": False, **options}
    return departures.begin(account, successor=successor, **wants)  # type: ignore[arg-type]


def end_now() -> int:
    """Let the days of all departures be over, and end those that can be."""
    Departure.objects.update(due_at=now(), tried_at=None)
    return departures.work_off()


def test_who_leaves_is_disabled_and_deleted_when_the_days_are_over(team: Team) -> None:
    ann = team[0]
    departure = leave(ann)
    assert departure.due_at - departure.asked_at == timedelta(days=30)
    assert not get_account(ann.login).is_active
    assert departures.work_off() == 0
    Departure.objects.update(due_at=now())
    assert departures.work_off() == 1
    with pytest.raises(NotFound):
        get_account(ann.login)
    assert not Departure.objects.exists()


def test_until_then_it_is_undone(team: Team) -> None:
    ann, ben = team
    leave(ann, ben)
    assert rights.effective_rights(ben.pk, ann.pk)
    departures.undo(ann)
    assert get_account(ann.login).is_active
    assert not rights.effective_rights(ben.pk, ann.pk)
    assert end_now() == 0
    with pytest.raises(NotFound, match="not leaving"):
        departures.undo(ann)


def test_who_was_disabled_before_is_so_again_unless_somebody_enabled_him(team: Team) -> None:
    ann = team[0]
    set_active(ann.login, active=False)
    leave(get_account(ann.login))
    departures.undo(ann)
    assert not get_account(ann.login).is_active
    leave(ann)
    set_active(ann.login, active=True)
    departures.undo(ann)
    assert get_account(ann.login).is_active


@pytest.mark.parametrize(
    "before", ["lrs", "lrsp send-as private", "free-busy", "all", "all manage"]
)
def test_what_a_successor_had_before_is_his_meanwhile_and_afterwards(
    team: Team, before: str
) -> None:
    ann, ben = team
    held = rights.grant(ann, None, ben, rights.parse_rights(before))
    leave(ann, ben)
    during = rights.effective_rights(ben.pk, ann.pk)
    assert during == held | departures.ALL_LETTERS
    departures.undo(ann)
    assert rights.effective_rights(ben.pk, ann.pk) == held


def test_what_was_granted_to_a_successor_meanwhile_stays(team: Team) -> None:
    ann, ben = team
    rights.grant(ann, None, ben, rights.parse_rights("write"))
    leave(ann, ben)
    granted = rights.grant(ann, None, ben, rights.parse_rights("read"))
    departures.undo(ann)
    assert rights.effective_rights(ben.pk, ann.pk) == granted
    leave(ann, ben)
    rights.revoke(ann, None, ben)
    departures.undo(ann)
    assert not rights.effective_rights(ben.pk, ann.pk)


def test_a_successor_sees_everything_and_then_has_it(team: Team) -> None:
    ann, ben = team
    leave(ann, ben)
    assert set("lrswi") <= set(rights.effective_rights(ben.pk, ann.pk).letters)
    append(ann, "INBOX")  # mail that comes while the days go by
    before = resources_of(ann)
    assert end_now() == 1
    assert len(uids_of(ben, HANDED)) == 2
    assert len(uids_of(ben, f"{HANDED}/Archive")) == 1
    got = resources_of(ben)
    for uids in before.values():
        assert uids in got.values()
    assert all("ann@example.test" in name for name, uids in got.items() if uids != [])


def test_a_successor_gets_the_addresses_as_aliases(team: Team) -> None:
    ann, ben = team
    leave(ann, ben)
    assert end_now() == 1
    for address in ("ann@example.test", "sales@example.test"):
        route = find_address(address)
        assert route is not None
        assert find_owner(route.address_id) == ben.pk
    kinds = Address.objects.filter(targets__account=ben).values_list("local_part", "kind")
    assert dict(kinds) == {
        "ann": AddressKind.ALIAS,
        "ben": AddressKind.PRIMARY,
        "sales": AddressKind.ALIAS,
    }


def test_an_export_is_made_at_once_and_a_last_one_before_the_end(team: Team) -> None:
    ann = team[0]
    leave(ann, wants_export=True)
    assert exports.work_off() == 1
    append(ann, "INBOX")
    assert end_now() == 0
    with pytest.raises(OverQuota):  # mail waits where it is: it would be in no export
        append(ann, "INBOX")
    assert exports.work_off() == 1
    assert departures.work_off() == 1  # at once, not an hour later
    with pytest.raises(NotFound):
        get_account(ann.login)


def test_what_is_on_hold_stays_and_says_why(team: Team) -> None:
    ann = team[0]
    leave(ann)
    holds.hold(ann, reason="Case 7")
    assert end_now() == 0
    waits = Departure.objects.get()
    assert "hold" in waits.trouble
    assert departures.work_off() == 0
    assert Departure.objects.get().tried_at == waits.tried_at  # tried again in an hour


def test_a_successor_without_room_keeps_the_account_until_there_is(team: Team) -> None:
    ann, ben = team
    leave(ann, ben)
    set_quota(ben.login, 100)
    assert end_now() == 0
    assert "quota" in Departure.objects.get().trouble.lower()
    append(ann, "Archive")  # until it is tried again, mail comes
    set_quota(ben.login, 0)
    assert end_now() == 1
    assert len(uids_of(ben, HANDED)) == 1
    assert [info.name for info in queries.list_mailboxes(ben.pk)].count(HANDED) == 1


def test_whoever_was_enabled_again_is_not_deleted(team: Team) -> None:
    ann = team[0]
    leave(ann)
    set_active(ann.login, active=True)
    assert end_now() == 0
    assert get_account(ann.login).is_active
    departures.undo(ann)
    assert get_account(ann.login).is_active


def test_an_undone_departure_leaves_the_quota_as_it_was(team: Team) -> None:
    ann = team[0]
    set_quota(ann.login, 5_000_000)
    leave(ann, wants_export=True)
    assert end_now() == 0
    assert state_of(ann).quota_bytes == 1
    departures.undo(ann)
    assert state_of(ann).quota_bytes == 5_000_000
    append(ann, "INBOX")


def test_a_last_export_that_fails_is_said_and_made_again(team: Team, set_limit: SetLimit) -> None:
    ann = team[0]
    leave(ann, wants_export=True)
    exports.work_off()
    assert end_now() == 0
    set_limit(limits.DISK_RESERVE, 1 << 49)
    assert exports.work_off() == 0
    assert end_now() == 0
    assert "The export failed" in Departure.objects.get().trouble
    set_limit(limits.DISK_RESERVE, limits.DISK_RESERVE.default)
    assert end_now() == 0
    assert exports.work_off() == 1
    assert end_now() == 1


def test_a_successor_is_not_deleted_meanwhile(team: Team) -> None:
    ann, ben = team
    leave(ann, ben)
    with pytest.raises(NotAllowed, match=r"ann@example\.test leaves"):
        delete_account(ben.login)
    departures.undo(ann)
    delete_account(ben.login)


def test_what_cannot_be_is_refused_and_changes_nothing(team: Team) -> None:
    ann, ben = team
    with pytest.raises(Invalid, match="another account"):
        leave(ann, ann)
    with pytest.raises(Invalid, match="0 to"):
        leave(ann, days=limits.GRACE_DAYS.highest + 1)
    set_active(ben.login, active=False)
    with pytest.raises(Invalid, match="active"):
        leave(ann, get_account(ben.login))
    assert get_account(ann.login).is_active
    leave(ann)
    with pytest.raises(AlreadyExists, match="leaving already"):
        leave(ann)
    set_active(ben.login, active=True)
    set_active(ann.login, active=True)
    with pytest.raises(Invalid, match="leaving, too"):
        leave(get_account(ben.login), get_account(ann.login))
