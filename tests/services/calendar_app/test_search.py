"""Searching what somebody may read, and listing tasks."""

import pytest
from pytest_django import DjangoAssertNumQueries

from calendar_app import queries
from calendar_app.ical.zones import UTC
from calendar_app.lanes import Span
from calendar_app.models import Task
from calendar_app.services.objects import remove_object
from groupware.core import rights
from groupware.core.models import Account, Collection
from groupware.core.rights import parse_rights
from tests.services.calendar_app.events import at, event, put, task

pytestmark = pytest.mark.django_db


def share(owner: Account, calendar: int | None, grantee: Account, text: str) -> None:
    collection = None if calendar is None else Collection.objects.get(pk=calendar)
    rights.grant(owner, collection, grantee, parse_rights(text))


def hits(account: Account, text: str, component: str = "") -> list[str]:
    found = queries.search_objects(account.pk, text, component=component)
    return sorted(hit.summary for hit in found)


@pytest.fixture
def filled(ann: Account, calendar: int) -> int:
    for name, kind in (("open", "PUBLIC"), ("secret", "PRIVATE"), ("veiled", "CONFIDENTIAL")):
        lines = [f"SUMMARY:{name} plan", f"CLASS:{kind}", "LOCATION:Zürich"]
        put(ann, calendar, event(name, "20260310T090000Z", *lines), name)
    put(ann, calendar, task("t", "SUMMARY:plan of a task"), "t")
    return calendar


def test_every_word_must_be_there(ann: Account, filled: int) -> None:
    assert hits(ann, "PLAN züri") == ["open plan", "secret plan", "veiled plan"]
    assert hits(ann, "pla open") == ["open plan"]
    assert hits(ann, "plan", "VTODO") == ["plan of a task"]
    assert hits(ann, "plan nowhere") == hits(ann, "  ") == []
    assert len(queries.search_objects(ann.pk, "plan", limit=2)) == 2


@pytest.mark.parametrize(
    ("granted", "found"),
    [
        ("read", ["open plan", "plan of a task"]),
        ("read private", ["open plan", "plan of a task", "secret plan", "veiled plan"]),
        ("free-busy", []),
        ("free-busy private", []),
    ],
)
def test_others_find_what_they_may_see(
    ann: Account, ben: Account, filled: int, granted: str, found: list[str]
) -> None:
    assert hits(ben, "plan") == []
    share(ann, filled, ben, granted)
    assert hits(ben, "plan") == found
    rights.revoke(ann, Collection.objects.get(pk=filled), ben)
    assert hits(ben, "plan") == []
    share(ann, None, ben, granted)
    assert hits(ben, "plan") == found


def test_a_search_takes_three_queries(
    ann: Account, ben: Account, filled: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    share(ann, filled, ben, "read")
    with django_assert_num_queries(3):
        queries.search_objects(ben.pk, "plan")


def test_tasks_are_listed_as_they_are_due(ann: Account, calendar: int) -> None:
    put(ann, calendar, task("none", "PRIORITY:1"), "none")
    put(ann, calendar, task("late", "DUE:20260312T090000Z"), "late")
    put(ann, calendar, task("low", "DUE:20260311T090000Z", "PRIORITY:9"), "low")
    put(ann, calendar, task("high", "DUE:20260311T090000Z", "PRIORITY:2"), "high")
    put(ann, calendar, event(), "event")
    rows = queries.list_tasks([calendar])
    assert [row.ical_uid for row in rows] == ["high", "low", "late", "none"]
    assert (rows[0].due_kind, rows[0].due_at, rows[0].priority) == ("z", at("20260311T090000"), 2)


def test_parts_of_a_task_are_found_by_it(ann: Account, calendar: int) -> None:
    put(ann, calendar, task("whole"), "whole")
    put(ann, calendar, task("first", "RELATED-TO:whole", "PERCENT-COMPLETE:50"), "first")
    put(ann, calendar, task("second", "RELATED-TO;RELTYPE=PARENT:whole", "STATUS:COMPLETED"), "2")
    put(ann, calendar, task("other", "RELATED-TO;RELTYPE=SIBLING:whole"), "other")
    parts = queries.list_tasks([calendar], parent_uid="whole")
    assert [(row.ical_uid, row.percent, row.status) for row in parts] == [
        ("first", 50, "NEEDS-ACTION"),
        ("second", 100, "COMPLETED"),
    ]
    left = queries.list_tasks([calendar], parent_uid="whole", is_open=True)
    assert [row.ical_uid for row in left] == ["first"]
    roots = queries.list_tasks([calendar], parent_uid="")
    assert [row.ical_uid for row in roots] == ["whole", "other"]


def test_a_task_that_repeats_says_so_and_is_found_at_its_times(ann: Account, calendar: int) -> None:
    lines = ["DTSTART:20260310T090000Z", "DUE:20260310T100000Z", "RRULE:FREQ=WEEKLY"]
    put(ann, calendar, task("weekly", *lines), "weekly")
    (row,) = queries.list_tasks([calendar])
    assert row.repeats
    span = Span(at("20260317"), at("20260318"))
    assert len(queries.find_in_span([calendar], span, UTC, component="VTODO")) == 1


def test_what_is_no_task_any_more_leaves_the_list(ann: Account, calendar: int) -> None:
    put(ann, calendar, task("t"), "t")
    put(ann, calendar, event("t"), "t")
    assert not Task.objects.exists()
    put(ann, calendar, task("t"), "t")
    remove_object(ann.pk, calendar, "t")
    assert not Task.objects.exists()
