"""What is kept of devices and logins for a time only, and what ends with a credential."""

from django.db.models import Exists, OuterRef

from groupware.core import db, limits
from groupware.core.clock import epoch
from groupware.core.models import Collection, Device, DeviceState, LoginHour

BATCH = 1_000
"""Rows that one transaction removes."""


def expire() -> int:
    """Remove what was not seen for `DEVICES_DAYS`, and counts as old; return how many rows."""
    before = epoch() - limits.DEVICES_DAYS.value * 24 * 3600
    gone = Collection.objects.filter(pk=OuterRef("collection_id"))
    past = (
        Device.objects.filter(last_seen__lt=before),
        LoginHour.objects.filter(hour__lt=before),
        DeviceState.objects.filter(~Exists(gone)),
    )
    total = 0
    for rows in past:
        while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
            with db.write_transaction():
                # The same condition again: the device may have come since the keys were read.
                rows.filter(pk__in=keys).delete()
            total += len(keys)
    return total


def forget_credential(account_id: int, credential: str, credential_key: str) -> None:
    """Forget the devices that came with a credential which opens nothing any more.

    In the transaction that ends it. `credential` is app-password or token.
    """
    with db.write_transaction():
        Device.objects.filter(
            account_id=account_id, credential=credential, credential_key=credential_key
        ).delete()
