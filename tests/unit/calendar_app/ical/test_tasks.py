"""What a task says beside its times."""

import pytest

from calendar_app.ical.objects import read_object
from calendar_app.ical.tasks import Task, read_task

NOTHING = Task("NEEDS-ACTION", 0, 0, "", "", 0, False)
HOUR = 3_600
AT = 1_773_133_200


def task(*lines: str) -> Task | None:
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VTODO", "UID:t", *lines, "END:VTODO"])
    return read_task(read_object(f"{text}\r\nEND:VCALENDAR\r\n".encode()))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], NOTHING),
        (
            ["STATUS:in-process", "PERCENT-COMPLETE:30"],
            NOTHING._replace(status="IN-PROCESS", percent=30),
        ),
        (["STATUS:COMPLETED"], NOTHING._replace(status="COMPLETED", percent=100)),
        (["COMPLETED:20260310T090000Z"], NOTHING._replace(status="COMPLETED", percent=100)),
        (["PERCENT-COMPLETE:100"], NOTHING._replace(status="COMPLETED", percent=100)),
        (["STATUS:NEEDS-ACTION", "PERCENT-COMPLETE:999"], NOTHING._replace(percent=100)),
        (["STATUS:ODD", "PERCENT-COMPLETE:-1", "PRIORITY:x"], NOTHING),
        (["STATUS:CANCELLED", "PRIORITY:12"], NOTHING._replace(status="CANCELLED", priority=9)),
        (["DUE:20260310T090000Z"], NOTHING._replace(due_kind="z", due_at=AT)),
        (["DUE;VALUE=DATE:20260310"], NOTHING._replace(due_kind="d", due_at=AT - 9 * HOUR)),
        (
            ["DTSTART:20260310T080000", "DURATION:PT1H"],
            NOTHING._replace(due_kind="f", due_at=AT),
        ),
        (["DTSTART:20260310T080000Z"], NOTHING),
        (["RELATED-TO:a\\,b", "RELATED-TO:c"], NOTHING._replace(parent_uid="a,b")),
        (["RELATED-TO;RELTYPE=child:a"], NOTHING),
        (
            ["DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY"],
            NOTHING._replace(repeats=True),
        ),
    ],
)
def test_a_task_is_as_it_says(lines: list[str], expected: Task) -> None:
    assert task(*lines) == expected


def test_an_event_is_no_task() -> None:
    text = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:e\nDTSTART:20260310T090000Z\nEND:VEVENT\nEND:VCALENDAR\n"
    assert read_task(read_object(text)) is None
