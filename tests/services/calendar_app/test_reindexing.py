"""What is known of objects is made anew: as time goes on, for other rules, after damage."""

import pytest

from calendar_app.models import CalendarObject, Occurrence, OccurrenceRules
from calendar_app.queries import shown
from calendar_app.services import occurrences, reindexing
from calendar_app.services.objects import prepare_object, put_object
from calendar_app.services.reindexing import move_horizon, renew_rules
from groupware.core import limits
from groupware.core.models import Account, Collection, Resource, ResourceData
from groupware.core.resources.queries import find_collection
from groupware.duties import find_duty
from tests.conftest import SetLimit
from tests.services.calendar_app.events import counts_of, event, put, task
from tests.services.damage import damage, find, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]
DAY = 86_400


def modseqs() -> list[tuple[int, int]]:
    return [
        *Collection.objects.order_by("pk").values_list("pk", "highest_modseq"),
        *Resource.objects.order_by("pk").values_list("pk", "modseq"),
    ]


def fill(account: Account, calendar: int) -> None:
    put(account, calendar, event("daily", "20260101T090000Z", "RRULE:FREQ=DAILY"), "daily")
    put(account, calendar, event("weekly", "20260101", "RRULE:FREQ=WEEKLY"), "weekly")
    put(account, calendar, event("ends", "20260101T090000Z", "RRULE:FREQ=DAILY;COUNT=9"), "ends")
    put(account, calendar, task("task", "SUMMARY:Write"), "task")


def test_the_horizon_moves_on_and_no_client_is_told(
    ann: Account, calendar: int, set_limit: SetLimit
) -> None:
    set_limit(limits.CALENDAR_HORIZON, 62)
    fill(ann, calendar)
    before, known = counts_of(calendar)[2], modseqs()
    assert move_horizon() == 0
    set_limit(limits.CALENDAR_HORIZON, 62 + 31)
    assert move_horizon() == 0, "so little is not worth it"
    set_limit(limits.CALENDAR_HORIZON, 62 + 70)
    assert move_horizon() == 2
    assert counts_of(calendar)[2] == before + 70 + 10
    assert modseqs() == known
    assert move_horizon() == 0
    assert find(deep=True) == []


def test_many_series_of_many_accounts_move_on_in_small_transactions(
    ann: Account, ben: Account, calendar: int, other: int, set_limit: SetLimit
) -> None:
    set_limit(limits.CALENDAR_HORIZON, 62)
    for number in range(30):
        data = event(f"{number}", "20260101T090000Z", "RRULE:FREQ=MONTHLY")
        put(ann, calendar, data, f"{number}")
        put(ben, other, data, f"{number}")
    set_limit(limits.CALENDAR_HORIZON, 200)
    assert move_horizon() == 60
    assert len(set(CalendarObject.objects.values_list("expanded_until", flat=True))) <= 3


def test_a_series_that_cannot_be_read_any_more_stops_no_other(
    ann: Account, calendar: int, set_limit: SetLimit
) -> None:
    set_limit(limits.CALENDAR_HORIZON, 62)
    fill(ann, calendar)
    damage(
        "UPDATE core_resourcedata SET data = %s WHERE resource_id = (SELECT MIN(id) FROM core_resource)",
        b"x",
    )
    set_limit(limits.CALENDAR_HORIZON, 200)
    assert move_horizon() == 1


def test_what_is_changed_meanwhile_is_left_to_its_own_put(
    ann: Account, calendar: int, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.CALENDAR_HORIZON, 62)
    put(ann, calendar, event("one", "20260101T090000Z", "RRULE:FREQ=DAILY"))
    set_limit(limits.CALENDAR_HORIZON, 200)
    index_stored = reindexing.index_stored

    def change(one: reindexing.StoredObject, horizon: int) -> occurrences.ObjectIndex | None:
        put(ann, calendar, event("one", "20260101T090000Z", "RRULE:FREQ=DAILY;COUNT=2"))
        return index_stored(one, horizon)

    monkeypatch.setattr(reindexing, "index_stored", change)
    move_horizon()
    assert counts_of(calendar)[2] == 2


def test_other_rules_of_time_zones_make_all_occurrences_anew(
    ann: Account, calendar: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ann, calendar)
    known = modseqs()
    assert renew_rules() == 0, "they were made by these rules"
    assert OccurrenceRules.objects.get().version == occurrences.RULES
    damage("UPDATE calendar_app_occurrence SET start_at = start_at - 3600 WHERE busy = 'B'")
    assert renew_rules() == 0, "nobody looks at them again"
    monkeypatch.setattr(reindexing, "RULES", "1/2027a")
    assert renew_rules() == 3
    assert modseqs() == known
    assert OccurrenceRules.objects.get().version == "1/2027a"
    assert renew_rules() == 0


def test_a_renewal_that_was_ended_goes_on_where_it_was(
    ann: Account, calendar: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ann, calendar)
    renew_rules()
    damage("UPDATE calendar_app_occurrence SET busy = 'U'")
    ids = list(Resource.objects.order_by("pk").values_list("pk", flat=True))
    monkeypatch.setattr(reindexing, "RULES", "1/2027a")
    OccurrenceRules.objects.update(building="1/2027a", position=ids[1])
    assert renew_rules() == 2
    OccurrenceRules.objects.update(version="1/2026z", building="1/2026y", position=ids[1])
    assert renew_rules() == 2, "the first two, which others had begun and left"


def test_a_round_ends_in_time_and_the_next_one_goes_on(
    ann: Account, calendar: int, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.CALENDAR_HORIZON, 62)
    fill(ann, calendar)
    renew_rules()
    set_limit(limits.CALENDAR_HORIZON, 200)
    monkeypatch.setattr(reindexing, "BATCH", 1)
    moments = iter(range(0, 10_000, 15))
    monkeypatch.setattr(reindexing, "monotonic", lambda: next(moments))
    assert [move_horizon() for _ in range(3)] == [1, 1, 0]
    damage("UPDATE calendar_app_occurrence SET busy = 'U'")
    monkeypatch.setattr(reindexing, "RULES", "1/2027a")
    assert [renew_rules() for _ in range(6)] == [1, 1, 1, 1, 0, 0]
    assert OccurrenceRules.objects.get().version == "1/2027a"


def test_the_duties_are_there() -> None:
    assert find_duty("calendar-horizon").run is move_horizon
    assert find_duty("calendar-rules").run is renew_rules


def test_a_store_in_use_has_no_fault(
    ann: Account, ben: Account, calendar: int, other: int, set_limit: SetLimit
) -> None:
    fill(ann, calendar)
    fill(ben, other)
    set_limit(limits.CALENDAR_HORIZON, 100)
    assert find(deep=True) == []
    assert find(account_id=ben.pk, deep=True) == []


DAMAGES = (
    ("DELETE FROM calendar_app_task", "object-index", "task"),
    ("UPDATE calendar_app_task SET percent = 7", "object-index", "task"),
    ("DELETE FROM calendar_app_calendarobject", "object-row", "nothing is known"),
    ("UPDATE calendar_app_calendarobject SET summary = 'x'", "object-index", "summary"),
    ("UPDATE calendar_app_calendarobject SET text = 'x'", "object-index", "text"),
    ("UPDATE calendar_app_occurrence SET component = 'X'", "object-index", "letter"),
    ("UPDATE calendar_app_occurrence SET start_at = start_at - 1", "object-index", "rows"),
    ("DELETE FROM calendar_app_occurrence WHERE busy = 'B'", "object-index", "rows"),
    ("UPDATE calendar_app_calendarobject SET expanded_until = 0", "occurrence-horizon", "noted"),
    ("DELETE FROM calendar_app_occurrence WHERE lane = 15", "occurrence-horizon", "noted"),
    ("UPDATE calendar_app_occurrence SET collection_id = {tasks}", "occurrence-owner", "another"),
)


@pytest.mark.parametrize(
    ("data", "held", "is_told_as_gone"),
    [
        (event("one", "20260310T090000Z", "CLASS:PRIVATE"), "", True),
        (event("one", "20260310T090000Z", "CLASS:PRIVATE"), "confidential", True),
        (event("one", "20260310T090000Z", "CLASS:CONFIDENTIAL"), "", False),
        (event("one", "20260310T090000Z"), "private", False),
    ],
)
def test_readers_hear_of_what_is_shown_otherwise_from_then_on(
    ann: Account, calendar: int, data: bytes, held: str, is_told_as_gone: bool
) -> None:
    put(ann, calendar, data)
    damage("UPDATE calendar_app_calendarobject SET classification = %s", held)
    info = find_collection(calendar)
    assert info is not None
    (since,) = shown.newest_modseqs([calendar]).values()
    known = dict(shown.list_shown_etags(info))
    reindexing.reindex_objects(list(Resource.objects.values_list("pk", flat=True)))
    (change,) = shown.list_shown_changes(info, since, None)
    assert (change.href, change.etag is None) == ("one.ics", is_told_as_gone)
    assert change.modseq == shown.newest_modseqs([calendar])[calendar]
    fresh = dict(shown.list_shown_etags(info))
    assert fresh != known
    assert fresh == ({} if is_told_as_gone else {"one.ics": change.etag})
    assert find(deep=True) == []


def test_a_wrong_count_of_what_repeats_is_found_and_made_right(ann: Account, calendar: int) -> None:
    fill(ann, calendar)
    damage("UPDATE calendar_app_calendar SET repeats = 7 WHERE collection_id = %s", calendar)
    assert {fault.check for fault in find()} == {"calendar-repeats"}
    assert "all repaired" in run("--repair")
    assert find() == []


@pytest.mark.parametrize(("sql", "check", "what"), DAMAGES)
def test_what_is_not_as_the_bytes_say_is_found_and_made_anew(
    ann: Account, calendar: int, sql: str, check: str, what: str
) -> None:
    tasks = Collection.objects.get(account=ann, kind="calendars", name="Tasks").pk
    fill(ann, calendar)
    known = modseqs()
    damage(sql.format(tasks=tasks))
    found = [fault for fault in find(deep=True) if fault.check == check and what in fault.what]
    name = "task" if "app_task" in sql else "daily"
    assert f"ann@example.test/calendars/Work/{name}" in {fault.where for fault in found}
    assert "all repaired" in run("--repair", "--deep")
    assert find(deep=True) == []
    assert modseqs() == known


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        ("UPDATE core_resourcedata SET data = %s", "object-data"),
        ("UPDATE core_resourcedata SET data = %s", "resource-data"),
        ("UPDATE core_resource SET ical_uid = %s", "object-data"),
        ("UPDATE core_resource SET etag = %s", "resource-data"),
    ],
)
def test_lost_bytes_are_named_and_not_made_up(
    ann: Account, calendar: int, sql: str, check: str
) -> None:
    put(ann, calendar, event())
    damage(sql, b"x" if "data" in sql else "x")
    assert check in {fault.check for fault in find(deep=True) if fault.repair is None}


def test_calendars_without_their_rows_are_found(ann: Account, calendar: int) -> None:
    damage("DELETE FROM calendar_app_calendar WHERE collection_id = %s", calendar)
    damage("DELETE FROM core_resourcecollection WHERE collection_id = %s", calendar)
    assert {(fault.check, fault.where) for fault in find()} == {
        ("calendar-row", "ann@example.test/calendars/Work"),
        ("face", "ann@example.test/calendars/Work"),
    }


def test_resources_without_bytes_are_found(ann: Account, calendar: int) -> None:
    put(ann, calendar, event())
    ResourceData.objects.all().delete()
    assert [fault.what for fault in find()] == ["its bytes are not there"]


def test_doctor_says_that_occurrences_are_being_made_anew(ann: Account, calendar: int) -> None:
    put_object(ann.pk, calendar, "one", prepare_object(event()))
    OccurrenceRules.objects.create(pk=1, version="0/2020a")
    Occurrence.objects.update(busy="U")
    assert find(deep=True) == []
    assert "by other time zones" in run("--deep")
