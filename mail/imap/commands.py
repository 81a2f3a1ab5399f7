"""The commands: a row each, with the parser of its arguments (RFC 3501 §6 and extensions).

What a command does is not here: the session finds its handler by the row's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Final

from mail.imap.arguments import (
    listing,
    mailboxes,
    messages,
    quota,
    searching,
    session,
    sharing,
)
from mail.imap.arguments.appending import parse_append
from mail.imap.requests import Request
from mail.imap.wire import ProtocolError, Reader


class States(Flag):
    """Where in a session a command may be given (RFC 3501 §3)."""

    NOT_AUTHENTICATED = auto()
    AUTHENTICATED = auto()
    SELECTED = auto()


FRESH: Final = States.NOT_AUTHENTICATED
SELECTED: Final = States.SELECTED
LOGGED_IN: Final = States.AUTHENTICATED | States.SELECTED
ANY: Final = FRESH | LOGGED_IN


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table.

    uses_seqs: its arguments or answers speak in sequence numbers, so that EXPUNGE waits.
    breaks_seqs: its own answers change the numbering, so that EXPUNGE may go out after it.
    pauses: how the bytes after it are read depends on its outcome.
    """

    name: str
    parse: Callable[[Reader], Request]
    states: States
    uses_seqs: bool = False
    breaks_seqs: bool = False
    pauses: bool = False


_ROWS: Final = (
    Command("CAPABILITY", session.parse_plain, ANY),
    Command("NOOP", session.parse_plain, ANY),
    Command("LOGOUT", session.parse_plain, ANY, pauses=True),
    Command("ID", session.parse_id, ANY),
    Command("STARTTLS", session.parse_plain, FRESH, pauses=True),
    Command("AUTHENTICATE", session.parse_authenticate, FRESH, pauses=True),
    Command("LOGIN", session.parse_login, FRESH, pauses=True),
    Command("COMPRESS", session.parse_compress, LOGGED_IN, pauses=True),
    Command("ENABLE", session.parse_enable, LOGGED_IN, pauses=True),
    Command("NAMESPACE", session.parse_plain, LOGGED_IN),
    Command("LIST", listing.parse_list, LOGGED_IN),
    Command("LSUB", listing.parse_lsub, LOGGED_IN),
    Command("CREATE", mailboxes.parse_create, LOGGED_IN),
    Command("DELETE", mailboxes.parse_mailbox, LOGGED_IN),
    Command("RENAME", mailboxes.parse_rename, LOGGED_IN),
    Command("SUBSCRIBE", mailboxes.parse_mailbox, LOGGED_IN),
    Command("UNSUBSCRIBE", mailboxes.parse_mailbox, LOGGED_IN),
    Command("SETACL", sharing.parse_set_acl, LOGGED_IN),
    Command("DELETEACL", sharing.parse_identified, LOGGED_IN),
    Command("GETACL", sharing.parse_acl_mailbox, LOGGED_IN),
    Command("LISTRIGHTS", sharing.parse_identified, LOGGED_IN),
    Command("MYRIGHTS", sharing.parse_acl_mailbox, LOGGED_IN),
    Command("STATUS", listing.parse_status, LOGGED_IN),
    Command("GETQUOTA", quota.parse_get_quota, LOGGED_IN),
    Command("GETQUOTAROOT", quota.parse_get_quota_root, LOGGED_IN),
    Command("SETQUOTA", quota.parse_set_quota, LOGGED_IN),
    Command("SELECT", mailboxes.parse_select, LOGGED_IN, breaks_seqs=True),
    Command("EXAMINE", mailboxes.parse_select, LOGGED_IN, breaks_seqs=True),
    Command("APPEND", parse_append, LOGGED_IN),
    Command("IDLE", session.parse_plain, LOGGED_IN, pauses=True),
    Command("CHECK", session.parse_plain, SELECTED),
    Command("CLOSE", session.parse_plain, SELECTED, breaks_seqs=True),
    Command("UNSELECT", session.parse_plain, SELECTED, breaks_seqs=True),
    Command("EXPUNGE", session.parse_plain, SELECTED, breaks_seqs=True),
    Command("FETCH", messages.take_fetch(by_uid=False), SELECTED, uses_seqs=True),
    Command("STORE", messages.take_store(by_uid=False), SELECTED, uses_seqs=True),
    Command("SEARCH", searching.take_search(by_uid=False), SELECTED, uses_seqs=True),
    Command("SORT", searching.take_sort(by_uid=False), SELECTED, uses_seqs=True),
    Command("THREAD", searching.take_thread(by_uid=False), SELECTED, uses_seqs=True),
    Command("COPY", messages.take_copy(by_uid=False), SELECTED, uses_seqs=True),
    Command("MOVE", messages.take_copy(by_uid=False), SELECTED, uses_seqs=True, breaks_seqs=True),
    Command("UID FETCH", messages.take_fetch(by_uid=True), SELECTED),
    Command("UID STORE", messages.take_store(by_uid=True), SELECTED),
    Command("UID SEARCH", searching.take_search(by_uid=True), SELECTED),
    Command("UID SORT", searching.take_sort(by_uid=True), SELECTED),
    Command("UID THREAD", searching.take_thread(by_uid=True), SELECTED),
    Command("UID COPY", messages.take_copy(by_uid=True), SELECTED),
    Command("UID MOVE", messages.take_copy(by_uid=True), SELECTED, breaks_seqs=True),
    Command("UID EXPUNGE", messages.parse_uid_expunge, SELECTED, breaks_seqs=True),
)
COMMANDS: Final[Mapping[str, Command]] = {row.name: row for row in _ROWS}


def parse_command(reader: Reader) -> tuple[Command, Request]:
    """Take everything after the tag; raises ProtocolError."""
    reader.space()
    name = reader.word("a command")
    if name == "UID":
        reader.space()
        name = f"UID {reader.word('a command')}"
    command = COMMANDS.get(name)
    if command is None:
        raise ProtocolError(f"Unknown command {name[:40]}.")
    request = command.parse(reader)
    reader.end()
    return command, request
