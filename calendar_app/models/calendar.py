"""Calendars: the calendar's side of a collection."""

from typing import ClassVar

from django.db import models

from groupware.core.models.keys import RowKey


class Calendar(models.Model):
    """What a calendar has beside `core.ResourceCollection`.

    `components` are the kinds that it takes, space-separated (RFC 4791 §5.2.3). `timezone` is the
    VTIMEZONE object as a client set it, `tzid` the name of its zone; floating times are in it.
    With `is_transparent` its events leave their owner free (RFC 6638 §9.1). `source` is the URL
    that a subscribed calendar is fetched from; `source_etag`, `fetched_at` (epoch seconds) and
    `source_error` are of the last time. `link_sha256` is of the secret in its public address.
    `repeats` counts its occurrences beyond the first of each object, which bounds them.
    """

    collection = RowKey(
        "core.Collection", primary_key=True, on_delete=models.CASCADE, related_name="calendar"
    )
    components = models.CharField(max_length=100, default="VEVENT VTODO VJOURNAL")
    timezone = models.TextField(blank=True)
    tzid = models.CharField(max_length=255, blank=True)
    is_transparent = models.BooleanField(default=False)
    source = models.TextField(blank=True)
    source_etag = models.CharField(max_length=255, blank=True)
    source_seconds = models.IntegerField(default=0)
    source_error = models.CharField(max_length=500, blank=True)
    fetched_at = models.BigIntegerField(default=0)
    repeats = models.BigIntegerField(default=0)
    link_sha256 = models.BinaryField(max_length=32, null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["link_sha256"], name="calendar_link")
        ]

    def __str__(self) -> str:
        return f"calendar {self.collection_id}"
