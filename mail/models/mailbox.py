"""Mailboxes: the mail side of a collection."""

from typing import ClassVar

from django.db import models


class SpecialUse(models.TextChoices):
    """RFC 6154 §2, without the backslash."""

    NONE = ""
    ARCHIVE = "Archive"
    DRAFTS = "Drafts"
    JUNK = "Junk"
    SENT = "Sent"
    TRASH = "Trash"


class Mailbox(models.Model):
    """What a mail collection has beside the shared columns.

    `unseen` and `deleted` count messages by the owner's flags. `keywords` are all keywords
    ever used in it, space-separated, for FLAGS. A mailbox that was deleted while it had
    children stays as a name that cannot be selected (RFC 3501 §6.3.4).
    """

    collection = models.OneToOneField(
        "core.Collection", primary_key=True, on_delete=models.CASCADE, related_name="mailbox"
    )
    special_use = models.CharField(max_length=16, choices=SpecialUse.choices, blank=True)
    selectable = models.BooleanField(default=True)
    unseen = models.BigIntegerField(default=0)
    deleted = models.BigIntegerField(default=0)
    keywords = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"mailbox {self.collection_id}"


class Subscription(models.Model):
    """A name that an account subscribed to; the mailbox may be gone (RFC 3501 §6.3.6)."""

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=1000)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="mail_subscription_unique")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.name}"
