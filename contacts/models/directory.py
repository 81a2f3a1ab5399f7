"""The directory of a domain: cards of its accounts and groups, made of what the kernel knows.

Global tables, as those that they are made of. Each domain counts its changes by itself.
"""

from typing import ClassVar

from django.db import models

from groupware.core.models.keys import RowKey
from groupware.core.models.resources import MAX_SEGMENT


class Directory(models.Model):
    """How far a domain's cards follow: `fingerprint` is of all that they are made of.

    `object_id`, `token_epoch`, `modseq` and `floor` make its sync-tokens, as those of a collection
    do (`core.Collection`): what was gone at `floor` has no rows any more.
    """

    domain = RowKey(
        "core.Domain", primary_key=True, on_delete=models.CASCADE, related_name="directory"
    )
    object_id = models.CharField(max_length=32)
    token_epoch = models.BigIntegerField(default=1)
    modseq = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"directory of {self.domain_id}"


class DirectoryCard(models.Model):
    """The card of an account or a group; one that `is_gone` keeps its row for a while, empty.

    `href`, `ical_uid`, `etag`, `size`, `created_at` and `changed_at` are as in `core.Resource`,
    `kind`, `full_name` and `text` as in `Card`.
    """

    domain = models.ForeignKey(
        "core.Domain", on_delete=models.CASCADE, db_index=False, related_name="directory_cards"
    )
    href = models.CharField(max_length=MAX_SEGMENT)
    ical_uid = models.CharField(max_length=64)
    modseq = models.BigIntegerField()
    etag = models.CharField(max_length=64)
    size = models.IntegerField()
    created_at = models.BigIntegerField()
    changed_at = models.BigIntegerField()
    is_gone = models.BooleanField(default=False)
    kind = models.CharField(max_length=16)
    full_name = models.TextField(blank=True)
    text = models.TextField(blank=True)
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "href"], name="contacts_directory_href")
        ]
        indexes: ClassVar = [
            models.Index(fields=["domain", "modseq"], name="contacts_directory_modseq")
        ]

    def __str__(self) -> str:
        return self.full_name
