"""Scopes: what a token may be given for, in words for the person who gives it.

A token holds some of them, a password and a session all; `admin:` reaches as far as the role.
"""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SCOPES: Final[Mapping[str, str | Promise]] = {
    "mail:read": _("Read your mail and the mail that is shared with you"),
    "mail:write": _("Change, move and delete mail, and write drafts"),
    "mail:send": _("Send mail in your name"),
    "calendars:read": _("See your calendars and tasks, and those that are shared with you"),
    "calendars:write": _("Change calendars, events and tasks"),
    "contacts:read": _("See your contacts and the directory of your organisation"),
    "contacts:write": _("Change contacts and address books"),
    "events": _("Hear at once of changes in whatever else you let it see"),
    "profile": _("See your name and your address"),
    "account:write": _("Change the settings of your account"),
    "admin:read": _("See what your role lets you administer"),
    "admin:write": _("Administer whatever your role lets you"),
    "imap": _("Read, change and delete all of your mail with a mail program (IMAP)"),
    "pop3": _("Fetch and delete mail of your inbox with a mail program (POP3)"),
    "smtp": _("Send mail in your name with a mail program (SMTP)"),
    "sieve": _("Change your mail filters (ManageSieve)"),
    "dav": _("Read and change your calendars, tasks and contacts (CalDAV and CardDAV)"),
}

OPENING: Final = frozenset({"account:write", "admin:read", "admin:write"})
"""Scopes that reach beyond what a person keeps here: they are given by who proved a moment ago who he is."""
