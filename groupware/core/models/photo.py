"""Photos of accounts, for the directory; beside the narrow rows that every login reads."""

from django.db import models

from groupware.core.models.keys import RowKey


class AccountPhoto(models.Model):
    """The picture that others see of an account; `etag` is made of its octets."""

    account = RowKey(
        "core.Account", primary_key=True, on_delete=models.CASCADE, related_name="photo"
    )
    media_type = models.CharField(max_length=40)
    etag = models.CharField(max_length=64)
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"photo of {self.account_id}"
