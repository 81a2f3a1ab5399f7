"""What is known of a message's bytes, once per blob, so that metadata never opens the blob."""

from typing import ClassVar

from django.db import models

from groupware.core.models.keys import RowKey


class MessageContent(models.Model):
    """The index of one blob, made in one pass on arrival (`mail.mime.index`).

    `envelope` and `bodystructure` are ready IMAP wire forms; `parts` the offsets of every
    section in the blob; `header_fields` the raw lines of the fields that clients list
    messages by; `summary` those of From, To, Subject and Date alone, as an IMAP literal.
    `sent_at` is epoch seconds of Date:, null where unreadable; `is_reply` whether the subject
    lost a reply's or forward's mark (RFC 5256 §2.1). `index_version` tells which code made the
    row.
    """

    blob = RowKey("core.Blob", primary_key=True, on_delete=models.CASCADE)
    index_version = models.SmallIntegerField()
    header_size = models.BigIntegerField()
    envelope = models.BinaryField()
    bodystructure = models.BinaryField()
    parts = models.BinaryField()
    header_fields = models.BinaryField()
    sent_at = models.BigIntegerField(null=True)
    base_subject = models.TextField(blank=True)
    is_reply = models.BooleanField(default=False)
    message_id = models.TextField(blank=True)
    references = models.TextField(blank=True)
    preview = models.CharField(max_length=256, blank=True)
    summary = models.BinaryField()

    def __str__(self) -> str:
        return f"content of blob {self.blob_id}"


class SearchSegment(models.Model):
    """An index of trigrams over the texts of up to `slots` blobs, written once.

    Blobs that are collected leave their bits behind; when most of them are gone the segment is
    dissolved, and what is left of it goes into a later one.
    """

    slots = models.IntegerField()

    def __str__(self) -> str:
        return f"search segment {self.pk}"


class SearchPage(models.Model):
    """Part of a segment: for some hashes of trigrams the bitmaps of the slots that hold one."""

    segment = models.ForeignKey(SearchSegment, db_index=False, on_delete=models.CASCADE)
    number = models.IntegerField()
    bitmaps = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["segment", "number"], name="mail_searchpage_unique")
        ]

    def __str__(self) -> str:
        return f"page {self.number} of search segment {self.segment_id}"


class SearchText(models.Model):
    """What search compares of a blob; a blob without a row is in the unindexed tail.

    `subject`, `sender`, `recipients` and `cc` are folded header fields, null where too long;
    `text` is the packed text (`mail.services.search_text`), empty where too long: what is not
    here is read from the blob. `segment` is null until one holds the text's trigrams.
    """

    blob = RowKey("core.Blob", primary_key=True, on_delete=models.CASCADE)
    version = models.SmallIntegerField()
    segment = models.ForeignKey(SearchSegment, null=True, db_index=False, on_delete=models.SET_NULL)
    slot = models.IntegerField(default=0)
    subject = models.BinaryField(null=True)
    sender = models.BinaryField(null=True)
    recipients = models.BinaryField(null=True)
    cc = models.BinaryField(null=True)
    text = models.BinaryField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["version", "segment"], name="mail_searchtext_version")
        ]

    def __str__(self) -> str:
        return f"search text of blob {self.blob_id}"
