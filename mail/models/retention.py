"""What is removed from mailboxes by age, and what must not be removed at all."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class RetentionAction(models.TextChoices):
    """What becomes of a message that is old enough; KEEP excepts from a wider rule."""

    ARCHIVE = "archive"
    TRASH = "trash"
    DELETE = "delete"
    KEEP = "keep"


class RetentionAge(models.TextChoices):
    """From when the age of a message counts: its internal date, or when it came into its mailbox."""

    RECEIVED = "received"
    ARRIVED = "arrived"


class RetentionRule(models.Model):
    r"""One rule: of a mailbox (`collection`, with its owner), or of all mailboxes of one `use`.

    `use` is a special use or "INBOX", and reaches an account, a domain, or where both are null the
    installation. `spares_flagged`: what is `\Flagged` stays. `run_at` is when it was last done for
    all that it reaches, 0 for never (epoch seconds).
    """

    domain = models.ForeignKey("core.Domain", null=True, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(
        "core.Account", null=True, on_delete=models.CASCADE, related_name="+"
    )
    collection = models.ForeignKey(
        "core.Collection", null=True, on_delete=models.CASCADE, related_name="+"
    )
    use = models.CharField(max_length=16, blank=True)
    days = models.IntegerField()
    action = models.CharField(max_length=8, choices=RetentionAction.choices)
    age = models.CharField(max_length=8, choices=RetentionAge.choices)
    spares_flagged = models.BooleanField()
    run_at = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["collection"],
                condition=Q(collection__isnull=False),
                name="mail_retention_mailbox",
            ),
            models.UniqueConstraint(
                fields=["account", "use"],
                condition=Q(account__isnull=False, collection__isnull=True),
                name="mail_retention_account",
            ),
            models.UniqueConstraint(
                fields=["domain", "use"],
                condition=Q(domain__isnull=False),
                name="mail_retention_domain",
            ),
            models.UniqueConstraint(
                fields=["use"],
                condition=Q(account__isnull=True, domain__isnull=True),
                name="mail_retention_all",
            ),
        ]

    def __str__(self) -> str:
        return f"retention rule {self.pk}: {self.action} after {self.days} days"


class RetentionHold(models.Model):
    """That nothing of an account, or of one mailbox of it, may be lost.

    `mailbox_id` is the mailbox's collection, 0 for the whole account; `mailbox` its name when the
    hold was made. The mailbox may be gone, the hold stays: its id is never another's.
    """

    account = models.ForeignKey("core.Account", on_delete=models.PROTECT, related_name="+")
    mailbox_id = models.BigIntegerField(default=0)
    mailbox = models.CharField(max_length=1000, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "mailbox_id"], name="mail_hold_once")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.mailbox or '*'} on hold"
