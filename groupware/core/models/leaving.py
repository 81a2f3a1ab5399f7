"""The beginning and the end of somebody's time here: invitations, exports, departures."""

from typing import ClassVar

from django.db import models


class Invitation(models.Model):
    """A link by which a person chooses the first password; it is removed when it was used.

    `digest` is the SHA-256 of what the link holds: who reads the database opens nothing with it.
    """

    account = models.OneToOneField("core.Account", on_delete=models.CASCADE)
    digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.CharField(max_length=320)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"invitation of {self.account_id}"


class ExportState(models.TextChoices):
    """How far an export is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class AccountExport(models.Model):
    """Everything of an account in one file, DATA/exports/NAME.zip; it may outlive the account.

    Whoever works at it holds it until `leased_until`; after that somebody else may begin anew.
    `run` names who holds it, or held it last. `share` is how much is done, of 1.
    """

    account = models.ForeignKey(
        "core.Account", null=True, on_delete=models.SET_NULL, related_name="exports"
    )
    domain = models.ForeignKey("core.Domain", on_delete=models.CASCADE, related_name="+")
    login = models.CharField(max_length=320)
    name = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    share = models.FloatField(default=0.0)
    trouble = models.CharField(max_length=500, blank=True)
    size = models.BigIntegerField(default=0)
    asked_by = models.CharField(max_length=320)
    asked_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    run = models.CharField(max_length=16, blank=True, default="")
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "leased_until"])]

    def __str__(self) -> str:
        return f"{self.login}: {self.state}"


class Departure(models.Model):
    """An account that is disabled, and deleted at `due_at` unless somebody wants it back.

    `successor` gets its mail, calendars and contacts, and its addresses; `last_export` is the one
    that is made when the time has come. `trouble` says why it is not gone though it is due.
    `quota_bytes` is the account's own quota while nothing more is let into it; null otherwise.
    `was_active` and `rights_before`, what the successor had been granted on the whole account, are
    what is put back where the departure is undone.
    """

    account = models.OneToOneField("core.Account", on_delete=models.CASCADE)
    successor = models.ForeignKey(
        "core.Account", null=True, on_delete=models.CASCADE, related_name="+"
    )
    wants_export = models.BooleanField()
    last_export = models.ForeignKey(
        AccountExport, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    trouble = models.CharField(max_length=500, blank=True)
    quota_bytes = models.BigIntegerField(null=True)
    was_active = models.BooleanField(default=True)
    rights_before = models.CharField(max_length=250, blank=True, default="")
    asked_by = models.CharField(max_length=320)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    tried_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"departure of {self.account_id} at {self.due_at:%Y-%m-%d}"
