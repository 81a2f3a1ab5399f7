"""The second factor of an account: what makes its codes, and what opens without them."""

from typing import ClassVar

from django.db import models


class SecondFactor(models.Model):
    """The secret of an account's one-time codes (RFC 6238).

    `sealed_secret` is sealed by `groupware.core.sealing`. It counts from `confirmed_at` on, and
    `Account.second_factor` says the same. Invariant: a code of a step up to `last_step` was taken
    and is never taken again.
    """

    account = models.OneToOneField(
        "core.Account", on_delete=models.CASCADE, related_name="second_factor_row"
    )
    sealed_secret = models.BinaryField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"second factor of {self.account_id}"


class RecoveryCode(models.Model):
    """A code that opens once where the second factor is lost; it has 80 random bits."""

    account = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="recovery_codes"
    )
    sha256 = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "sha256"], name="identity_recovery_unique")
        ]

    def __str__(self) -> str:
        return f"recovery code of {self.account_id}"
