"""`account devices ADDRESS`: what connects to an account, when it was here, how far behind it is."""

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from groupware.core import devices, directory
from groupware.core.devices import Behind, DeviceEntry
from groupware.management.app_passwords import ADDRESS
from groupware.management.base import Answer, Subcommand
from groupware.management.moments import iso_moment, show_moment
from groupware.management.tables import counted, render_table

HEADINGS = ("protocol", "client", "from", "by", "last contact (UTC)", "behind")
UNTOLD = "not told by its protocol"


def show(options: Namespace) -> Answer:
    """List the devices of an account, the last seen first."""
    account = directory.get_account(options.address)
    held = devices.list_devices(account.pk)
    data = [_data(one) for one in held]
    if not held:
        return Answer(data, f"Nothing has connected to {account.login} yet.")
    rows = [
        (
            one.protocol,
            one.client or "-",
            one.network,
            one.label or one.credential,
            show_moment(one.last_seen),
            _in_words(one.behind),
        )
        for one in held
    ]
    return Answer(data, render_table(HEADINGS, rows))


def _in_words(behind: Behind | None) -> str:
    if behind is None:
        return UNTOLD
    text = counted(behind.number, "change")
    return f"{text} or more" if behind.is_least else text


def _data(entry: DeviceEntry) -> dict[str, Any]:
    collections = [
        asdict(known) | {"moment": iso_moment(known.moment)} for known in entry.collections
    ]
    moments = {name: iso_moment(getattr(entry, name)) for name in ("first_seen", "last_seen")}
    return asdict(entry) | moments | {"collections": collections}


DEVICES = Subcommand(
    "devices", "list what connects to it, and how far behind that is", show, (ADDRESS,)
)
