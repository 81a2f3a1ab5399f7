"""Locks (RFC 4918 §6): who may write to a place for a while."""

from typing import ClassVar

from django.db import models

from groupware.core.models.resources import MAX_SEGMENT


class DavLock(models.Model):
    """A write lock on a collection or a member.

    `account` is the owner's of the collection. `href` is a member's, "" where the lock is on the
    collection: its members too with `is_deep` (Depth: infinity). `holder` alone may use the
    `token`. `note` is what its client says of its owner, as XML. Times are epoch seconds; one that
    is over is none, and a duty removes its row.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, related_name="dav_locks")
    collection = models.ForeignKey("core.Collection", on_delete=models.CASCADE, db_index=False)
    href = models.CharField(max_length=MAX_SEGMENT, blank=True)
    is_deep = models.BooleanField()
    is_shared = models.BooleanField()
    token = models.CharField(max_length=64, unique=True)
    holder = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="held_dav_locks"
    )
    note = models.TextField(blank=True)
    expires_at = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["collection", "href"], name="dav_lock_place"),
            models.Index(fields=["expires_at"], name="dav_lock_expiry"),
        ]

    def __str__(self) -> str:
        return self.token
