"""The keys that domains sign their mail with."""

from typing import ClassVar

from django.db import models


class KeyState(models.TextChoices):
    """What a key is for now; the DNS holds the public half of all of them."""

    WAITING = "waiting"
    ACTIVE = "active"
    RETIRED = "retired"


class DkimKey(models.Model):
    """A key of a domain for DKIM and ARC.

    `private_key` is sealed (`groupware.core.sealing`). Of each algorithm at most one key is active;
    a waiting one is to be published first, a retired one stays in the DNS until what it signed has
    arrived. Other names of a domain are signed for with its keys.
    """

    domain = models.ForeignKey("core.Domain", on_delete=models.CASCADE, related_name="+")
    selector = models.CharField(max_length=63)
    algorithm = models.CharField(max_length=8)
    private_key = models.BinaryField()
    state = models.CharField(max_length=8, choices=KeyState.choices)
    created_at = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["domain", "selector"], name="mail_dkim_selector")
        ]

    def __str__(self) -> str:
        return f"{self.selector} of {self.domain_id}"
