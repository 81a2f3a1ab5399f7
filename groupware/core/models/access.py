"""Who may do what, and with which credential."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Grant(models.Model):
    """Rights of one grantee on one collection, or on everything an account owns.

    `rights` holds the letters of RFC 4314 §2.1; `named_rights` the space-separated names
    outside them: free-busy, private, send-as, send-on-behalf, manage.
    """

    account = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="grants_given"
    )
    collection = models.ForeignKey(
        "core.Collection", null=True, on_delete=models.CASCADE, related_name="grants"
    )
    grantee_account = models.ForeignKey(
        "core.Account", null=True, on_delete=models.CASCADE, related_name="grants_held"
    )
    grantee_group = models.ForeignKey(
        "core.Group", null=True, on_delete=models.CASCADE, related_name="grants_held"
    )
    grantee_domain = models.ForeignKey(
        "core.Domain", null=True, on_delete=models.CASCADE, related_name="grants_held"
    )
    rights = models.CharField(max_length=32, blank=True)
    named_rights = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(
                    Q(grantee_account__isnull=False)
                    & Q(grantee_group__isnull=True)
                    & Q(grantee_domain__isnull=True)
                )
                | (
                    Q(grantee_account__isnull=True)
                    & Q(grantee_group__isnull=False)
                    & Q(grantee_domain__isnull=True)
                )
                | (
                    Q(grantee_account__isnull=True)
                    & Q(grantee_group__isnull=True)
                    & Q(grantee_domain__isnull=False)
                ),
                name="core_grant_one_grantee",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.collection_id or '*'}: {self.rights}"


class AppPassword(models.Model):
    """A password for one device or program, shown once at creation.

    The secret has 128 random bits, so a plain SHA-256 of it is enough; `scopes` are the
    space-separated protocols that take it (imap pop3 smtp dav api).
    """

    account = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="app_passwords"
    )
    public_id = models.CharField(max_length=16, unique=True)
    secret_sha256 = models.BinaryField(max_length=32)
    label = models.CharField(max_length=100)
    scopes = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.public_id} ({self.label})"


class LoginThrottle(models.Model):
    """Failed logins of one (account, network); the account itself is never locked.

    `last_secret_mac` lets the same stale password count once, however often an old phone
    repeats it.
    """

    login = models.CharField(max_length=320)
    network = models.CharField(max_length=49)
    failures = models.IntegerField(default=0)
    last_secret_mac = models.BinaryField(max_length=16)
    last_failure_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["login", "network"], name="core_throttle_unique")
        ]

    def __str__(self) -> str:
        return f"{self.login} from {self.network}: {self.failures}"
