"""Many objects as one calendar."""

from calendar_app.ical.bundles import bundle, split_components
from calendar_app.ical.components import parse_component
from tests.unit.calendar_app.ical.samples import calendar, component

ZONE = "BEGIN:VTIMEZONE\nTZID:{name}\nX-OF:{of}\nEND:VTIMEZONE"


def test_components_are_kept_octet_for_octet() -> None:
    event = component("UID:1\nSUMMARY:a\nX-FOLDED:b").replace("X-FOLDED:b", "X-FOLDED:b\n  c")
    assert split_components(calendar(event)) == [(b"VEVENT", f"{event}\n".encode())]


def test_what_is_within_a_component_stays_in_it() -> None:
    event = component("UID:1\nBEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM")
    assert [name for name, _ in split_components(calendar(event))] == [b"VEVENT"]


def test_a_zone_is_told_once_for_each_of_its_names() -> None:
    objects = [
        calendar(ZONE.format(name=name, of=of), component(f"UID:{of}"))
        for name, of in (("A", 1), ("B", 2), ("A", 3))
    ]
    tree = parse_component(b"".join(bundle(objects)))
    zones = tree.children_named("VTIMEZONE")
    assert [(zone.value("TZID"), zone.value("X-OF")) for zone in zones] == [("A", "1"), ("B", "2")]
    assert [event.value("UID") for event in tree.children_named("VEVENT")] == ["1", "2", "3"]


def test_a_calendar_has_a_name_and_a_description() -> None:
    tree = parse_component(b"".join(bundle([], name="a;b\nc", description="d")))
    assert tree.value("X-WR-CALNAME") == r"a\;b\nc"
    assert tree.value("X-WR-CALDESC") == "d"


def test_lines_that_are_folded_where_a_component_begins_are_read() -> None:
    data = calendar(component("UID:1")).replace(b"BEGIN:VEVENT", b"BEG\r\n IN:VEVENT")
    [(name, text)] = split_components(data)
    assert name == b"VEVENT"
    assert text.startswith(b"BEGIN:VEVENT")


def test_a_last_line_without_an_end_is_ended() -> None:
    data = calendar(component("UID:1")).rstrip(b"\n").replace(b"\nEND:VCALENDAR", b"")
    whole = data + b"\nEND:VCALENDAR"
    assert [name for name, _ in split_components(whole)] == [b"VEVENT"]
    assert split_components(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT") == []
