"""A process that writes to calendars, and may be killed at a crash point.

    python -m tests.crash.calendars put|move|delete|horizon|look JOURNAL

It notes in the journal what it was told. `look` works off what was left, and prints the UIDs that
each of the two people holds and how many occurrences there are.
"""

import json
import sys
from pathlib import Path

import django

LOGINS = ("ada@example.test", "bob@example.test")
OBJECTS = 12
FAR_FUTURE = 2**40


def data(number: int) -> bytes:
    """Return an event; every third one repeats for ever."""
    rule = "RRULE:FREQ=DAILY\r\n" if number % 3 == 0 else ""
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{number}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260{1 + number % 9}10T090000Z\r\n"
        f"DURATION:PT1H\r\n{rule}SUMMARY:Number {number}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def places() -> list[tuple[int, int]]:
    """Return account and default calendar of both."""
    from groupware.core.models import Account
    from groupware.core.resources.queries import find_by_role

    accounts = [Account.objects.get(login=login).pk for login in LOGINS]
    found = [find_by_role(account, "calendars", "default") for account in accounts]
    return [
        (account, info.collection_id)
        for account, info in zip(accounts, found, strict=True)
        if info is not None
    ]


def put(journal: Path) -> None:
    """Put each object into ada's calendar, then most of them again."""
    from calendar_app.services.objects import prepare_object, put_object

    ((account_id, collection_id), _) = places()
    for number in [*range(OBJECTS), *range(OBJECTS)]:
        put_object(account_id, collection_id, f"{number}.ics", prepare_object(data(number)))
        note(journal, number)


def move(journal: Path) -> None:
    """Move each object from ada's calendar to bob's."""
    from calendar_app.services.placing import move_object
    from groupware.core.resources.moving import Place

    source, target = places()
    for number in range(OBJECTS):
        move_object(Place(*source, f"{number}.ics"), Place(*target, f"{number}.ics"))
        note(journal, number)


def delete(journal: Path) -> None:
    """Delete ada's calendar."""
    from calendar_app.services.calendars import delete_calendar

    delete_calendar(*places()[0])
    note(journal, 0)


def horizon(_journal: Path) -> None:
    """Move the horizon on, and make all occurrences anew."""
    from calendar_app.services.reindexing import move_horizon, renew_rules

    move_horizon()
    renew_rules()


def look(_journal: Path) -> None:
    """Work off what was left, and print what is there."""
    from calendar_app.models import Occurrence
    from groupware.core import outbox
    from groupware.core.models import Resource

    outbox.sweep(now=FAR_FUTURE)
    held = [
        sorted(
            int(uid or 0)
            for uid in Resource.objects.filter(account__login=login).values_list(
                "ical_uid", flat=True
            )
        )
        for login in LOGINS
    ]
    sys.stdout.write(json.dumps([*held, Occurrence.objects.count()]))


def note(journal: Path, number: int) -> None:
    """Note that a step was told to be done."""
    with journal.open("a") as file:
        file.write(f"{number}\n")


if __name__ == "__main__":
    django.setup()
    {"put": put, "move": move, "delete": delete, "horizon": horizon, "look": look}[sys.argv[1]](
        Path(sys.argv[2])
    )
