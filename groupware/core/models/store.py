"""The shared shape of every store: the account's counter, collections, items, tombstones."""

from typing import ClassVar

from django.db import models


class AccountState(models.Model):
    """The account's counters; the row that every write of the account updates first.

    Invariant: only `groupware.core.changes` writes this row, never a form or `save()`.
    `next_modseq` is the next unused one; `quota_bytes` 0 means unlimited; `bytes_used` is the
    logical, uncompressed size of the account's items. The tombstones of whole collections are
    complete from `tombstone_floor` on.
    """

    account = models.OneToOneField(
        "core.Account", primary_key=True, on_delete=models.CASCADE, related_name="state"
    )
    next_modseq = models.BigIntegerField(default=1)
    next_uid_validity = models.BigIntegerField()
    quota_bytes = models.BigIntegerField(default=0)
    bytes_used = models.BigIntegerField(default=0)
    items_used = models.BigIntegerField(default=0)
    tombstone_floor = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"state of {self.account_id}"


class LostModseqs(models.Model):
    """Mod-sequences that clients may have been told and that went with the power.

    From `first` to `last`; nothing in the store has or gets one of them (`groupware.core.lost`).
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE)
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.account_id} {self.first}:{self.last}"


class CollectionKind(models.TextChoices):
    """What a collection holds; the middle of its name ADDRESS/KIND/NAME."""

    MAIL = "mail"
    CALENDAR = "calendars"
    ADDRESS_BOOK = "addressbooks"


class Collection(models.Model):
    """A mailbox, a calendar or an address book.

    `name` is the whole path with `/` between levels. `object_id` never changes (RFC 8474
    MAILBOXID, DAV's URL). `highest_modseq` is raised by the collection's own items and
    tombstones. Tombstones are whole from `tombstone_floor` on. `token_epoch` makes every
    sync-token of before a restore invalid.
    """

    account = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="collections", db_index=False
    )
    kind = models.CharField(max_length=16, choices=CollectionKind.choices)
    name = models.CharField(max_length=1000)
    object_id = models.CharField(max_length=32, unique=True)
    uid_validity = models.BigIntegerField()
    uid_next = models.BigIntegerField(default=1)
    highest_modseq = models.BigIntegerField(default=1)
    created_modseq = models.BigIntegerField(default=1)
    changed_modseq = models.BigIntegerField(default=1)
    tombstone_floor = models.BigIntegerField(default=0)
    token_epoch = models.BigIntegerField(default=1)
    items = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "kind", "name"], name="core_collection_name")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.kind}/{self.name}"


class Item(models.Model):
    """What every item row has; abstract. Charged to the owner of the collection."""

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    collection = models.ForeignKey("core.Collection", on_delete=models.PROTECT, db_index=False)
    modseq = models.BigIntegerField()
    created_modseq = models.BigIntegerField()
    size = models.BigIntegerField()

    class Meta:
        abstract = True


class Tombstone(models.Model):
    """Items that are gone: a range of UIDs, or one href.

    A range may cover UIDs that were gone before: every UID in it is absent, which is all that
    VANISHED says (RFC 7162 §3.2.10). Of an href it may also say that its item became private: those
    who still see it find the item. `is_hidden` says that the item was private when it went: who
    sees no private items never knew of it.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    collection = models.ForeignKey("core.Collection", on_delete=models.CASCADE, db_index=False)
    uid_first = models.BigIntegerField(default=0)
    uid_last = models.BigIntegerField(default=0)
    href = models.CharField(max_length=255, blank=True)
    is_hidden = models.BooleanField(default=False, db_default=False)
    modseq = models.BigIntegerField()
    created_at = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["collection", "modseq"], name="core_tombstone_modseq"),
            models.Index(fields=["created_at"], name="core_tombstone_age"),
        ]

    def __str__(self) -> str:
        return f"{self.collection_id} {self.uid_first}:{self.uid_last}{self.href}"


class CollectionTombstone(models.Model):
    """A collection that is gone, for clients that follow the account's state."""

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=16)
    object_id = models.CharField(max_length=32)
    modseq = models.BigIntegerField()
    created_at = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "modseq"], name="core_colltomb_modseq")
        ]

    def __str__(self) -> str:
        return self.object_id
