"""Sessions of browsers, and what people are called elsewhere."""

from typing import ClassVar

from django.db import models


class WebSession(models.Model):
    """A browser's session; without an account, a sign-in that was begun.

    `key_sha256` is the digest of the cookie's value, so that a copy of the database opens nothing.
    One of an earlier `credential_epoch` than the account's is over.
    """

    key_sha256 = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(
        "core.Account", null=True, on_delete=models.CASCADE, related_name="web_sessions"
    )
    credential_epoch = models.BigIntegerField(default=0)
    data = models.TextField()
    network = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"web session of {self.account_id}"


class OutsideIdentity(models.Model):
    """What an identity provider calls the person of an account: its subject there.

    `provider` is its issuer. Made by the person alone, who is signed in at both; an address that is
    equal needs none.
    """

    account = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="outside_identities"
    )
    provider = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "subject"], name="identity_outside_subject_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.provider} is {self.account_id}"
