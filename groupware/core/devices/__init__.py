"""Devices: who connects to an account, with what, and how far behind he is; logins by the hour.

What is known is noted in memory at the one door, and where clients name themselves and are told of
changes (`contacts`), and is written a moment later by a thread of its own (`writing`): no command pays
more than a dict write, and a kill loses seconds of it. docs/adr/0058.
"""

from groupware.core.devices.behind import Behind, Newest, cut, merge, register_finder
from groupware.core.devices.contacts import (
    Contact,
    find_contact,
    forget_all,
    note_client,
    note_failure,
    note_login,
)
from groupware.core.devices.keeping import expire, forget_credential
from groupware.core.devices.queries import (
    DeviceEntry,
    KnownCollection,
    LoginCount,
    last_logins,
    list_devices,
    login_counts,
)
from groupware.core.devices.writing import begin, finish, flush

__all__ = [
    "Behind",
    "Contact",
    "DeviceEntry",
    "KnownCollection",
    "LoginCount",
    "Newest",
    "begin",
    "cut",
    "expire",
    "find_contact",
    "finish",
    "flush",
    "forget_all",
    "forget_credential",
    "last_logins",
    "list_devices",
    "login_counts",
    "merge",
    "note_client",
    "note_failure",
    "note_login",
    "register_finder",
]
