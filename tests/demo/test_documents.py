import re
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar

from groupware.demo.documents import Appointment, make_invitation, make_pdf
from groupware.demo.pictures import HEIGHT, WIDTH, draw_chart, draw_logo


def chunks_of(png: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a PNG; each must have its checksum."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = {}, 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        name, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert png[place + 8 + length : place + 12 + length] == struct.pack(
            ">I", zlib.crc32(name + data)
        )
        found[name] = data
        place += 12 + length
    assert list(found)[-1] == b"IEND"
    return found


@pytest.mark.parametrize("values", [[1, 2], [5, 5, 5], [0.5, -3, 9, 9, 2], list(range(500))])
def test_a_chart_is_a_whole_png_with_a_point_in_each_column(values: list[float]) -> None:
    chunks = chunks_of(draw_chart(values))
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (WIDTH, HEIGHT)
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == (WIDTH + 1) * HEIGHT
    rows = [raw[y * (WIDTH + 1) + 1 : (y + 1) * (WIDTH + 1)] for y in range(HEIGHT)]
    inked = [any(row[x] == 2 for row in rows) for x in range(WIDTH)]
    assert inked == [14 <= x < WIDTH - 14 for x in range(WIDTH)]


def test_a_rising_line_rises() -> None:
    raw = zlib.decompress(chunks_of(draw_chart([0, 10]))[b"IDAT"])
    heights = [
        min(y for y in range(HEIGHT) if raw[y * (WIDTH + 1) + 1 + x] == 2) for x in (14, 180, 345)
    ]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[1] > heights[2]


def test_the_logo_is_a_whole_png() -> None:
    chunks = chunks_of(draw_logo())
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    assert len(zlib.decompress(chunks[b"IDAT"])) == (width + 1) * height


def test_each_object_of_a_pdf_is_where_its_table_says() -> None:
    pdf = make_pdf("Angebot\n\n1 Gerät (groß)   690,00 €\nback\\slash\n")
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", pdf)[1])  # type: ignore[index]
    table = pdf[start:].splitlines()
    assert table[0] == b"xref"
    count = int(table[1].split()[1])
    for number, line in enumerate(table[3 : 2 + count], 1):
        assert len(line) == 19  # with the line end, twenty octets: readers count on it
        assert pdf[int(line[:10]) :].startswith(b"%d 0 obj\n" % number)
    length = int(re.search(rb"/Length (\d+)", pdf)[1])  # type: ignore[index]
    stream = pdf[pdf.index(b"stream\n") + 7 :]
    assert stream[length:].startswith(b"\nendstream")
    assert b"(1 Ger\xe4t \\(gro\xdf\\)   690,00 \x80) Tj" in stream
    assert b"(back\\\\slash) Tj" in stream


def test_a_page_takes_no_more_than_it_holds() -> None:
    with pytest.raises(ValueError, match="48 lines"):
        make_pdf("line\n" * 49)


def test_an_invitation_is_read_back_as_it_was_meant() -> None:
    appointment = Appointment(
        uid="one@example.test",
        summary="Probe, mit Wanne; im Loft",
        location="Loft",
        start=datetime(2026, 3, 18, 13, tzinfo=UTC),
        end=datetime(2026, 3, 18, 14, tzinfo=UTC),
        stamp=datetime(2026, 3, 16, 9, tzinfo=UTC),
        organizer="lea@example.test",
        attendees=("jonas@example.test", "loft@example.test"),
    )
    text = make_invitation(appointment)
    calendar: Any = Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "REQUEST"
    assert event["SUMMARY"] == appointment.summary
    assert event["DTSTART"].dt == appointment.start
    assert event["ORGANIZER"] == "mailto:lea@example.test"
    assert event["ATTENDEE"] == ["mailto:jonas@example.test", "mailto:loft@example.test"]
