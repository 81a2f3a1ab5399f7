"""Calendar objects: what is known of each, and when it happens.

All of it is made of the bytes in `core_resourcedata` at PUT, and can be made anew.
"""

from typing import ClassVar

from django.db import models

from groupware.core.models.keys import RowKey


class CalendarObject(models.Model):
    """The columns of one calendar object.

    `summary` is its master's. `text` is folded text of what a person searches for.
    `classification` is "", private or confidential. `expanded_until` (epoch seconds) is up to where
    its occurrences have rows; 0 when all of them have.
    """

    resource = RowKey(
        "core.Resource", primary_key=True, on_delete=models.CASCADE, related_name="calendar_object"
    )
    summary = models.TextField(blank=True)
    text = models.TextField(blank=True)
    classification = models.CharField(max_length=16, blank=True)
    has_alarm = models.BooleanField(default=False)
    expanded_until = models.BigIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["expanded_until"],
                condition=models.Q(expanded_until__gt=0),
                name="calendar_endless",
            )
        ]

    def __str__(self) -> str:
        return self.summary


class Occurrence(models.Model):
    """One time that a calendar object takes place at.

    `lane` is its kind and a class of its length (`calendar_app.lanes`): all rows of a lane are
    found by a range of `start_at`. Times are epoch seconds, of floating times and dates as if they
    were UTC; where RFC 4791 §9.9 counts an instant in, they are a second wider than the occurrence
    (`calendar_app.ical.spans`). `busy` is B, T, U or "" for free (RFC 5545 §3.2.9). `component` is
    the first letter of VEVENT, VTODO, VJOURNAL, VFREEBUSY, VAVAILABILITY behind its V.
    `recurrence_id` is as in iCalendar, zoned ones in UTC, "" where it recurs not.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    collection = models.ForeignKey("core.Collection", on_delete=models.CASCADE, db_index=False)
    resource = models.ForeignKey(
        "core.Resource", on_delete=models.CASCADE, related_name="occurrences"
    )
    lane = models.SmallIntegerField()
    start_at = models.BigIntegerField()
    end_at = models.BigIntegerField()
    busy = models.CharField(max_length=1, blank=True)
    component = models.CharField(max_length=1)
    recurrence_id = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["collection", "lane", "start_at"], name="calendar_occurrence_time")
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} at {self.start_at}"


class OccurrenceRules(models.Model):
    """One row: by which rules of time zones, and of this code, all occurrences were made.

    While they are made anew by others, `building` names those, and `position` is the id of the
    last resource that is done.
    """

    version = models.CharField(max_length=64, blank=True)
    building = models.CharField(max_length=64, blank=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.version


class Task(models.Model):
    """What a task says beside its times (`calendar_app.ical.tasks`)."""

    resource = RowKey(
        "core.Resource", primary_key=True, on_delete=models.CASCADE, related_name="task"
    )
    status = models.CharField(max_length=12)
    percent = models.SmallIntegerField()
    priority = models.SmallIntegerField()
    parent_uid = models.TextField(blank=True)
    due_kind = models.CharField(max_length=1, blank=True)
    due_at = models.BigIntegerField()
    repeats = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.status} {self.percent} %"
