"""Who connects to an account, with what, and up to where he knows it; logins by the hour."""

from typing import ClassVar

from django.db import models


class Device(models.Model):
    """A program that came to an account, by protocol, as far as programs can be told apart.

    `key` is a digest of what tells it from others: the credential, and what it calls itself, without
    the numbers of its version; without a name, the network that it comes from. `credential` is
    password, app-password or token; `credential_key` which one. `client` is what it calls itself,
    `network` where it came from last. `first_seen` and `last_seen` are epoch seconds.
    """

    account = models.ForeignKey(
        "core.Account", on_delete=models.CASCADE, related_name="devices", db_index=False
    )
    protocol = models.CharField(max_length=16)
    key = models.CharField(max_length=32)
    credential = models.CharField(max_length=16)
    credential_key = models.CharField(max_length=64, blank=True)
    client = models.CharField(max_length=200, blank=True)
    network = models.CharField(max_length=64)
    first_seen = models.BigIntegerField()
    last_seen = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "protocol", "key"], name="core_device_unique"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["last_seen"], name="core_device_age")]

    def __str__(self) -> str:
        return f"{self.client or self.network} at {self.account_id} by {self.protocol}"


class DeviceState(models.Model):
    """Up to which modseq a device was told of one collection; `moment` is epoch seconds.

    Of the directory as the device is: the collection's key is no foreign key, since it lies in the
    store, and may be gone.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, db_index=False)
    collection_id = models.BigIntegerField()
    modseq = models.BigIntegerField()
    moment = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device", "collection_id"], name="core_devicestate_one")
        ]

    def __str__(self) -> str:
        return f"{self.device_id} knows {self.collection_id} to {self.modseq}"


class LoginHour(models.Model):
    """How many logins there were in an hour, which begins at `hour` (epoch seconds).

    `domain_id` is 0 where somebody tried a name that is in no domain here; else a domain's key, which
    may be gone.
    """

    hour = models.BigIntegerField()
    domain_id = models.BigIntegerField()
    protocol = models.CharField(max_length=16)
    succeeded = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    throttled = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hour", "domain_id", "protocol"], name="core_loginhour_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour} {self.protocol}: {self.succeeded}, {self.failed} failed"
