"""Files of many objects: what is cut out of them, and what is said of broken parts."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.ical.files import BrokenPart, FoundObject, split_file, to_utf8
from calendar_app.ical.objects import read_object

HEAD = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
TAIL = b"END:VCALENDAR\r\n"
BERLIN = (
    b"BEGIN:VTIMEZONE\r\nTZID:Berlin\r\nBEGIN:STANDARD\r\nDTSTART:20200101T000000\r\n"
    b"TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)
OSLO = BERLIN.replace(b"Berlin", b"Oslo")


def part(uid: str, *lines: bytes, name: bytes = b"VEVENT") -> bytes:
    head = [b"UID:" + uid.encode()] if uid else []
    body = [b"BEGIN:" + name, *head, b"DTSTART:20260310T090000Z", *lines, b"END:" + name]
    return b"".join(line + b"\r\n" for line in body)


def split(data: bytes, most: int = 10_000) -> list[FoundObject | BrokenPart]:
    return list(split_file(io.BytesIO(data), most))


def objects(data: bytes) -> list[bytes]:
    return [found.data for found in split(data) if isinstance(found, FoundObject)]


def reasons(data: bytes) -> list[tuple[int, str]]:
    return [(found.line, found.reason) for found in split(data) if isinstance(found, BrokenPart)]


def test_an_object_that_is_all_of_its_calendar_stays_as_it_is() -> None:
    whole = HEAD + b"X-OWN;A=b:c\r\n" + BERLIN + part("a", b"X-ODD: \xff") + TAIL
    assert objects(b"\xef\xbb\xbf" + whole) == [whole]
    assert objects(whole + whole.replace(b"UID:a", b"UID:b")) == [
        whole,
        whole.replace(b"UID:a", b"UID:b"),
    ]
    bare = whole.replace(b"\r\n", b"\n")
    assert objects(bare) == [bare]


def test_each_uid_gets_an_object_with_the_zones_that_it_names() -> None:
    a = part("a", b"DTEND;TZID=Berlin:20260310T110000")
    b = part("b", b'DTEND;X=y;TZI\r\n D="Os\r\n lo":20260310T110000')
    moved = part("a", b"RECURRENCE-ID;TZID=Oslo:20260311T090000", b"SUMMARY:moved")
    data = HEAD + b"METHOD:PUBLISH\r\nX-WR-CALNAME:x\r\n" + BERLIN + OSLO + a + b + moved + TAIL
    assert objects(data) == [
        HEAD + BERLIN + OSLO + a + moved + TAIL,
        HEAD + OSLO + b + TAIL,
    ]


def test_components_of_one_uid_in_several_calendars_are_one_object() -> None:
    moved = part("a", b"RECURRENCE-ID:20260310T090000Z", b"SUMMARY:moved")
    data = HEAD + part("a") + TAIL + HEAD + moved + TAIL + HEAD + part("a") + TAIL
    assert objects(data) == [HEAD + part("a") + moved + TAIL], "and the same one twice is once"


def test_what_has_no_uid_gets_the_same_one_each_time() -> None:
    data = HEAD + part("") + part("b") + TAIL
    first, _ = objects(data)
    assert objects(data)[0] == first
    assert len(read_object(first).ical_uid) == 32
    nested = HEAD + part("", b"BEGIN:VALARM", b"UID:alarm", b"END:VALARM") + part("b") + TAIL
    assert read_object(objects(nested)[0]).ical_uid != "alarm"


def test_lines_of_bare_newlines_come_out_as_icalendar_wants_them() -> None:
    data = (HEAD + part("a") + part("b") + TAIL).replace(b"\r\n", b"\n")
    assert objects(data) == [HEAD + part("a") + TAIL, HEAD + part("b") + TAIL]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HEAD + b"BEGIN:VEVENT\r\nUID:x\r\n" + TAIL, [(4, "The VEVENT has no END.")]),
        (HEAD + part("x")[:-12] + HEAD + part("b") + TAIL, [(4, "The VEVENT has no END.")]),
        (
            HEAD + b"BEGIN:VEVENT\r\nEND:VTODO\r\n" + TAIL,
            [(4, "The VEVENT ends as another component.")],
        ),
        (
            part("x"),
            [(1, "VEVENT stands outside of a VCALENDAR."), (4, "END:VEVENT ends nothing.")],
        ),
        (HEAD + part("x"), [(1, "The VCALENDAR has no END: the file is cut off.")]),
        (HEAD + part("x", name=b"VPOLL") + TAIL, [(4, "A VPOLL is nothing that calendars hold.")]),
        (
            HEAD + part("x", b"A" * 10_000) + TAIL,
            [(4, "The object has 10061 octets: 10000 may be.")],
        ),
        (
            HEAD + BERLIN.replace(b"TZID:", b"X:" + b"x" * 70_000 + b"\r\nTZID:") + TAIL,
            [(4, "A VTIMEZONE has at most 65536 octets.")],
        ),
        (b"", []),
        (b"\0\xff\n\n:\n", []),
    ],
)
def test_what_is_broken_is_named_by_its_line(data: bytes, expected: list[tuple[int, str]]) -> None:
    assert reasons(data) == expected
    fine = HEAD + part("fine") + TAIL
    if data.endswith(TAIL):
        assert objects(fine + data + fine.replace(b"fine", b"last"))[0] == fine


def test_a_uid_that_is_folded_or_has_parameters_is_one() -> None:
    data = (
        HEAD
        + part("", b"UID;X=1:lo\r\n ng")
        + part("long", b"RECURRENCE-ID:20260310T090000Z")
        + TAIL
    )
    assert len(objects(data)) == 1


def test_a_line_longer_than_what_is_read_at_once_is_one_line() -> None:
    long = part("a", b"DESCRIPTION:" + b"BEGIN:VEVENT " * 9_000)
    data = HEAD + long + part("b") + TAIL
    found = list(split_file(io.BytesIO(data), 1_000_000))
    assert [part.data for part in found if isinstance(part, FoundObject)] == [
        HEAD + long + TAIL,
        HEAD + part("b") + TAIL,
    ]


@given(st.lists(st.sampled_from([HEAD, TAIL, part("a"), part("b")[:20], b"END:VEVENT\n", b"x"])))
def test_any_file_gives_objects_or_what_is_broken(parts: list[bytes]) -> None:
    found = split(b"".join(parts))
    assert all(0 < part.share <= 1 for part in found if isinstance(part, FoundObject))


@given(st.binary())
def test_garbage_gives_what_is_broken_and_no_other_error(data: bytes) -> None:
    assert objects(data) == []


def test_lines_may_be_folded_after_their_names() -> None:
    folded = part("", b"UID", b" :a", b"SUMMARY:x")
    head = (
        b"BEGIN:VCALENDAR\r\nVERSION\r\n :2.0\r\nPRODID\r\n\t:-//x//EN\r\nMETHOD\r\n :PUBLISH\r\n"
    )
    assert objects(head + folded + TAIL) == [HEAD + folded + TAIL]
    assert read_object(HEAD + folded + TAIL).ical_uid == "a"


def test_a_zone_whose_name_is_escaped_is_known_by_what_it_says() -> None:
    zone = BERLIN.replace(b"TZID:Berlin", b"TZID:Here\\, there")
    event = part("a", b'DTEND;TZID="Here, there":20260310T110000')
    data = HEAD + b"METHOD:PUBLISH\r\n" + zone + event + TAIL
    assert objects(data) == [HEAD + zone + event + TAIL]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("SUMMARY:Größe\r\n".encode(), "SUMMARY:Größe\r\n"),
        (b"SUMMARY:Gr\xc3\r\n \xb6\xc3\x9fe\r\n", None),
        ("SUMMARY:Größe\r\n".encode("latin-1"), "SUMMARY:Größe\r\n"),
        ("SUMMARY:Grö\r\n ße\r\n".encode("latin-1"), "SUMMARY:Größe\r\n"),
        ("SUMMARY:„Größe“\r\n".encode("cp1252"), "SUMMARY:„Größe“\r\n"),
    ],
)
def test_what_is_not_utf_8_becomes_so_and_the_rest_stays(data: bytes, expected: str | None) -> None:
    assert to_utf8(data) == (data if expected is None else expected.encode())
