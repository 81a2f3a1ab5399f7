"""What kinds, roles and states are called on the pages."""

from django.utils.translation import gettext_lazy as _

from groupware.core.health import State
from groupware.core.models import (
    AccountKind,
    AddressKind,
    ImportState,
    Role,
    RowOutcome,
    RowState,
)
from groupware.core.models.store import CollectionKind
from groupware.panel.navigation import Text
from mail.models import Step

ACCOUNT_KINDS: dict[str, Text] = {
    AccountKind.PERSON: _("Person"),
    AccountKind.SHARED: _("Shared mailbox"),
    AccountKind.ROOM: _("Room"),
    AccountKind.EQUIPMENT: _("Equipment"),
}
ADDRESS_KINDS: dict[str, Text] = {
    AddressKind.PRIMARY: _("primary"),
    AddressKind.ALIAS: _("alias"),
    AddressKind.LIST: _("list"),
    AddressKind.CATCH_ALL: _("catch-all"),
}
PLACES: dict[str, Text] = {
    CollectionKind.MAIL: _("mailbox"),
    CollectionKind.CALENDAR: _("calendar"),
    CollectionKind.ADDRESS_BOOK: _("address book"),
}
ROLES: dict[str, Text] = {
    Role.GLOBAL: _("Global administrator"),
    Role.DOMAIN: _("Domain administrator"),
    Role.HELP_DESK: _("Help desk"),
}
PROTOCOLS: dict[str, Text] = {
    "imap": "IMAP",
    "pop3": "POP3",
    "smtp": "SMTP",
    "submission": "SMTP",
    "dav": "CalDAV, CardDAV",
    "api": "REST",
    "events": _("Events"),
    "web": _("Browser"),
}
CREDENTIALS: dict[str, Text] = {
    "password": _("password"),
    "app-password": _("app password"),
    "token": _("token"),
}
STEPS: dict[str, Text] = {
    Step.RECEIVED: _("received"),
    Step.REFUSED: _("refused"),
    Step.EXPANDED: _("to the members of a list"),
    Step.DELIVERED: _("delivered"),
    Step.FORWARDED: _("forwarded"),
    Step.QUEUED: _("waits to be sent"),
    Step.SENT: _("sent"),
    Step.DEFERRED: _("put off"),
    Step.BOUNCED: _("given up"),
    Step.HELD: _("held"),
    Step.RELEASED: _("released"),
    Step.DROPPED: _("dropped"),
}
STEP_LEVELS: dict[str, str] = {
    Step.DELIVERED: "good",
    Step.SENT: "good",
    Step.REFUSED: "bad",
    Step.BOUNCED: "bad",
    Step.DROPPED: "bad",
    Step.DEFERRED: "warn",
    Step.HELD: "warn",
}
DNS_PURPOSES: dict[str, Text] = {
    "where mail goes": _("where mail goes"),
    "mail server": _("mail server"),
    "mail programs": _("mail programs"),
    "client set-up": _("client set-up"),
    "MTA-STS policy": _("MTA-STS policy"),
    "DKIM, active": _("DKIM, active"),
    "DKIM, waiting": _("DKIM, waiting"),
    "DKIM, retired": _("DKIM, retired"),
}
"""What `mail.records.Record.purpose` says in words; names of standards have no other."""
RIGHT_WORDS: dict[str, Text] = {
    "read": _("read"),
    "write": _("read and write"),
    "all": _("everything, also share it further"),
    "free-busy": _("see when it is busy"),
    "send-as": _("send mail as the owner"),
    "send-on-behalf": _("send mail on behalf of the owner"),
}
STATES: dict[str, Text] = {
    State.OK: _("works"),
    State.SLOW: _("slow"),
    State.ATTENTION: _("look at it"),
    State.FAILED: _("does not work"),
    State.OFF: _("off"),
}
STATE_LEVELS: dict[str, str] = {
    State.OK: "good",
    State.SLOW: "warn",
    State.ATTENTION: "warn",
    State.FAILED: "bad",
}
OTHER_RIGHT_WORDS: dict[str, Text] = {
    "private": _("see what is private"),
    "manage": _("share it further"),
    "delegate-read": _("read every calendar as a delegate"),
    "delegate-write": _("read and write every calendar as a delegate"),
}

IMPORT_OUTCOMES: dict[str, Text] = {
    RowOutcome.CREATE: _("new"),
    RowOutcome.CHANGE: _("change"),
    RowOutcome.FAULT: _("faulty"),
    RowOutcome.UNCHANGED: _("unchanged"),
}
IMPORT_STATES: dict[str, Text] = {
    RowState.WAITING: _("waiting"),
    RowState.DONE: _("done"),
    RowState.FAILED: _("refused"),
    ImportState.PREVIEW: _("preview"),
    ImportState.RUNNING: _("under way"),
}
IMPORT_FIELDS: dict[str, Text] = {
    "name": _("Name"),
    "kind": _("Kind"),
    "quota": _("Space"),
    "enabled": _("May sign in"),
    "aliases": _("Aliases"),
    "groups": _("Groups"),
}
IMPORT_VALUES: dict[str, Text] = {
    **ACCOUNT_KINDS,
    "yes": _("yes"),
    "no": _("no"),
    "unlimited": _("unlimited"),
}
"""What the words of a file are called on a page."""
IMPORT_COLUMNS: dict[str, Text] = {
    "address": _("address"),
    "name": _("name"),
    "kind": _("kind"),
    "enabled": _("enabled"),
    "aliases": _("aliases"),
    "groups": _("groups"),
}
"""Headings, in a language in which they are read."""
