"""The outbound queue: what is to be sent to other servers, and how far that has come."""

from typing import ClassVar

from django.db import models


class QueuedMessage(models.Model):
    """A message for other servers, until all its recipients are settled.

    `prefix` are the header fields before the bytes of the blob: trace, signatures, what was added
    at submission. `mail_from` is the envelope sender as it goes out, "" for the null sender.
    `account` is who submitted it, null for what was forwarded and what the server itself wrote.
    `inbound` is the id that the message had as `Inbound` with `source` the address that led
    outside: once each, whatever crashes. The times are epoch seconds.
    """

    account = models.ForeignKey(
        "core.Account", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    blob = models.ForeignKey("core.Blob", on_delete=models.PROTECT, related_name="+")
    prefix = models.BinaryField()
    mail_from = models.CharField(max_length=1100, blank=True)
    ret = models.CharField(max_length=4, blank=True)
    envid = models.CharField(max_length=100, blank=True)
    is_8bit = models.BooleanField()
    is_utf8 = models.BooleanField()
    inbound = models.BigIntegerField()
    source = models.CharField(max_length=1100, blank=True)
    created_at = models.BigIntegerField()
    expires_at = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inbound", "source"], name="mail_queued_once")
        ]

    def __str__(self) -> str:
        return f"queued {self.pk} from <{self.mail_from}>"


class QueuedRecipient(models.Model):
    """One recipient of a queued message; the row goes when it is settled.

    `destination` is the domain to look up, a lower-case A-label or an address literal. The row is
    tried from `next_attempt_at` on, unless `is_held`, by whoever has it leased: nobody else does
    before `leased_until`, which its holder moves ahead while it lives. `code`, `status` and
    `reply` are what was said last, by `host` where a server said it (RFC 3464 §2.3).
    `was_warned`: the sender knows that it takes long.
    """

    message = models.ForeignKey(QueuedMessage, on_delete=models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=1100)
    destination = models.CharField(max_length=255)
    notify = models.CharField(max_length=32, blank=True)
    orcpt = models.CharField(max_length=1100, blank=True)
    is_held = models.BooleanField(default=False)
    was_warned = models.BooleanField(default=False)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.BigIntegerField()
    leased_until = models.BigIntegerField(default=0)
    last_attempt_at = models.BigIntegerField(default=0)
    code = models.SmallIntegerField(default=0)
    status = models.CharField(max_length=16, blank=True)
    reply = models.CharField(max_length=500, blank=True)
    host = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["is_held", "next_attempt_at"], name="mail_queue_due"),
            models.Index(fields=["destination"], name="mail_queue_destination"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to <{self.address}>"
