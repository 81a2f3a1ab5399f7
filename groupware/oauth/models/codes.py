"""Codes that were exchanged: what came of them ends when one is shown again."""

from django.db import models


class UsedCode(models.Model):
    """A code that became tokens; `first_token` is the number of the first refresh token of them.

    `code` is its digest. It is kept as long as that token is: who shows the code again after it was
    used has stolen it, or what came of it was stolen (RFC 6749 §4.1.2). The number is no foreign key,
    as the tables of the toolkit stand on those of this app already.
    """

    code = models.CharField(max_length=64, unique=True)
    first_token = models.BigIntegerField()

    def __str__(self) -> str:
        return f"a code that became {self.first_token}"
