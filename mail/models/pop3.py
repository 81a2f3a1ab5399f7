"""What POP3 keeps: an account's policy, what a credential does not see, and when it came last."""

from typing import ClassVar

from django.db import models


class DeleteAction(models.TextChoices):
    """What becomes of a message that a POP3 client deleted, at QUIT."""

    DELETE = "delete"
    TRASH = "trash"
    HIDE = "hide"


class Pop3Policy(models.Model):
    r"""How POP3 acts on an account; without a row as the installation's settings say.

    `hide_days` is for how long HIDE hides, 0 for ever. `marks_seen`: RETR sets `\Seen`.
    """

    account = models.OneToOneField("core.Account", primary_key=True, on_delete=models.CASCADE)
    action = models.CharField(max_length=8, choices=DeleteAction.choices)
    hide_days = models.IntegerField()
    marks_seen = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.account_id}: {self.action}"


class Pop3Hidden(models.Model):
    """A message that one credential does not see over POP3 any more.

    `credential` is the id of an app password, 0 the account's own password. `hidden_until` is in
    epoch seconds, 0 for ever. The message may be gone; its UID is never another's.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE)
    collection = models.ForeignKey("core.Collection", on_delete=models.CASCADE, db_index=False)
    credential = models.BigIntegerField()
    uid = models.BigIntegerField()
    hidden_until = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["collection", "credential", "uid"], name="mail_pop3hidden_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.credential} without {self.collection_id}/{self.uid}"


class Pop3Login(models.Model):
    """When a credential logged in last, where the installation has a LOGIN-DELAY."""

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE, db_index=False)
    credential = models.BigIntegerField()
    logged_in_at = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "credential"], name="mail_pop3login_unique")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.credential}: {self.logged_in_at}"
