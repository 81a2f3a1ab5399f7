"""What must happen, as rows written in the transaction that decided it."""

from typing import ClassVar

from django.db import models


class OutboxRow(models.Model):
    """One piece of work, worked off at least once by the handler of its topic.

    Invariant: a handler is idempotent, because a crash between its effect and the removal of
    the row makes it run again. `run_after` and the times are epoch seconds.
    """

    account = models.ForeignKey(
        "core.Account", null=True, on_delete=models.CASCADE, related_name="outbox"
    )
    topic = models.CharField(max_length=64)
    payload = models.JSONField()
    created_at = models.BigIntegerField()
    run_after = models.BigIntegerField()
    attempts = models.IntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["run_after"], name="core_outbox_due")]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"
