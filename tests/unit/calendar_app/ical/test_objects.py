"""What makes a calendar object, and why others are refused (RFC 4791 §4.1, §5.3.2.1)."""

import pytest

from calendar_app.ical.objects import InvalidObject, ObjectLimits, read_object
from tests.unit.calendar_app.ical.samples import calendar, component, read

START = "DTSTART:20260101T090000Z"


def test_the_columns_of_the_store_are_read() -> None:
    obj = read(
        f"""UID:a@b\\,c
        {START}
        SUMMARY:Lunch\\, and more
        LOCATION:Straße 1
        DESCRIPTION:with\\nfriends
        CLASS:CONFIDENTIAL
        ORGANIZER;CN=Ann:mailto:ann@example.org
        ATTENDEE;CN="Bob, of Paris":mailto:bob@example.org
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER:-PT5M
        END:VALARM"""
    )
    assert (obj.ical_uid, obj.component) == ("a@b,c", "VEVENT")
    assert obj.summary == "Lunch, and more"
    assert obj.classification == "confidential"
    assert obj.has_alarm
    assert obj.organizer == "mailto:ann@example.org"
    for text in (
        "lunch, and more",
        "strasse 1",
        "with\nfriends",
        "bob, of paris",
        "bob@example.org",
    ):
        assert text in obj.text
    assert obj.overrides == ()
    assert obj.first is obj.master
    assert not obj.is_recurring


@pytest.mark.parametrize(
    ("lines", "classification"),
    [
        ("", ""),
        ("CLASS:PUBLIC", ""),
        ("CLASS:public ", ""),
        ("CLASS:PRIVATE", "private"),
        ("CLASS:CONFIDENTIAL", "confidential"),
        ("CLASS:X-SECRET", "private"),
    ],
)
def test_a_class_that_is_unknown_is_private(lines: str, classification: str) -> None:
    assert read(f"{START}\n{lines}").classification == classification


def test_a_series_is_as_secret_as_the_most_secret_of_its_instances() -> None:
    override = f"{START}\nRECURRENCE-ID:20260102T090000Z\nCLASS:PRIVATE"
    obj = read(f"{START}\nRRULE:FREQ=DAILY\nCLASS:CONFIDENTIAL", override)
    assert obj.classification == "private"


def test_an_object_may_be_overrides_alone() -> None:
    obj = read(f"{START}\nRECURRENCE-ID:{START[8:]}\nSUMMARY:a")
    assert obj.master is None
    assert obj.first.component.value("SUMMARY") == "a"
    assert obj.is_recurring
    assert len(obj.entries) == 1


def test_the_master_need_not_come_first() -> None:
    obj = read(f"{START}\nRECURRENCE-ID:{START[8:]}", f"{START}\nRRULE:FREQ=DAILY\nSUMMARY:all")
    assert obj.summary == "all"
    assert len(obj.entries) == 2


def test_components_that_nobody_knows_are_left_alone() -> None:
    data = calendar(component(START), component("X:1", "X-NOTE"))
    assert read_object(data).component == "VEVENT"


@pytest.mark.parametrize("name", ["VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"])
def test_other_kinds_need_no_start(name: str) -> None:
    obj = read("SUMMARY:a", name=name)
    assert obj.component == name
    assert obj.first.anchor is None


REFUSED = [
    ("valid-calendar-data", b"", "0 components"),
    ("valid-calendar-data", b"\xff\xfe", "UTF-8"),
    ("valid-calendar-data", b"BEGIN:VCALENDAR", "cut off"),
    ("valid-calendar-data", b"BEGIN:VCARD\nEND:VCARD", "VCALENDAR was expected"),
    ("supported-calendar-data", b"BEGIN:VCALENDAR\nVERSION:1.0\nEND:VCALENDAR", "version '1.0'"),
    ("valid-calendar-object-resource", calendar(), "holds nothing"),
    ("valid-calendar-object-resource", calendar(component("TZID:a", "VTIMEZONE")), "holds nothing"),
    ("supported-calendar-component", calendar(component("X:1", "X-NOTE")), "X-NOTE"),
    ("valid-calendar-object-resource", calendar("METHOD:REQUEST", component(START)), "METHOD"),
    (
        "valid-calendar-object-resource",
        calendar(component(START), component("", "VTODO")),
        "one kind",
    ),
    ("valid-calendar-object-resource", calendar(component(f"UID:\n{START}")), "no UID"),
    (
        "valid-calendar-object-resource",
        calendar(component(f"UID:1\n{START}"), component(f"UID:2\n{START}")),
        "one UID",
    ),
    (
        "valid-calendar-object-resource",
        calendar(component(START), component(START)),
        "2 components",
    ),
    (
        "valid-calendar-object-resource",
        calendar(*[component(f"{START}\nRECURRENCE-ID:20260101T090000Z")] * 2),
        "same RECURRENCE-ID",
    ),
]


@pytest.mark.parametrize(("precondition", "data", "why"), REFUSED)
def test_what_is_no_object_is_refused(precondition: str, data: bytes, why: str) -> None:
    with pytest.raises(InvalidObject, match=why) as refused:
        read_object(data)
    assert refused.value.precondition == precondition
    assert why in refused.value.text


@pytest.mark.parametrize(
    ("precondition", "lines", "why"),
    [
        ("valid-calendar-data", "SUMMARY:a", "no DTSTART"),
        ("valid-calendar-data", "DTSTART:yesterday", "bad DTSTART"),
        ("valid-calendar-data", f"{START}\n{START}", "more than one DTSTART"),
        ("valid-calendar-data", f"{START}\nDTEND:20260101T080000Z", "ends before it begins"),
        ("valid-calendar-data", f"{START}\nDURATION:-PT1H", "negative DURATION"),
        ("valid-calendar-data", f"{START}\nDURATION:1h", "bad DURATION"),
        ("valid-calendar-data", f"{START}\nDTEND:20260102T090000Z\nDURATION:P1D", "leave one out"),
        ("valid-calendar-data", f"{START}\nDTEND;VALUE=DATE:20260102", "begins with a .* or the"),
        ("valid-calendar-data", f"{START}\nRRULE:FREQ=OFTEN", "bad RRULE"),
        ("valid-calendar-data", f"{START}\nEXRULE:FREQ=OFTEN", "bad EXRULE"),
        ("valid-calendar-data", f"{START}\nRDATE:soon", "bad RDATE"),
        ("valid-calendar-data", f"{START}\nRDATE:20260101T090000Z/-PT1H", "ends before"),
        ("valid-calendar-data", f"{START}\nEXDATE:soon", "bad EXDATE"),
        ("valid-calendar-data", f"{START}\nRECURRENCE-ID:soon", "bad RECURRENCE-ID"),
        ("supported-rscale", f"{START}\nRRULE:RSCALE=CHINESE;FREQ=YEARLY", "RFC 7529"),
        ("supported-rscale", f"{START}\nRRULE:FREQ=YEARLY;SKIP=FORWARD", "RFC 7529"),
        (
            "valid-calendar-object-resource",
            "DTSTART;TZID=Ours:20260101T090000",
            "'Ours' is unknown",
        ),
        ("min-date-time", "DTSTART:00010101T000000Z", "outside the years"),
    ],
)
def test_an_event_that_cannot_be_is_refused(precondition: str, lines: str, why: str) -> None:
    with pytest.raises(InvalidObject, match=why) as refused:
        read(lines)
    assert refused.value.precondition == precondition


def test_a_task_that_repeats_needs_a_time() -> None:
    assert read("DUE:20260101T090000Z\nRRULE:FREQ=DAILY", name="VTODO").first.rules
    with pytest.raises(InvalidObject, match="no DTSTART from which"):
        read("RRULE:FREQ=DAILY", name="VTODO")


def test_a_vtimezone_that_cannot_be_read_is_refused_where_it_is_needed() -> None:
    broken = component("TZID:Ours", "VTIMEZONE")
    assert read_object(calendar(broken, component(START))).ical_uid == "1"
    with pytest.raises(InvalidObject, match="neither STANDARD nor DAYLIGHT") as refused:
        read_object(calendar(broken, component("DTSTART;TZID=Ours:20260101T090000")))
    assert refused.value.precondition == "valid-calendar-data"


def test_size_overrides_and_attendees_are_limited() -> None:
    event = component(f"{START}\nATTENDEE:mailto:a@b\nATTENDEE:mailto:c@d")
    data = calendar(event, component(f"{START}\nRECURRENCE-ID:20260101T090000Z"))
    size = len(data)
    for limits, precondition in (
        (ObjectLimits(max_octets=size - 1), "max-resource-size"),
        (ObjectLimits(max_attendees=1), "max-attendees-per-instance"),
        (ObjectLimits(max_overrides=0), "max-instances"),
    ):
        with pytest.raises(InvalidObject) as refused:
            read_object(data, limits)
        assert refused.value.precondition == precondition
    enough = ObjectLimits(max_octets=size, max_attendees=2, max_overrides=1)
    assert read_object(data, enough).is_recurring


def test_text_for_search_is_cut_at_its_limit() -> None:
    data = calendar(component(f"{START}\nSUMMARY:{'a' * 100}"))
    assert len(read_object(data, ObjectLimits(max_text=10)).text) == 10


@pytest.mark.parametrize("name", ["RDATE", "EXDATE"])
def test_dates_and_rules_of_an_entry_are_limited(name: str) -> None:
    dates = ",".join(["20260101T090000Z"] * 10_000)
    assert read(f"{START}\n{name}:{dates}\n{name}:{dates}").master is not None
    with pytest.raises(InvalidObject, match="more than 20000 dates") as refused:
        read(f"{START}\n{name}:{dates}\n{name}:{dates}\n{name}:20260101T090000Z")
    assert refused.value.precondition == "max-instances"
    rule = "RRULE" if name == "RDATE" else "EXRULE"
    assert read("\n".join([START] + [f"{rule}:FREQ=DAILY;COUNT=2"] * 50)).master is not None
    with pytest.raises(InvalidObject, match=f"more than 50 {rule}s"):
        read("\n".join([START] + [f"{rule}:FREQ=DAILY;COUNT=2"] * 51))
