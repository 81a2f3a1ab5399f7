"""Messages: one narrow row each, so that ten thousand of them are read in milliseconds."""

from typing import ClassVar

from django.db import models

from groupware.core.models.keys import RowKey
from groupware.core.models.store import Item


class Message(Item):
    r"""One message in one mailbox: prefix + blob.

    Its flags are in the text of its `MessageChunk`, which also raises its modseq. `size` is the
    sum of both, with NUL octets counted as they are; `keywords` are space-separated and sorted.
    `internal_date` is epoch seconds, `internal_zone` minutes east of UTC, as given.
    `email_id` is the same for all copies of a message in its account (RFC 8474).
    """

    blob = models.ForeignKey("core.Blob", on_delete=models.PROTECT)
    uid = models.BigIntegerField()
    keywords = models.TextField(blank=True)
    prefix_size = models.IntegerField(default=0)
    internal_date = models.BigIntegerField()
    internal_zone = models.SmallIntegerField(default=0)
    saved_at = models.BigIntegerField()
    email_id = models.BigIntegerField()
    thread_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["collection", "uid"], name="mail_message_uid")
        ]

    def __str__(self) -> str:
        return f"{self.collection_id}/{self.uid}"


class MessageChunk(models.Model):
    r"""What all messages of one chunk change most: 256 consecutive UIDs of a mailbox.

    `flags` has a character for each UID (`mail.chunkflags`), `\Seen` in it being the owner's.
    `modseq` is the highest of its messages': who asks what changed reads the chunks that did.
    A change of every message of the chunk only raises `all_modseq`: the modseq of a message is
    the greater of that and its own (docs/adr/0015, 0023).

    Invariant: `modseq` is never below that of a message in the chunk, nor below `all_modseq`; it
    may be above. A message has a character, and a character but for `-` a message.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    collection = models.ForeignKey("core.Collection", on_delete=models.CASCADE, db_index=False)
    chunk = models.BigIntegerField()
    modseq = models.BigIntegerField()
    all_modseq = models.BigIntegerField()
    flags = models.CharField(max_length=256)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["collection", "chunk"], name="mail_chunk_unique")
        ]

    def __str__(self) -> str:
        return f"{self.collection_id}/{self.chunk}: {self.modseq}"


class MessagePrefix(models.Model):
    """The trace header fields that this server added for one recipient."""

    message = RowKey(Message, primary_key=True, on_delete=models.CASCADE, related_name="prefix")
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"prefix of {self.message_id}"


class MessageReader(models.Model):
    r"""`\Seen` of a reader who does not own the mailbox, under the owner's account."""

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    collection = models.ForeignKey("core.Collection", on_delete=models.CASCADE, db_index=False)
    uid = models.BigIntegerField()
    reader = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="read_messages"
    )
    seen = models.BooleanField()
    modseq = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["collection", "reader", "uid"], name="mail_reader_unique"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["collection", "reader", "modseq", "seen"], name="mail_reader_modseq"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reader_id} in {self.collection_id}/{self.uid}"


class ThreadReference(models.Model):
    """Which thread a Message-ID belongs to in an account (hashes of 63 bits)."""

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    message_id_hash = models.BigIntegerField()
    thread_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "message_id_hash"], name="mail_threadref_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.message_id_hash} in {self.thread_id}"
