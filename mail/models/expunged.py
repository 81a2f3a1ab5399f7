"""Expunged messages that can be restored for a while."""

from django.db import models


class ExpungedMessage(models.Model):
    r"""What was known of a message when it was expunged, or its mailbox deleted.

    Holds the blob, so that the bytes stay. Neither an item nor charged to the quota: no client
    sees it. `mailbox_id` is the collection that it was in, `mailbox` that one's name; both may
    be gone, and neither id is ever used again. `prefix` is null where there was none. The rows
    of a store are in the order of their expunging.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE)
    mailbox_id = models.BigIntegerField()
    mailbox = models.CharField(max_length=1000)
    uid = models.BigIntegerField()
    size = models.BigIntegerField()
    flags = models.IntegerField()
    keywords = models.TextField(blank=True)
    prefix = models.BinaryField(null=True)
    internal_date = models.BigIntegerField()
    internal_zone = models.SmallIntegerField()
    email_id = models.BigIntegerField()
    thread_id = models.BigIntegerField()
    blob = models.ForeignKey("core.Blob", on_delete=models.PROTECT)
    expunged_at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.mailbox_id}/{self.uid}"
