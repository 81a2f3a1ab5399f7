"""Accounts that come by a file: what was shown of it, and how far it is carried out."""

from typing import ClassVar

from django.db import models


class ImportState(models.TextChoices):
    """How far an import is."""

    PREVIEW = "preview"
    RUNNING = "running"
    DONE = "done"


class RowOutcome(models.TextChoices):
    """What a row of the file comes to."""

    CREATE = "create"
    CHANGE = "change"
    UNCHANGED = "unchanged"
    FAULT = "fault"


class RowState(models.TextChoices):
    """How far a row is; of what is unchanged or wrong nothing is to be done."""

    NOTHING = "nothing"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class AccountImport(models.Model):
    """A file of accounts as it was shown, and carried out when somebody confirmed it.

    `account` is who asked, null for a command. `digest` is the sealed fingerprint of the file and of
    what was asked for: a command that is run again goes on by it. `unread` are columns of no meaning.
    """

    account = models.ForeignKey(
        "core.Account", null=True, on_delete=models.CASCADE, related_name="imports"
    )
    network = models.CharField(max_length=64, blank=True)
    digest = models.BinaryField(max_length=32)
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.PREVIEW)
    invites = models.BooleanField()
    language = models.CharField(max_length=8)
    unread = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state"], name="core_accountimport_state")]

    def __str__(self) -> str:
        return f"import of accounts {self.pk}: {self.state}"


class AccountImportRow(models.Model):
    """One row: what the file says, what comes of it, and what became of it.

    `changes` are [field, before, after]. `secret` is sealed: the password that the file gives until the
    row is done, then the one that was made, or what the invitation's link holds, until it is loaded.
    """

    held_by = models.ForeignKey(AccountImport, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    address = models.CharField(max_length=320)
    wanted = models.JSONField()
    outcome = models.CharField(max_length=9, choices=RowOutcome.choices)
    changes = models.JSONField()
    reason = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=7, choices=RowState.choices)
    secret = models.BinaryField(default=b"")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["held_by", "state"], name="core_accountimportrow_state")
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.outcome}, {self.state}"
