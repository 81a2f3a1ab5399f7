"""What calendars and address books share: resources, their bytes, and their collections' faces.

A calendar object and a card live alike: an href, an entity tag, exact bytes, tombstones. One table
of them lets a protocol ask one query for either (docs/adr/0026); what is known of their content
lies in tables of the apps, one row for each resource.
"""

from typing import ClassVar

from django.db import models

from groupware.core.models.keys import RowKey
from groupware.core.models.store import Item

MAX_SEGMENT = 255
"""Characters of a segment of a URL's path, decoded."""


class Resource(Item):
    """A calendar object or a card in a collection.

    `href` is the last segment of its URL's path, percent-decoded. `ical_uid` is the UID of its
    content, which a collection holds once; null for a card without one. `component` is VEVENT,
    VTODO, VJOURNAL, VAVAILABILITY or VCARD. `etag` is made of the bytes, without quotes.
    `created_at` and `changed_at` are epoch seconds.
    """

    href = models.CharField(max_length=MAX_SEGMENT)
    ical_uid = models.TextField(null=True)  # noqa: DJ001 (none is not the empty one)
    component = models.CharField(max_length=16)
    etag = models.CharField(max_length=64)
    created_at = models.BigIntegerField()
    changed_at = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["collection", "href"], name="core_resource_href"),
            models.UniqueConstraint(fields=["collection", "ical_uid"], name="core_resource_uid"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["collection", "modseq"], name="core_resource_modseq")
        ]

    def __str__(self) -> str:
        return f"{self.collection_id}/{self.href}"


class ResourceData(models.Model):
    """The exact bytes of a resource, as a client sent them; beside its row, which stays narrow."""

    resource = RowKey(Resource, primary_key=True, on_delete=models.CASCADE, related_name="content")
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"content of {self.resource_id}"


class CollectionRole(models.TextChoices):
    """What a calendar or an address book is for; an account has each at most once.

    But subscribed calendars, of which it has as many as it likes.
    """

    NONE = ""
    DEFAULT = "default"
    TASKS = "tasks"
    BIRTHDAYS = "birthdays"
    SUBSCRIBED = "subscribed"


KEPT_BY_SERVER = frozenset({CollectionRole.BIRTHDAYS.value, CollectionRole.SUBSCRIBED.value})
"""Roles of calendars that the server fills by itself: nobody else writes to them."""


class ResourceCollection(models.Model):
    """What calendars and address books have beside the columns of every collection.

    `slug` is the last segment of its URL's path, once in its account: what MKCALENDAR was sent to,
    or random; a MOVE alone changes it. `display_name` is what clients show and may be held twice;
    `Collection.name` is made of it and is held once. `color` is as a client wrote it, `position`
    orders it among the others (calendar-order), -1 where none was given.
    """

    collection = RowKey(
        "core.Collection", primary_key=True, on_delete=models.CASCADE, related_name="face"
    )
    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    slug = models.CharField(max_length=MAX_SEGMENT)
    role = models.CharField(max_length=16, choices=CollectionRole.choices, blank=True)
    display_name = models.CharField(max_length=1000, blank=True)
    description = models.TextField(blank=True)
    color = models.CharField(max_length=64, blank=True)
    position = models.IntegerField(default=-1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "slug"], name="core_face_slug")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.slug}"


class ReaderFace(models.Model):
    """How somebody else's collection is shown to one reader, as he likes it.

    What he never set is "" (of `position` -1): there the owner's is shown.
    """

    reader = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="reader_faces", db_index=False
    )
    collection = models.ForeignKey(
        "core.Collection", on_delete=models.CASCADE, related_name="reader_faces"
    )
    display_name = models.CharField(max_length=1000, blank=True)
    color = models.CharField(max_length=64, blank=True)
    position = models.IntegerField(default=-1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "collection"], name="core_readerface_one")
        ]

    def __str__(self) -> str:
        return f"{self.collection_id} as {self.reader_id} sees it"
