"""What submission keeps: how much an account has sent of late, and its copies in Sent."""

from typing import ClassVar

from django.db import models


class SubmissionUse(models.Model):
    """What an account submitted within one minute; `minute` counts from the epoch."""

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    minute = models.BigIntegerField()
    messages = models.IntegerField()
    recipients = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "minute"], name="mail_submissionuse_unique")
        ]
        indexes: ClassVar = [models.Index(fields=["minute"], name="mail_submissionuse_minute")]

    def __str__(self) -> str:
        return f"{self.account_id} at {self.minute}: {self.messages} to {self.recipients}"


class SentCopy(models.Model):
    """A copy of a submitted message that the server filed, for as long as a client may file it too.

    `account` owns the mailbox; the message may be gone from it. `submitter` sent it, and alone may
    put another in its place. `message_id` is without its angle brackets; `filed_at` is in epoch
    seconds.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    collection = models.ForeignKey("core.Collection", on_delete=models.CASCADE)
    uid = models.BigIntegerField()
    submitter = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    message_id = models.TextField()
    filed_at = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "filed_at"], name="mail_sentcopy_account"),
            models.Index(fields=["filed_at"], name="mail_sentcopy_filed_at"),
        ]

    def __str__(self) -> str:
        return f"{self.collection_id}/{self.uid}: <{self.message_id}>"


class SentCopyPolicy(models.Model):
    """Whether the server files what is sent as an account in Sent; without a row it does."""

    account = models.OneToOneField("core.Account", primary_key=True, on_delete=models.CASCADE)
    is_on = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.account_id}: {'on' if self.is_on else 'off'}"
