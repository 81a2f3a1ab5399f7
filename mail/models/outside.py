"""Mailboxes elsewhere: where they are, what was fetched from them, and whom they send as."""

from typing import ClassVar

from django.db import models


class OutsideProtocol(models.TextChoices):
    """How an outside account is read."""

    IMAP = "imap"
    POP3 = "pop3"


class OutsideTls(models.TextChoices):
    """How a connection is encrypted; NONE is for networks that an admin has named."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


class OutsideAfter(models.TextChoices):
    r"""What becomes of a message there, after it was fetched: SEEN sets `\Seen` (IMAP)."""

    LEAVE = "leave"
    SEEN = "seen"
    DELETE = "delete"


class OutsideState(models.TextChoices):
    """Whether it is fetched; what the other side does not let in stops by itself."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class OutsideAccount(models.Model):
    """An account elsewhere whose mail an account here gets.

    `name` tells an account's outside ones apart. `secret` is sealed (groupware.core.sealing). A
    message is deleted there `delete_days` after it was fetched. The times are epoch seconds: it is
    due at `next_at`, and left alone until `leased_until` by all but who fetches it. `failures` are
    attempts in a row that failed, `refusals` logins in a row that were refused. `outcome` says to a
    person how the last attempt ended, `failed_since` is 0 where it ended well; `was_told`: a
    message about it lies in the account's mailbox.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    protocol = models.CharField(max_length=8, choices=OutsideProtocol.choices)
    host = models.CharField(max_length=253)
    port = models.IntegerField()
    tls = models.CharField(max_length=8, choices=OutsideTls.choices)
    user = models.CharField(max_length=320)
    secret = models.BinaryField()
    after = models.CharField(max_length=8, choices=OutsideAfter.choices)
    delete_days = models.IntegerField(default=0)
    seconds = models.IntegerField()
    state = models.CharField(max_length=8, choices=OutsideState.choices)
    created_at = models.BigIntegerField()
    next_at = models.BigIntegerField()
    leased_until = models.BigIntegerField(default=0)
    last_at = models.BigIntegerField(default=0)
    failed_since = models.BigIntegerField(default=0)
    failures = models.IntegerField(default=0)
    refusals = models.IntegerField(default=0)
    was_told = models.BooleanField(default=False)
    outcome = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="mail_outside_name")
        ]
        indexes: ClassVar = [models.Index(fields=["state", "next_at"], name="mail_outside_due")]

    def __str__(self) -> str:
        return f"{self.name} of {self.account_id}"


class OutsideMailbox(models.Model):
    """A mailbox of an outside account, and where its mail goes.

    `target` is a mailbox here; with an empty `path` the mail is filed as what is delivered is.
    Where `path` is said and `target` is gone nothing is fetched until somebody says where to.
    What is not `is_fetched` any more keeps what is known of it.
    """

    outside = models.ForeignKey(
        OutsideAccount, on_delete=models.CASCADE, related_name="mailboxes", db_index=False
    )
    name = models.CharField(max_length=1000)
    path = models.CharField(max_length=1000, blank=True)
    target = models.ForeignKey(
        "core.Collection", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_fetched = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["outside", "name"], name="mail_outside_mailbox")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.outside_id}"


class OutsideMessage(models.Model):
    """A message elsewhere that was dealt with, written with what was appended for it.

    It is named by `uid_validity` and `uid` over IMAP, by `uidl` over POP3; `digest` is the SHA-256
    of its bytes. `problem` says why it was not fetched, and `attempts` how often that was tried.
    `done` is what was done with it there, of `DONE_SEEN` and `DONE_DELETED`.
    """

    outside = models.ForeignKey(
        OutsideAccount, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    mailbox = models.ForeignKey(
        OutsideMailbox, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    uid_validity = models.BigIntegerField(default=0)
    uid = models.BigIntegerField(default=0)
    uidl = models.CharField(max_length=255, blank=True)
    digest = models.BinaryField(max_length=32)
    size = models.BigIntegerField()
    fetched_at = models.BigIntegerField()
    attempts = models.SmallIntegerField(default=0)
    done = models.SmallIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mailbox", "uid_validity", "uid", "uidl"], name="mail_outside_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["outside", "digest"], name="mail_outside_digest")]

    def __str__(self) -> str:
        return f"{self.uid or self.uidl} of {self.mailbox_id}"


DONE_SEEN = 1
DONE_DELETED = 2


class OutsideSender(models.Model):
    """An address elsewhere as which an account here sends, and the server that takes its mail."""

    account = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    address = models.CharField(max_length=320)
    host = models.CharField(max_length=253)
    port = models.IntegerField()
    tls = models.CharField(max_length=8, choices=OutsideTls.choices)
    user = models.CharField(max_length=320)
    secret = models.BinaryField()
    created_at = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "address"], name="mail_outside_sender")
        ]

    def __str__(self) -> str:
        return f"{self.address} of {self.account_id}"
