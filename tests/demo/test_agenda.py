"""What the team has planned: as valid as a client's, around whatever day it is."""

import itertools
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calendar_app import queries
from calendar_app.ical.objects import read_object
from calendar_app.ical.recurrence import expand
from calendar_app.ical.zones import UTC as UTC_ZONE
from calendar_app.lanes import make_span
from calendar_app.models import CalendarObject, Task
from contacts.models import Card
from contacts.vcard.cards import read_card
from groupware.core.clock import epoch
from groupware.core.models import Account, Collection, Resource
from groupware.core.resources.queries import find_by_role
from groupware.core.rights import effective_rights
from groupware.demo.agenda import AGENDA, Agenda, read_agenda
from groupware.demo.appointments import Secretary
from groupware.demo.cards import write_card, write_group
from groupware.demo.letters import BadText
from groupware.demo.people import People, read_people
from tests.demo.test_team import passwords, team

__all__ = ["passwords", "team"]

VIENNA = ZoneInfo("Europe/Vienna")
DAYS = [
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
    datetime(2027, 1, 4, 7, 0, tzinfo=UTC),
]


@pytest.fixture(scope="module")
def people() -> People:
    return read_people("example.test")


@pytest.fixture(scope="module")
def agenda() -> Agenda:
    return read_agenda()


@pytest.mark.parametrize("now", DAYS, ids=str)
def test_everything_is_valid_whenever_the_first_start_is(
    people: People, agenda: Agenda, now: datetime
) -> None:
    secretary = Secretary(people, now)
    owners = {place.key: place.owner for place in agenda.places}
    for event in agenda.events:
        data = secretary.write_event(event, owners.get(event.place, event.place))
        found = read_object(data)
        assert (found.component, found.summary) == ("VEVENT", event.summary)
        assert len(found.overrides) == len(event.moved)
    for task in agenda.tasks:
        assert read_object(secretary.write_task(task)).summary == task.summary
    for card in agenda.cards:
        assert read_card(write_card(card, people, now.date())).full_name == people[card.who].name
    assert [len(read_card(write_group(group)).members) for group in agenda.groups] == [3]


@pytest.mark.parametrize("now", DAYS, ids=str)
def test_a_weekly_meeting_is_at_the_same_time_before_and_after_the_clock_changes(
    people: People, agenda: Agenda, now: datetime
) -> None:
    event = next(event for event in agenda.events if event.id == "production-meeting")
    found = read_object(Secretary(people, now).write_event(event, event.place))
    year = 366 * 86_400
    seen = expand(found, int(now.timestamp()) - year, int(now.timestamp()) + year)
    locals_ = [datetime.fromtimestamp(one.start, VIENNA) for one in seen]
    offsets = {moment.utcoffset() for moment in locals_}
    assert len(offsets) == 2
    times = Counter(moment.strftime("%a %H:%M") for moment in locals_)
    assert times.most_common(1)[0] == ("Tue 10:00", len(seen) - 2)
    assert times["Wed 14:00"] == times["Tue 10:30"] == 1


def test_every_key_leads_somewhere(people: People, agenda: Agenda) -> None:
    places = {place.key for place in agenda.places} | {one.key for one in people.accounts}
    used = [*(event.place for event in agenda.events), *(task.place for task in agenda.tasks)]
    assert {*used, *(card.book for card in agenda.cards)} <= places
    ids = [*(event.id for event in agenda.events), *(task.id for task in agenda.tasks)]
    assert len(set(ids)) == len(ids)
    assert {task.part_of for task in agenda.tasks} <= {"", *(task.id for task in agenda.tasks)}
    for share in agenda.shares:
        assert share.place in places
        assert share.others in people.everybody


def test_a_wrong_text_is_named(tmp_path: Path) -> None:
    for path in AGENDA.glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "tasks.toml").open("a") as file:
        file.write('\n[[task]]\nid = "odd"\nplace = "ada"\nsummary = "x"\ncolour = "red"\n')
    with pytest.raises(BadText, match=r"odd.*colour"):
        read_agenda(tmp_path)


@pytest.mark.django_db
def test_calendars_are_filled_and_shared(team: dict[str, Account]) -> None:
    calendars = {info.name: info for info in Collection.objects.filter(kind="calendars")}
    fairs, ada = calendars["Fairs and trips"], find_by_role(team["ada"].pk, "calendars", "default")
    assert ada is not None
    assert "w" in effective_rights(team["marta"].pk, team["lea"].pk, fairs.pk)
    assert str(effective_rights(team["yuki"].pk, team["lea"].pk, fairs.pk)) == "lrs"
    assert str(effective_rights(team["yuki"].pk, team["ada"].pk, ada.collection_id)) == "free-busy"
    assert "private" in effective_rights(team["marta"].pk, team["ada"].pk, ada.collection_id)
    for login, account in team.items():
        default = find_by_role(account.pk, "calendars", "default")
        assert default is not None
        assert login == "office" or default.items > 0


@pytest.mark.django_db
def test_meetings_overlap_and_rooms_are_taken(team: dict[str, Account]) -> None:
    span = make_span(epoch() - 4 * 86_400, epoch() + 8 * 86_400)
    overlapping = []
    for name in ("ada", "jonas", "lea", "yuki"):
        info = find_by_role(team[name].pk, "calendars", "default")
        assert info is not None
        periods = queries.busy_periods([info.collection_id], span, UTC_ZONE)
        pairs = itertools.pairwise(periods)
        overlapping += [name for first, second in pairs if second.start < first.end]
    assert {"ada", "lea"} <= set(overlapping)
    loft = find_by_role(team["loft"].pk, "calendars", "default")
    assert loft is not None
    assert queries.busy_periods([loft.collection_id], span, UTC_ZONE)


@pytest.mark.django_db
def test_tasks_have_parts_and_people_birthdays(team: dict[str, Account]) -> None:
    production = Collection.objects.get(name="Production")
    parts = queries.list_tasks([production.pk], parent_uid="batch@example.test")
    assert len(parts) == 5
    assert {row.percent for row in parts} == {0, 60, 100}
    assert Task.objects.filter(repeats=True).count() == 2
    assert Card.objects.filter(kind="group").count() == 1
    birthdays = find_by_role(team["ada"].pk, "calendars", "birthdays")
    assert birthdays is not None
    assert birthdays.items == 2
    soon = make_span(epoch() - 86_400, epoch() + 5 * 86_400)
    assert len(queries.find_in_span([birthdays.collection_id], soon, UTC_ZONE)) == 1


@pytest.mark.django_db
def test_what_is_private_is_so_in_every_copy(team: dict[str, Account]) -> None:
    held = CalendarObject.objects.filter(resource__ical_uid="one-to-one@example.test")
    assert {one.classification for one in held} == {"confidential"}
    assert held.count() == 2
    assert Resource.objects.filter(component="VEVENT", href="standup.ics").count() == 6
