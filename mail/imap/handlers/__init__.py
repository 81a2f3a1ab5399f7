"""What each command does: a handler per command, a module per family."""

from collections.abc import Mapping
from typing import Final

from mail.imap.commands import COMMANDS
from mail.imap.handlers import (
    basic,
    fetch,
    listing,
    login,
    mailboxes,
    messages,
    quota,
    selection,
    sharing,
)
from mail.imap.handlers.appending import append
from mail.imap.handlers.compress import compress
from mail.imap.handlers.search import search
from mail.imap.handlers.sort import sort, thread
from mail.imap.session import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "CAPABILITY": basic.capability,
    "NOOP": basic.noop,
    "CHECK": basic.noop,
    "LOGOUT": basic.logout,
    "ID": basic.identify,
    "ENABLE": basic.enable,
    "NAMESPACE": basic.namespace,
    "IDLE": basic.idle,
    "COMPRESS": compress,
    "STARTTLS": login.start_tls,
    "AUTHENTICATE": login.authenticate,
    "LOGIN": login.login,
    "LIST": listing.list_mailboxes,
    "LSUB": listing.list_subscribed,
    "CREATE": mailboxes.create,
    "DELETE": mailboxes.delete,
    "RENAME": mailboxes.rename,
    "SUBSCRIBE": mailboxes.subscribe,
    "UNSUBSCRIBE": mailboxes.unsubscribe,
    "SETACL": sharing.set_acl,
    "DELETEACL": sharing.delete_acl,
    "GETACL": sharing.get_acl,
    "LISTRIGHTS": sharing.list_rights,
    "MYRIGHTS": sharing.my_rights,
    "STATUS": listing.status,
    "GETQUOTA": quota.get_quota_of_root,
    "GETQUOTAROOT": quota.get_quota_roots,
    "SETQUOTA": quota.set_quota,
    "SELECT": selection.select,
    "EXAMINE": selection.examine,
    "CLOSE": selection.close,
    "UNSELECT": selection.unselect,
    "APPEND": append,
    "EXPUNGE": messages.expunge,
    "UID EXPUNGE": messages.uid_expunge,
    **dict.fromkeys(("STORE", "UID STORE"), messages.store),
    **dict.fromkeys(("COPY", "UID COPY"), messages.copy),
    **dict.fromkeys(("MOVE", "UID MOVE"), messages.move),
    **dict.fromkeys(("FETCH", "UID FETCH"), fetch.fetch),
    **dict.fromkeys(("SEARCH", "UID SEARCH"), search),
    **dict.fromkeys(("SORT", "UID SORT"), sort),
    **dict.fromkeys(("THREAD", "UID THREAD"), thread),
}

assert HANDLERS.keys() == COMMANDS.keys()
