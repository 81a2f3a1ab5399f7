"""What is known of a message's bytes, once per blob, so that metadata never opens the blob."""

from typing import ClassVar

from django.db import models


class MessageContent(models.Model):
    """The index of one blob, made in one pass on arrival (`mail.mime.index`).

    `envelope` and `bodystructure` are ready IMAP wire forms; `parts` the offsets of every
    section in the blob; `header_fields` the raw lines of the fields that clients list
    messages by. `sent_at` is epoch seconds of Date:, null where unreadable. `index_version`
    tells which code made the row.
    """

    blob = models.OneToOneField("core.Blob", primary_key=True, on_delete=models.CASCADE)
    index_version = models.SmallIntegerField()
    header_size = models.BigIntegerField()
    envelope = models.BinaryField()
    bodystructure = models.BinaryField()
    parts = models.BinaryField()
    header_fields = models.BinaryField()
    sent_at = models.BigIntegerField(null=True)
    base_subject = models.TextField(blank=True)
    message_id = models.TextField(blank=True)
    references = models.TextField(blank=True)
    preview = models.CharField(max_length=256, blank=True)

    def __str__(self) -> str:
        return f"content of blob {self.blob_id}"


class SearchText(models.Model):
    """Which blobs the full-text index holds; a blob without a row is in the unindexed tail."""

    blob = models.OneToOneField("core.Blob", primary_key=True, on_delete=models.CASCADE)
    version = models.SmallIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["version"], name="mail_searchtext_version")]

    def __str__(self) -> str:
        return f"search text of blob {self.blob_id}"
