"""Importing files of events and tasks into calendars, and exporting them."""

import ipaddress
import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from pytest_django.fixtures import Settings as Configured

from calendar_app.queries import find_calendar
from calendar_app.services.calendars import CalendarSettings, create_calendar, delete_calendar
from calendar_app.services.objects import remove_object
from calendar_app.transfer import layout
from groupware.core import directory, limits, rights
from groupware.core.models import Account, Collection, CollectionKind
from groupware.core.resources import importing
from groupware.core.resources.collections import Face
from groupware.core.resources.queries import find_collection, list_resources, read_data
from tests.commands.running import Manage, call, call_json
from tests.commands.test_cards import refused
from tests.conftest import SetLimit
from tests.services.calendar_app.events import (
    calendar_data,
    component,
    counts_of,
    event,
    put,
    task,
)
from tests.services.damage import find
from tests.services.store import create
from tests.services.web import Web, serving

ANN = "ann@example.org"
WORK = f"{ANN}/calendars/Work"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann(transactional_db: None) -> Account:
    directory.create_domain("example.org")
    return create(ANN)


@pytest.fixture
def work(ann: Account) -> int:
    return create_calendar(ann.pk, Face(display_name="Work"), slug="work")


def counts(answer: Any, name: str = "Work") -> tuple[int, int]:
    held = answer["collections"][name]
    return held["imported"], held["skipped"]


def several(*numbers: int) -> bytes:
    return calendar_data(
        *(component("VEVENT", f"uid-{n}", "DTSTART:20260310T090000Z") for n in numbers)
    )


def hrefs(calendar: int) -> list[str]:
    return [row.href for row in list_resources(calendar)]


def test_a_file_is_imported_once_however_often_it_is_run(work: int, tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    path.write_bytes(several(1, 2) + task("t"))
    assert counts(call_json("import", "ics", str(path), "--into", WORK)) == (3, 0)
    assert hrefs(work) == ["uid-1.ics", "uid-2.ics", "t.ics"]
    stored = read_data(work, "t.ics")
    assert stored is not None
    assert stored.data == task("t")
    assert call("import", "ics", str(path), "--into", WORK).splitlines() == [
        "Work: 0 imported, 3 there already",
        "Altogether: 0 imported, 3 there already.",
    ]
    assert find(deep=True) == []


def test_broken_components_are_named_and_the_others_are_imported(work: int, tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    bad = component("VEVENT", "bad", "DTSTART:yesterday")
    path.write_bytes(several(1) + calendar_data(bad) + several(2) + b"BEGIN:VCALENDAR\r\n")
    answer, fault = refused("import", "ics", str(path), "--into", WORK)
    assert hrefs(work) == ["uid-1.ics", "uid-2.ics"]
    assert [row["where"] for row in answer["broken"]] == [f"{path}:28", f"{path}:13"]
    assert "DTSTART" in answer["broken"][1]["why"]
    assert fault == "2 items left out, as said above"


def test_a_calendar_takes_what_it_is_for_and_names_the_rest(ann: Account, tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    path.write_bytes(several(1) + task("t") + several(2))
    tasks = Collection.objects.get(account=ann, kind="calendars", name="Tasks").pk
    answer, _ = refused("import", "ics", str(path), "--into", f"{ANN}/calendars/Tasks")
    assert hrefs(tasks) == ["t.ics"]
    whys = [row["why"] for row in answer["broken"]]
    assert whys == ["The calendar takes VTODO, and no VEVENT."] * 2


def test_a_calendar_is_made_for_what_is_imported_unless_it_is_a_dry_run(
    ann: Account, tmp_path: Path
) -> None:
    (tmp_path / "a.ics").write_bytes(event())
    new = ("import", "ics", str(tmp_path), "--into", f"{ANN}/calendars/New")
    assert counts(call_json(*new, "--dry-run"), "New") == (1, 0)
    assert not Collection.objects.filter(name="New").exists()
    assert counts(call_json(*new), "New") == (1, 0)
    assert counts(call_json(*new), "New") == (0, 1)
    assert counts_of(Collection.objects.get(name="New").pk) == (1, 1, 1)


def test_events_that_differ_from_those_of_their_uids_stay(
    ann: Account, work: int, tmp_path: Path
) -> None:
    put(ann, work, event("uid-1"))
    (tmp_path / "a.ics").write_bytes(several(1, 2))
    answer = call_json("import", "ics", str(tmp_path), "--into", WORK)
    assert counts(answer) == (1, 1)
    assert "events and tasks that are here already 1 differ" in answer["notes"][0]


@pytest.mark.crash
def test_an_import_that_is_killed_goes_on(manage: Manage, tmp_path: Path) -> None:
    manage.text("domain", "create", "example.org")
    manage.text("account", "create", ANN, "--password-stdin", stdin="correct horse battery\n")
    path = tmp_path / "all.ics"
    path.write_bytes(several(*range(importing.BATCH * 2 + 50)))
    words = ("import", "ics", str(path), "--into", WORK)
    code, _, _ = manage.run(*words, GROUPWARE_CRASH_AT="before-commit:3")
    assert code == -signal.SIGKILL
    assert counts(manage.json(*words)) == (importing.BATCH + 50, importing.BATCH)
    manage.text("doctor", "--deep")


def test_an_export_holds_every_calendar_and_is_brought_up_to_date(
    ann: Account, work: int, tmp_path: Path
) -> None:
    put(ann, work, event("a"), "a.ics")
    put(ann, work, event("b"), "näme of b")
    answer = call_json("export", ANN, "--to", str(tmp_path))
    assert answer["collections"][WORK] == {"written": 2, "kept": 0, "removed": 0}
    folder = tmp_path / "calendars"
    assert sorted(entry.name for entry in folder.iterdir()) == ["Calendar", "Tasks", "Work"]
    assert (folder / "Work" / "a.ics").read_bytes() == event("a")
    assert (folder / "Work" / layout.file_name("näme of b")).read_bytes() == event("b")
    put(ann, work, event("a", "20260311T090000Z"), "a.ics")
    again = call_json("export", ANN, "--to", str(tmp_path))
    assert again["collections"][WORK] == {"written": 1, "kept": 1, "removed": 0}
    remove_object(ann.pk, work, "a.ics")
    again = call_json("export", ANN, "--to", str(tmp_path))
    assert again["collections"][WORK] == {"written": 0, "kept": 1, "removed": 1}
    delete_calendar(ann.pk, work)
    again = call_json("export", ANN, "--to", str(tmp_path))
    assert again["collections"][WORK] == {"written": 0, "kept": 0, "removed": 1}
    assert not (folder / "Work").exists()


def test_what_was_exported_and_is_imported_is_the_same_again(ann: Account, tmp_path: Path) -> None:
    face = Face(display_name="Team", description="All of us", color="#ff0000", position=3)
    settings = CalendarSettings(tzid="Europe/Paris", is_transparent=True)
    team = create_calendar(ann.pk, face, components=["VEVENT"], settings=settings)
    for number in range(3):
        put(ann, team, event(f"{number}", "20260310T090000Z", "X-OWN:\xff"), f"own {number}.ics")
    call("export", ANN, "--to", str(tmp_path))
    create("ben@example.org")
    folder = tmp_path / "calendars" / "Team"
    call("import", "ics", str(folder), "--into", "ben@example.org/calendars/Team")
    copy = Collection.objects.get(account__login="ben@example.org", name="Team").pk
    info, original = find_collection(copy), find_collection(team)
    assert info is not None
    assert original is not None
    for name in ("display_name", "description", "color", "position"):
        assert getattr(info, name) == getattr(original, name)
    copied, behaves = find_calendar(copy), find_calendar(team)
    assert copied is not None
    assert behaves is not None
    assert replace(copied, collection_id=team) == behaves
    held, wanted = list_resources(copy), list_resources(team)
    assert [(row.href, row.etag) for row in held] == [(row.href, row.etag) for row in wanted]


@pytest.mark.parametrize("name", ["notes.txt", "Work/notes.txt", "Work/below/a.ics"])
def test_an_export_mixes_with_nothing(ann: Account, work: int, tmp_path: Path, name: str) -> None:
    call("export", ANN, "--to", str(tmp_path))
    foreign = tmp_path / "calendars" / name
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("mine")
    with pytest.raises(CommandError, match="is not of an export"):
        call("export", ANN, "--to", str(tmp_path))
    assert foreign.read_text() == "mine"


def test_calendars_are_granted_by_their_names(ann: Account, work: int) -> None:
    ben = create("ben@example.org")
    call("grant", WORK, "ben@example.org", "read")
    assert str(rights.effective_rights(ben.pk, ann.pk, work)) == "lrs"
    call("grant", WORK, "ben@example.org", "free-busy")
    assert str(rights.effective_rights(ben.pk, ann.pk, work)) == "free-busy"
    call("revoke", WORK, "ben@example.org")
    assert not rights.effective_rights(ben.pk, ann.pk, work)


def test_a_calendar_that_is_full_stops_the_import(
    work: int, tmp_path: Path, set_limit: SetLimit
) -> None:
    set_limit(limits.RESOURCES, 2)
    (tmp_path / "a.ics").write_bytes(several(1, 2, 3))
    answer, fault = refused("import", "ics", str(tmp_path), "--into", WORK)
    assert counts(answer) == (2, 0)
    assert "at most 2 items" in fault


def test_calendars_of_other_programs_are_imported_whole(
    ann: Account, work: int, corpus: Path
) -> None:
    """Whatever is left out is named; a second run adds nothing."""
    files = sorted((corpus / "ics").glob("*.ics"))[:40]
    assert files
    imported = 0
    for path in files:
        words = ("import", "ics", str(path), "--into", WORK)
        try:
            imported += counts(call_json(*words))[0]
        except CommandError:
            continue
        assert counts(call_json(*words))[0] == 0
    assert imported == Collection.objects.get(pk=work).items > 100
    assert find(deep=True) == []
    assert Collection.objects.get(pk=work).kind == CollectionKind.CALENDAR


@pytest.fixture
def web(settings: Configured) -> Iterator[Web]:
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    with serving() as found:
        yield found


def test_a_calendar_follows_an_address_until_it_is_unsubscribed(ann: Account, web: Web) -> None:
    url = web.page("/", several(1, 2))
    name = f"{ANN}/calendars/Holidays"
    assert call("calendar", "subscribe", name, url, "--every", "12h") == (
        f"{name} holds 2 events of {url}."
    )
    web.page("/", several(1))
    answer = call_json("calendar", "refresh", name)
    assert answer == {"calendar": name, "changed": True, "items": 1, "error": ""}
    web.page("/", status=500)
    with pytest.raises(CommandError, match="answers 500"):
        call("calendar", "refresh", name)
    assert "ordinary calendar now" in call("calendar", "unsubscribe", name)
    for verb in ("refresh", "unsubscribe"):
        with pytest.raises(CommandError, match="no su"):
            call("calendar", verb, name)


def test_a_subscription_that_cannot_be_is_refused(ann: Account, work: int, tmp_path: Path) -> None:
    put(ann, work, event())
    for name, url, why in (
        (WORK, "https://example.org/", "events of its own"),
        (f"{ANN}/calendars/Tasks", "https://example.org/", "begins with this calendar"),
        (f"{ANN}/mail/INBOX", "https://example.org/", "is no calendar"),
        (f"{ANN}/calendars/New", "file:///etc/passwd", "http:// or https://"),
    ):
        with pytest.raises(CommandError, match=why):
            call("calendar", "subscribe", name, url)
    assert not Collection.objects.filter(name="New").exists()
    with pytest.raises(CommandError, match="no length of time"):
        call("calendar", "subscribe", f"{ANN}/calendars/New", "https://example.org", "--every", "x")


def test_events_are_found_by_their_words(ann: Account, work: int) -> None:
    put(ann, work, event("a", "20260310T090000Z", "SUMMARY:Plan of the year"))
    (hit,) = call_json("calendar", "search", ANN, "YEAR", "plan")
    assert (hit["calendar"], hit["href"], hit["summary"]) == (WORK, "one.ics", "Plan of the year")
    assert "Plan of the year" in call("calendar", "search", ANN, "plan")
    assert call("calendar", "search", ANN, "nowhere").startswith("Nothing")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"components": 7}', json.dumps({"tzid": "x" * 999})]
)
def test_settings_that_are_damaged_are_those_of_a_new_calendar(
    ann: Account, tmp_path: Path, text: str
) -> None:
    (tmp_path / "a.ics").write_bytes(event())
    (tmp_path / layout.SETTINGS).write_text(text)
    call("import", "ics", str(tmp_path), "--into", f"{ANN}/calendars/New")
    info = find_calendar(Collection.objects.get(name="New").pk)
    assert info is not None
    assert info.components == ("VEVENT", "VTODO", "VJOURNAL")
