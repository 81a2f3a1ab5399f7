"""As whom somebody writes: a name, an address, and what stands below."""

from typing import ClassVar

from django.db import models


class Identity(models.Model):
    """An identity of an account; whether it may send from the address is asked when it does.

    `modseq` is that of its last change; `signature_html` is clean (`mail.reading.html`), as it was
    written. One of an account is its usual one, or none.
    """

    account = models.ForeignKey("core.Account", on_delete=models.CASCADE)
    address = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    reply_to = models.CharField(max_length=320, blank=True)
    signature_text = models.TextField(blank=True)
    signature_html = models.TextField(blank=True)
    is_default = models.BooleanField(default=False)
    modseq = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(is_default=True),
                name="mail_identity_one_default",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.name} <{self.address}>"
