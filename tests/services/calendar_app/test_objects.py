"""Putting, removing, copying and moving calendar objects."""

import pytest
from pytest_django import DjangoAssertNumQueries

from calendar_app.ical.errors import InvalidObject
from calendar_app.models import Calendar, CalendarObject, Occurrence, Task
from calendar_app.services import placing
from calendar_app.services.calendars import create_calendar, delete_calendar
from calendar_app.services.objects import Prepared, prepare_object, put_object, remove_object
from calendar_app.services.placing import WRITER, copy_object, move_object
from groupware.core import limits, outbox
from groupware.core.clock import epoch
from groupware.core.directory import delete_account
from groupware.core.errors import Invalid, LimitExceeded, NotAllowed, NotFound, OverQuota, Stale
from groupware.core.limit import Limit
from groupware.core.models import Account, Collection, OutboxRow
from groupware.core.resources import queries
from groupware.core.resources.collections import Face
from groupware.core.resources.items import PreconditionFailed, UidTaken
from groupware.core.resources.moving import Place
from tests.conftest import SetLimit
from tests.services.calendar_app.events import (
    at,
    calendar_data,
    component,
    counts_of,
    event,
    put,
    task,
)
from tests.services.damage import find
from tests.services.store import state_of

pytestmark = pytest.mark.django_db
SAVEPOINT = 2


def test_an_object_is_kept_as_it_came_with_what_is_known_of_it(ann: Account, calendar: int) -> None:
    data = event(
        "one", "20260310T090000Z", "SUMMARY:Ünïque\\, plan", "CLASS:CONFIDENTIAL", "X-ODD:1"
    )
    written = put(ann, calendar, data)
    stored = queries.read_data(calendar, "one.ics")
    assert stored is not None
    assert (stored.data, stored.component) == (data, "VEVENT")
    held = CalendarObject.objects.get(pk=written.resource_id)
    assert (held.summary, held.classification, held.has_alarm) == (
        "Ünïque, plan",
        "confidential",
        False,
    )
    (row,) = Occurrence.objects.filter(resource_id=written.resource_id)
    assert (row.start_at, row.end_at, row.busy, row.component, row.recurrence_id) == (
        at("20260310T090000"),
        at("20260310T100000"),
        "B",
        "E",
        "",
    )


def test_a_put_over_another_replaces_its_occurrences(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("one", "20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=5"))
    assert counts_of(calendar) == (1, 1, 5)
    put(
        ann, calendar, event("one", "20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=3", "CLASS:PRIVATE")
    )
    assert counts_of(calendar) == (1, 1, 3)
    assert CalendarObject.objects.get(resource__href="one.ics").classification == "private"


def test_the_same_bytes_again_change_nothing(ann: Account, calendar: int) -> None:
    first = put(ann, calendar, event())
    assert put(ann, calendar, event()).modseq == first.modseq
    assert counts_of(calendar) == (1, 1, 1)


def test_a_removal_leaves_a_tombstone_and_nothing_else(ann: Account, calendar: int) -> None:
    written = put(ann, calendar, event())
    modseq = remove_object(ann.pk, calendar, "one.ics")
    assert counts_of(calendar) == (0, 0, 0)
    assert queries.list_changes(calendar, written.modseq) == [(modseq, "one.ics", None, 0)]
    with pytest.raises(NotFound):
        remove_object(ann.pk, calendar, "one.ics")


def test_conditions_are_asked_before_anything_is_written(ann: Account, calendar: int) -> None:
    def refuse(_etag: str | None) -> None:
        raise PreconditionFailed("no")

    with pytest.raises(PreconditionFailed):
        put_object(ann.pk, calendar, "one.ics", prepare_object(event()), check=refuse)
    assert counts_of(calendar) == (0, 0, 0)
    put(ann, calendar, event())
    with pytest.raises(PreconditionFailed):
        remove_object(ann.pk, calendar, "one.ics", check=refuse)
    assert counts_of(calendar) == (1, 1, 1)


def test_a_calendar_takes_its_own_components_only(ann: Account) -> None:
    tasks = queries.find_by_role(ann.pk, "calendars", "tasks")
    assert tasks is not None
    put(ann, tasks.collection_id, task(), "task.ics")
    with pytest.raises(InvalidObject, match="takes VTODO, and no VEVENT") as caught:
        put(ann, tasks.collection_id, event())
    assert caught.value.precondition == "supported-calendar-component"


def test_what_the_server_fills_itself_is_not_written_from_outside(
    ann: Account, calendar: int
) -> None:
    birthdays = queries.find_by_role(ann.pk, "calendars", "birthdays")
    assert birthdays is not None
    Calendar.objects.filter(pk=calendar).update(source="https://example.test/holidays.ics")
    for collection_id in (birthdays.collection_id, calendar):
        with pytest.raises(NotAllowed):
            put(ann, collection_id, event())
        with pytest.raises(NotAllowed):
            remove_object(ann.pk, collection_id, "one.ics")


def test_a_calendar_that_is_gone_takes_nothing(ann: Account, calendar: int) -> None:
    put(ann, calendar, event())
    delete_calendar(ann.pk, calendar)
    assert counts_of(calendar) == (0, 0, 0)
    with pytest.raises(Stale):
        put(ann, calendar, event())


def test_the_calendar_of_another_account_is_not_written_by_mistake(
    ben: Account, calendar: int
) -> None:
    with pytest.raises(Stale):
        put(ben, calendar, event())
    assert counts_of(calendar) == (0, 0, 0)


@pytest.mark.parametrize(
    ("limit", "value", "data", "precondition"),
    [
        (limits.RESOURCE_SIZE, 100, event(), "max-resource-size"),
        (
            limits.CALENDAR_INSTANCES,
            10,
            event("one", "20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=11"),
            "max-instances",
        ),
        (
            limits.CALENDAR_ATTENDEES,
            1,
            event("one", "20260310T090000Z", "ATTENDEE:mailto:a@b.c", "ATTENDEE:mailto:d@e.f"),
            "max-attendees-per-instance",
        ),
    ],
)
def test_what_is_too_much_is_refused_by_name(
    set_limit: SetLimit, limit: Limit, value: int, data: bytes, precondition: str
) -> None:
    prepare_object(data)
    set_limit(limit, value)
    with pytest.raises(InvalidObject) as caught:
        prepare_object(data)
    assert caught.value.precondition == precondition


def test_endless_series_have_rows_up_to_the_horizon(
    ann: Account, calendar: int, set_limit: SetLimit
) -> None:
    endless = event("one", "20260310T090000Z", "RRULE:FREQ=WEEKLY")
    written = put(ann, calendar, endless)
    before = counts_of(calendar)[2]
    until = CalendarObject.objects.get(pk=written.resource_id).expanded_until
    set_limit(limits.CALENDAR_HORIZON, limits.CALENDAR_HORIZON.default - 70)
    put(ann, calendar, endless.replace(b"UID:one", b"UID:two"), "two.ics")
    shorter = CalendarObject.objects.get(resource__href="two.ics").expanded_until
    assert abs(until - shorter - 70 * 86_400) < 60
    assert counts_of(calendar)[2] - before == before - 10


def test_a_put_takes_a_fixed_number_of_statements(
    ann: Account, calendar: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Lock on PostgreSQL only; check of the calendar, href, UID, account, collection, room, and
    # one statement for each of the four tables; two more count what repeats.
    for uid, rule, more in (("one", "COUNT=1", 0), ("two", "COUNT=300", 2)):
        prepared = prepare_object(event(uid, "20260310T090000Z", f"RRULE:FREQ=DAILY;{rule}"))
        with django_assert_num_queries(10 + more + 3 * SAVEPOINT + _lock()):
            put_object(ann.pk, calendar, f"{uid}.ics", prepared)
    again = prepare_object(event("one", "20260311T090000Z"))
    with django_assert_num_queries(12 + 3 * SAVEPOINT + _lock()):
        put_object(ann.pk, calendar, "one.ics", again)


def _lock() -> int:
    from groupware.core import db

    return 0 if db.is_sqlite() else 1


def test_a_copy_is_another_object_with_the_same_bytes(
    ann: Account, ben: Account, calendar: int, other: int
) -> None:
    put(ann, calendar, event())
    copy_object(Place(ann.pk, calendar, "one.ics"), Place(ben.pk, other, "two.ics"))
    assert counts_of(calendar) == counts_of(other) == (1, 1, 1)
    assert queries.read_many(other, ["two.ics"])["two.ics"].data == event()
    with pytest.raises(UidTaken):
        copy_object(Place(ann.pk, calendar, "one.ics"), Place(ann.pk, calendar, "two.ics"))
    with pytest.raises(NotFound):
        copy_object(Place(ann.pk, calendar, "none.ics"), Place(ben.pk, other, "three.ics"))


def test_a_move_within_an_account_is_whole_or_not_at_all(ann: Account, calendar: int) -> None:
    home = create_calendar(ann.pk, Face(display_name="Home"), slug="home", components=["VTODO"])
    put(ann, calendar, event())
    used = state_of(ann).bytes_used
    with pytest.raises(InvalidObject):
        move_object(Place(ann.pk, calendar, "one.ics"), Place(ann.pk, home, "one.ics"))
    assert counts_of(calendar) == (1, 1, 1)
    move_object(Place(ann.pk, calendar, "one.ics"), Place(ann.pk, calendar, "two.ics"))
    assert [row.href for row in queries.list_resources(calendar)] == ["two.ics"]
    assert counts_of(calendar) == (1, 1, 1)
    assert state_of(ann).bytes_used == used
    with pytest.raises(Invalid):
        move_object(Place(ann.pk, calendar, "two.ics"), Place(ann.pk, calendar, "two.ics"))


@pytest.mark.django_db(transaction=True)
def test_a_move_across_accounts_leaves_one_object(
    ann: Account, ben: Account, calendar: int, other: int
) -> None:
    put(ann, calendar, event())
    move_object(Place(ann.pk, calendar, "one.ics"), Place(ben.pk, other, "one.ics"))
    assert counts_of(calendar) == (0, 0, 0)
    assert counts_of(other) == (1, 1, 1)
    assert not OutboxRow.objects.exists()


def test_a_move_across_accounts_is_refused_whole(
    ann: Account, ben: Account, calendar: int, other: int
) -> None:
    put(ann, calendar, event())
    state = state_of(ben)
    state.quota_bytes = state.bytes_used + 10
    state.save()
    with pytest.raises(OverQuota):
        move_object(Place(ann.pk, calendar, "one.ics"), Place(ben.pk, other, "one.ics"))
    assert counts_of(calendar) == (1, 1, 1)
    assert not OutboxRow.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("meanwhile", ["nothing", "the copy is gone", "the source is changed"])
def test_the_end_of_a_move_takes_what_was_copied_and_nothing_else(
    ann: Account, ben: Account, calendar: int, other: int, meanwhile: str
) -> None:
    put(ann, calendar, event())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "run_after_commit", lambda _row_id: None)
        move_object(Place(ann.pk, calendar, "one.ics"), Place(ben.pk, other, "two.ics"))
    assert counts_of(calendar) == counts_of(other) == (1, 1, 1), "as after a crash"
    if meanwhile == "the copy is gone":
        remove_object(ben.pk, other, "two.ics")
    elif meanwhile == "the source is changed":
        put(ann, calendar, event("one", "20260311T090000Z"))
    assert outbox.sweep(now=epoch() + outbox.LEASE) == 1
    assert counts_of(calendar) == ((0, 0, 0) if meanwhile == "nothing" else (1, 1, 1))
    assert WRITER.topic in outbox.topics()
    assert not OutboxRow.objects.exists()


def test_what_is_changed_while_it_is_read_is_copied_as_it_is_then(
    ann: Account, ben: Account, calendar: int, other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ann, calendar, event())
    later = event("one", "20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=3")

    def prepare(data: bytes) -> Prepared:
        prepared = prepare_object(data)
        put(ann, calendar, later)
        return prepared

    monkeypatch.setattr(placing, "prepare_object", prepare)
    source, target = Place(ann.pk, calendar, "one.ics"), Place(ben.pk, other, "one.ics")
    copy_object(source, target)
    assert queries.read_many(other, ["one.ics"])["one.ics"].data == later
    assert counts_of(other) == (1, 1, 3)


def test_an_object_of_many_parts_is_one(ann: Account, calendar: int) -> None:
    series = component(
        "VEVENT", "s", "DTSTART:20260310T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"
    )
    moved = component(
        "VEVENT", "s", "RECURRENCE-ID:20260311T090000Z", "DTSTART:20260401T120000Z", "SUMMARY:Moved"
    )
    put(ann, calendar, calendar_data(series, moved))
    assert counts_of(calendar) == (1, 1, 3)
    starts = Occurrence.objects.order_by("start_at").values_list("start_at", "recurrence_id")
    assert list(starts)[-1] == (at("20260401T120000"), "20260311T090000Z")
    assert Collection.objects.get(pk=calendar).items == 1


def test_an_account_goes_with_its_calendars(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("one", "20260310T090000Z", "RRULE:FREQ=DAILY"), "one")
    put(ann, calendar, task(), "task")
    delete_account("ann@example.test")
    for model in (Calendar, CalendarObject, Occurrence, Task):
        assert not model.objects.exists()


def repeats_of(calendar: int) -> int:
    return Calendar.objects.get(pk=calendar).repeats


def test_what_repeats_is_counted_and_bounded_for_an_account(
    ann: Account, calendar: int, set_limit: SetLimit
) -> None:
    rule = "RRULE:FREQ=DAILY;COUNT"
    put(ann, calendar, event("one", "20260310T090000Z"), "one")
    put(ann, calendar, event("two", "20260310T090000Z", f"{rule}=100"), "two")
    assert repeats_of(calendar) == 99
    put(ann, calendar, event("two", "20260310T090000Z", f"{rule}=30"), "two")
    put(ann, calendar, event("three", "20260310T090000Z", f"{rule}=30"), "three")
    assert repeats_of(calendar) == 58
    set_limit(limits.CALENDAR_REPEATS, 60)
    elsewhere = queries.find_by_role(ann.pk, "calendars", "default")
    assert elsewhere is not None
    with pytest.raises(LimitExceeded, match="let some end"):
        put(ann, elsewhere.collection_id, event("four", "20260310T090000Z", f"{rule}=4"), "four")
    put(ann, elsewhere.collection_id, event("four", "20260310T090000Z", f"{rule}=3"), "four")
    put(ann, calendar, event("five", "20260310T090000Z"), "five")
    remove_object(ann.pk, calendar, "two")
    assert repeats_of(calendar) == 29
    assert find(deep=True) == []
