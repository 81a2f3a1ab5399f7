"""What the REST API keeps: answers to requests that may be sent again."""

from typing import ClassVar

from django.db import models


class IdempotencyKey(models.Model):
    """A request that was begun with a key, and its answer once there is one.

    `fingerprint` is of method, URL and body. `answer` is sealed (status, header fields and body as JSON):
    it may hold what is told once, such as a new app password. Without one the request is at work,
    or nobody knows what became of it. `created_at` is in epoch seconds.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    answer = models.BinaryField(null=True)
    created_at = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "key"], name="rest_idempotency_unique")
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="rest_idempotency_age")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.key}"
