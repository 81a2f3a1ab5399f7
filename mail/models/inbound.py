"""Messages that were taken and are on their way to whom they are for."""

from typing import ClassVar

from django.db import models


class Inbound(models.Model):
    """A message that this server has answered for with 250, until all its recipients are settled.

    Invariant: the row is committed before the reply. `prefix` are the header fields that are put
    before the bytes of the blob for all recipients: Received, Authentication-Results, and what
    was added or signed at submission. `mail_from` is "" for the null sender. `account` is who
    submitted it, null for what came from outside and for what the server itself wrote.
    `is_trusted` is true where its author is known: submitted here, or passed DMARC. `is_junk`:
    it is for Junk. Whoever took it fans it out at once; from `next_attempt_at` on the sweep does,
    and `last_error` says why it had to (docs/adr/0037). The times are epoch seconds.
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
    is_trusted = models.BooleanField()
    is_junk = models.BooleanField()
    received_at = models.BigIntegerField()
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.BigIntegerField(db_index=True, default=0)
    last_error = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"inbound {self.pk} from <{self.mail_from}>"


class InboundRecipient(models.Model):
    """One RCPT of a message that is on its way; the row goes when it is settled.

    `notify` and `orcpt` as in `mail.flow.envelopes.EnvelopeRecipient`. `is_relayed`: the queue has
    what it leads to outside, while accounts that it leads to are still to be settled. `expansion`
    is whom an address of several led to when its message was taken, written where one of them
    waits (`mail.services.targets.dump_target`): whoever joins a list later gets nothing of it.
    `was_warned`: the sender knows that it takes long.
    """

    inbound = models.ForeignKey(Inbound, on_delete=models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=1100)
    notify = models.CharField(max_length=32, blank=True)
    orcpt = models.CharField(max_length=1100, blank=True)
    is_relayed = models.BooleanField(default=False)
    expansion = models.TextField(blank=True, db_default="")
    was_warned = models.BooleanField(db_default=False)

    def __str__(self) -> str:
        return f"{self.inbound_id} to <{self.address}>"


class InboundDelivery(models.Model):
    """That an account has got a message, written with it: nobody gets one twice after a crash."""

    inbound = models.ForeignKey(
        Inbound, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["inbound", "account"], name="mail_inbound_once")
        ]

    def __str__(self) -> str:
        return f"{self.inbound_id} is in {self.account_id}"
