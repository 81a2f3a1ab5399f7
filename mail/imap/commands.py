"""The commands: a row each, with the parser of its arguments (RFC 3501 §6 and extensions).

What a command does is not here: the session finds its handler by the row's name.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Final

from mail.imap.fetchitems import parse_fetch_items
from mail.imap.requests import (
    PLAIN,
    Append,
    Authenticate,
    Copy,
    Enable,
    Fetch,
    Id,
    List,
    Login,
    Mailbox,
    Rename,
    Request,
    Search,
    Select,
    Status,
    StatusItem,
    Store,
    StoreMode,
    UidExpunge,
)
from mail.imap.searchkeys import parse_search
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


def parse_plain(_reader: Reader) -> Request:
    """Take nothing."""
    return PLAIN


def parse_id(reader: Reader) -> Request:
    """Take `SP ("field" value …)` or `SP NIL`."""
    reader.space()
    if reader.accept_word(b"NIL"):
        return Id(())

    def field() -> tuple[str, str | None]:
        name = _text(reader.string("a field"))
        reader.space()
        value = reader.nstring("a value or NIL")
        return name, None if value is None else _text(value)

    return Id(reader.parenthesized(field, "fields and values"))


def parse_enable(reader: Reader) -> Request:
    """Take one or more capabilities."""
    names: list[str] = []
    while not names or reader.at(b" "):
        reader.space()
        names.append(reader.word("a capability"))
    return Enable(tuple(names))


def parse_authenticate(reader: Reader) -> Request:
    """Take `SP mechanism [SP initial-response]`."""
    reader.space()
    mechanism = reader.word("a mechanism")
    if not reader.accept(b" "):
        return Authenticate(mechanism, None)
    return Authenticate(mechanism, decode_sasl(reader.rest()))


def parse_login(reader: Reader) -> Request:
    """Take `SP userid SP password`."""
    reader.space()
    username = _text(reader.astring("a user name"))
    reader.space()
    return Login(username, _text(reader.astring("a password")))


def parse_mailbox(reader: Reader) -> Request:
    """Take one mailbox."""
    reader.space()
    return Mailbox(reader.mailbox())


def parse_rename(reader: Reader) -> Request:
    """Take two mailboxes."""
    reader.space()
    old = reader.mailbox()
    reader.space()
    return Rename(old, reader.mailbox())


def parse_list(reader: Reader) -> Request:
    """Take `SP reference SP pattern`."""
    reader.space()
    reference = reader.list_mailbox()
    reader.space()
    return List(reference, reader.list_mailbox())


def parse_status(reader: Reader) -> Request:
    """Take `SP mailbox SP (items)`."""
    reader.space()
    mailbox = reader.mailbox()
    reader.space()

    def item() -> StatusItem:
        word = reader.atom("a status item").upper()
        try:
            return StatusItem(word)
        except ValueError:
            raise ProtocolError("Unknown status item.") from None

    items = reader.parenthesized(item, "status items")
    if not items:
        raise ProtocolError("Expected a status item.")
    return Status(mailbox, tuple(dict.fromkeys(items)))


def parse_select(reader: Reader) -> Request:
    """Take `SP mailbox [SP (CONDSTORE)]` (RFC 4466 §2.4, RFC 7162 §3.1.8)."""
    reader.space()
    mailbox = reader.mailbox()
    parameters: tuple[str, ...] = ()
    if reader.accept(b" "):
        parameters = reader.parenthesized(lambda: reader.word("a parameter"), "parameters")
    if set(parameters) - {"CONDSTORE"}:
        raise ProtocolError("Unknown parameter.")
    return Select(mailbox, condstore=bool(parameters))


def parse_append(reader: Reader) -> Request:
    """Take `SP mailbox [SP flags] [SP date-time] SP literal`."""
    reader.space()
    mailbox = reader.mailbox()
    reader.space()
    flags: tuple[str, ...] = ()
    internal_date = None
    if reader.at(b"("):
        flags = reader.flag_list()
        reader.space()
    if reader.at(b'"'):
        internal_date = reader.date_time()
        reader.space()
    return Append(mailbox, flags, internal_date, reader.literal("the message as a literal"))


def _fetch(*, by_uid: bool) -> Callable[[Reader], Request]:
    def parse_fetch(reader: Reader) -> Request:
        reader.space()
        messages = reader.sequence_set()
        reader.space()
        items = parse_fetch_items(reader)
        changed_since = None
        if reader.accept(b" "):
            changed_since = _modifier(reader, b"CHANGEDSINCE ")
        return Fetch(messages, items, changed_since, by_uid)

    return parse_fetch


def _store(*, by_uid: bool) -> Callable[[Reader], Request]:
    def parse_store(reader: Reader) -> Request:
        reader.space()
        messages = reader.sequence_set()
        reader.space()
        unchanged_since = None
        if reader.at(b"("):
            unchanged_since = _modifier(reader, b"UNCHANGEDSINCE ")
            reader.space()
        mode = StoreMode.REPLACE
        if reader.accept(b"+"):
            mode = StoreMode.ADD
        elif reader.accept(b"-"):
            mode = StoreMode.REMOVE
        word = reader.word("FLAGS")
        if word not in {"FLAGS", "FLAGS.SILENT"}:
            raise ProtocolError("Expected FLAGS.")
        reader.space()
        flags = _store_flags(reader)
        return Store(messages, mode, flags, word != "FLAGS", unchanged_since, by_uid)

    return parse_store


def _copy(*, by_uid: bool) -> Callable[[Reader], Request]:
    def parse_copy(reader: Reader) -> Request:
        reader.space()
        messages = reader.sequence_set()
        reader.space()
        return Copy(messages, reader.mailbox(), by_uid)

    return parse_copy


def _search(*, by_uid: bool) -> Callable[[Reader], Request]:
    def parse(reader: Reader) -> Request:
        reader.space()
        return Search(parse_search(reader), by_uid)

    return parse


def parse_uid_expunge(reader: Reader) -> Request:
    """Take a UID set."""
    reader.space()
    return UidExpunge(reader.sequence_set())


_ROWS: Final = (
    Command("CAPABILITY", parse_plain, ANY),
    Command("NOOP", parse_plain, ANY),
    Command("LOGOUT", parse_plain, ANY, pauses=True),
    Command("ID", parse_id, ANY),
    Command("STARTTLS", parse_plain, FRESH, pauses=True),
    Command("AUTHENTICATE", parse_authenticate, FRESH, pauses=True),
    Command("LOGIN", parse_login, FRESH, pauses=True),
    Command("ENABLE", parse_enable, LOGGED_IN),
    Command("NAMESPACE", parse_plain, LOGGED_IN),
    Command("LIST", parse_list, LOGGED_IN),
    Command("LSUB", parse_list, LOGGED_IN),
    Command("CREATE", parse_mailbox, LOGGED_IN),
    Command("DELETE", parse_mailbox, LOGGED_IN),
    Command("RENAME", parse_rename, LOGGED_IN),
    Command("SUBSCRIBE", parse_mailbox, LOGGED_IN),
    Command("UNSUBSCRIBE", parse_mailbox, LOGGED_IN),
    Command("STATUS", parse_status, LOGGED_IN),
    Command("SELECT", parse_select, LOGGED_IN, breaks_seqs=True),
    Command("EXAMINE", parse_select, LOGGED_IN, breaks_seqs=True),
    Command("APPEND", parse_append, LOGGED_IN),
    Command("IDLE", parse_plain, LOGGED_IN, pauses=True),
    Command("CHECK", parse_plain, SELECTED),
    Command("CLOSE", parse_plain, SELECTED, breaks_seqs=True),
    Command("UNSELECT", parse_plain, SELECTED, breaks_seqs=True),
    Command("EXPUNGE", parse_plain, SELECTED, breaks_seqs=True),
    Command("FETCH", _fetch(by_uid=False), SELECTED, uses_seqs=True),
    Command("STORE", _store(by_uid=False), SELECTED, uses_seqs=True),
    Command("SEARCH", _search(by_uid=False), SELECTED, uses_seqs=True),
    Command("COPY", _copy(by_uid=False), SELECTED, uses_seqs=True),
    Command("MOVE", _copy(by_uid=False), SELECTED, uses_seqs=True, breaks_seqs=True),
    Command("UID FETCH", _fetch(by_uid=True), SELECTED),
    Command("UID STORE", _store(by_uid=True), SELECTED),
    Command("UID SEARCH", _search(by_uid=True), SELECTED),
    Command("UID COPY", _copy(by_uid=True), SELECTED),
    Command("UID MOVE", _copy(by_uid=True), SELECTED, breaks_seqs=True),
    Command("UID EXPUNGE", parse_uid_expunge, SELECTED, breaks_seqs=True),
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


def decode_sasl(text: bytes) -> bytes:
    """Return what a client's base64 says; `=` alone is an empty response (RFC 4959 §3)."""
    if text == b"=":
        return b""
    try:
        return b64decode(text, validate=True)
    except Base64Error:
        raise ProtocolError("The response is not valid base64.") from None


def _modifier(reader: Reader, name: bytes) -> int:
    reader.expect(b"(", "a list of modifiers")
    if not reader.accept_word(name):
        raise ProtocolError("Unknown modifier.")
    value = reader.modseq()
    reader.expect(b")", "')' after the modifier")
    return value


def _store_flags(reader: Reader) -> tuple[str, ...]:
    if reader.at(b"("):
        return reader.flag_list()
    flags = [reader.flag()]
    while reader.accept(b" ") and not reader.at_end():
        flags.append(reader.flag())
    return tuple(dict.fromkeys(flags))


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("The string is not valid UTF-8.") from None
