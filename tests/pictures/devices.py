"""Devices of the team: with what they came, and up to where each knows the account."""

from hashlib import sha256
from typing import NamedTuple

from groupware.core import auth
from groupware.core.models import Account, AppPassword, Collection, Device, DeviceState, Resource
from mail.models import Message
from tests.pictures.shots import DOMAIN

MINUTE, DAY = 60, 86_400


class Known(NamedTuple):
    """A device; `behind` is how many messages of its inbox it was not told of, None: it does not tell."""

    label: str
    protocol: str
    client: str
    network: str
    minutes: int
    days: int
    behind: int | None
    scopes: str = ""


DEVICES = {
    "lea": (
        Known(
            "", "web", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "192.0.2.24", 1, 40, None
        ),
        Known("Phone", "imap", "iPhone Mail (23A341)", "198.51.100.20", 2, 40, 0, "imap smtp dav"),
        Known("Laptop", "imap", "Thunderbird 140.4", "192.0.2.24", 6, 300, 0, "imap smtp dav"),
        Known("Phone", "dav", "iOS/26.0 dataaccessd/1.0", "198.51.100.20", 11, 40, 0),
        Known("Tablet", "imap", "com.fsck.k9 14.0", "203.0.113.9", 2900, 120, 7, "imap dav"),
        Known("Office scanner", "pop3", "", "192.0.2.90", 1500, 400, None, "pop3 smtp"),
    ),
    "marta": (
        Known("", "imap", "Thunderbird 140.4", "192.0.2.31", 3, 200, 0),
        Known("", "dav", "DAVx5/4.5-ose", "198.51.100.44", 18, 90, 2),
    ),
}


def connect(now: int) -> None:
    """Write the devices of everybody who has some."""
    for name, known in DEVICES.items():
        account = Account.objects.get(login=f"{name}@{DOMAIN}")
        for held in known:
            if held.scopes:
                auth.create_app_password(account.pk, held.label, frozenset(held.scopes.split()))
        for held in known:
            _write(account, held, now)


def _write(account: Account, held: Known, now: int) -> None:
    password = AppPassword.objects.filter(account=account, label=held.label).first()
    text = f"{held.label}{held.protocol}{held.client}"
    device = Device.objects.create(
        account=account,
        protocol=held.protocol,
        key=sha256(text.encode()).hexdigest()[:32],
        credential="app-password" if password else "password",
        credential_key=str(password.pk) if password else "",
        client=held.client,
        network=held.network,
        first_seen=now - held.days * DAY,
        last_seen=now - held.minutes * MINUTE,
    )
    if held.behind is not None:
        _tell(account, device, held)


def _tell(account: Account, device: Device, held: Known) -> None:
    """Let a device know its collections, but for the newest of its inbox or of its calendar."""
    kinds = ["calendars", "addressbooks"] if held.protocol == "dav" else ["mail"]
    behind = held.behind or 0
    states = []
    for collection in Collection.objects.filter(account_id=account.pk, kind__in=kinds):
        known = collection.highest_modseq
        if behind and collection.name in {"INBOX", "Calendar"}:
            items = Message if collection.kind == "mail" else Resource
            found = items.objects.filter(collection_id=collection.pk).order_by("-modseq")
            known = found.values_list("modseq", flat=True)[behind]
        states.append(
            DeviceState(
                device=device, collection_id=collection.pk, modseq=known, moment=device.last_seen
            )
        )
    DeviceState.objects.bulk_create(states)
