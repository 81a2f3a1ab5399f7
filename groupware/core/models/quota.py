"""That somebody was told how full the account is."""

from django.db import models


class QuotaWarning(models.Model):
    """The highest percentage of its quota that an account's owner is warned of, once.

    The row is written in the transaction that crosses it, and lowered or removed when the account
    has fallen well below. `is_told` turns true in the transaction that writes the message.
    """

    account = models.OneToOneField("core.Account", primary_key=True, on_delete=models.CASCADE)
    percent = models.SmallIntegerField()
    is_told = models.BooleanField()
    noted_at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.account_id} is at {self.percent} %"
