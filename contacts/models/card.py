"""Cards: what is known of each, made of the bytes in `core_resourcedata` at PUT."""

from django.db import models

from groupware.core.models.keys import RowKey


class Card(models.Model):
    """The columns of one card.

    `kind` is individual, group, org or location (RFC 6350 §6.1.4). `names` are family and given
    name; `mails` and `phones` are folded, a line for each; `birthday` is as in vCard 4 (`1970-05-04`,
    `--0504`). `text` is folded text of all that a person searches for.
    """

    resource = RowKey(
        "core.Resource", primary_key=True, on_delete=models.CASCADE, related_name="card"
    )
    kind = models.CharField(max_length=16)
    full_name = models.TextField(blank=True)
    names = models.TextField(blank=True)
    mails = models.TextField(blank=True)
    phones = models.TextField(blank=True)
    birthday = models.CharField(max_length=32, blank=True)
    text = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.full_name
