"""Where messages went, how much mail there is by the hour, and what administrators were told."""

from typing import ClassVar

from django.db import models


class Step(models.TextChoices):
    """What became of a message at one place of its way."""

    RECEIVED = "received"
    """Answered for: from here on this server has it."""
    REFUSED = "refused"
    EXPANDED = "expanded"
    """It was for a list, whose members get it."""
    DELIVERED = "delivered"
    """In a mailbox. What is filed with the reply has no RECEIVED before it."""
    FORWARDED = "forwarded"
    QUEUED = "queued"
    SENT = "sent"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    """Given up for good; its sender is told where he wants to know."""
    HELD = "held"
    RELEASED = "released"
    DROPPED = "dropped"
    """It ends here, and nobody is told."""


class Direction(models.TextChoices):
    """Into mailboxes here, or to other servers."""

    IN = "in"
    OUT = "out"


class TraceEntry(models.Model):
    """One step of a message on its way; several with one `moment` stand in the order of their ids.

    So that an entry is written without asking for anything and outlives what it names, it holds no
    foreign key. `moment` is in epoch microseconds. `reference` is the number of the `Inbound` row, or
    the session's id where there was none; `queue_id` that of the message in the queue. `domain_id` is
    the domain of ours whose administrators may see it, null for what is nobody's here; `account_id`
    who sent it or has got it. `size` is in octets, `peer` the other server or client, and `detail` what
    was said.
    """

    moment = models.BigIntegerField()
    step = models.CharField(max_length=12, choices=Step.choices)
    message_id = models.CharField(max_length=255, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    queue_id = models.BigIntegerField(null=True)
    sender = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320, blank=True)
    account_id = models.BigIntegerField(null=True)
    domain_id = models.BigIntegerField(null=True)
    size = models.BigIntegerField(default=0)
    peer = models.CharField(max_length=255, blank=True)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["moment"], name="mail_trace_moment"),
            models.Index(fields=["domain_id", "moment"], name="mail_trace_domain"),
            models.Index(fields=["message_id"], name="mail_trace_message"),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.message_id} from <{self.sender}> to <{self.recipient}>"


class TrafficHour(models.Model):
    """How much came into the mailboxes of a domain within an hour, or went to other servers.

    `hour` counts from the epoch; `domain_id` is 0 for what is of no domain of ours. Each recipient
    counts: `messages` and `octets` what arrived, `failed` what was refused or given up.
    """

    hour = models.BigIntegerField()
    domain_id = models.BigIntegerField()
    direction = models.CharField(max_length=3, choices=Direction.choices)
    messages = models.BigIntegerField(default=0)
    octets = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hour", "domain_id", "direction"], name="mail_traffichour_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.domain_id} {self.direction} at {self.hour}: {self.messages}"


class AdminNotice(models.Model):
    """When administrators were last told of something by mail; `sent_at` is in epoch seconds."""

    subject = models.CharField(max_length=200, unique=True)
    sent_at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.subject} at {self.sent_at}"
