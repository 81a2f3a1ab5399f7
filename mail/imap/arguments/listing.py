"""Arguments of LIST, LSUB and STATUS."""

from enum import Enum
from typing import TypeVar

from mail.imap.listing import Returned, Selection
from mail.imap.requests import List, Lsub, Request, Status, StatusItem
from mail.imap.wire import ProtocolError, Reader

Option = TypeVar("Option", bound=Enum)


def parse_list(reader: Reader) -> Request:
    """Take `[SP (options)] SP reference SP patterns [SP RETURN (options)]` (RFC 5258 §6)."""
    reader.space()
    selection: frozenset[Selection] = frozenset()
    extended = reader.at(b"(")
    if extended:
        selection = _parse_selection(reader)
        reader.space()
    reference = reader.list_mailbox()
    reader.space()
    if reader.at(b"("):
        extended = True
        patterns = reader.parenthesized(reader.list_mailbox, "patterns")
        if not patterns:
            raise ProtocolError("Expected a mailbox pattern.")
    else:
        patterns = (reader.list_mailbox(),)
    if not reader.accept_word(b" RETURN "):
        return List(reference, patterns, selection, extended=extended)
    returned, status = _parse_returned(reader)
    return List(reference, patterns, selection, returned, status, extended=True)


def _parse_selection(reader: Reader) -> frozenset[Selection]:
    options = reader.parenthesized(lambda: _option(reader.word("an option"), Selection), "options")
    selection = frozenset(options)
    if Selection.RECURSIVEMATCH in selection and Selection.SUBSCRIBED not in selection:
        # The grammar has it beside a base option only, and SUBSCRIBED is the only one.
        raise ProtocolError("RECURSIVEMATCH belongs to SUBSCRIBED.")
    return selection


def _parse_returned(reader: Reader) -> tuple[frozenset[Returned], tuple[StatusItem, ...]]:
    status: tuple[StatusItem, ...] = ()

    def option() -> Returned | None:
        nonlocal status
        word = reader.word("an option")
        if word != "STATUS":
            return _option(word, Returned)
        reader.space()
        status = tuple(dict.fromkeys((*status, *parse_status_items(reader))))
        return None

    options = reader.parenthesized(option, "options")
    return frozenset(filter(None, options)), status


def _option(word: str, options: type[Option]) -> Option:
    try:
        return options(word)
    except ValueError:
        raise ProtocolError(f"Unknown option {word[:40]}.") from None


def parse_lsub(reader: Reader) -> Request:
    """Take `SP reference SP pattern`."""
    reader.space()
    reference = reader.list_mailbox()
    reader.space()
    return Lsub(reference, reader.list_mailbox())


def parse_status(reader: Reader) -> Request:
    """Take `SP mailbox SP (items)`."""
    reader.space()
    mailbox = reader.mailbox()
    reader.space()
    return Status(mailbox, parse_status_items(reader))


def parse_status_items(reader: Reader) -> tuple[StatusItem, ...]:
    """Take `(items)`; doubles are dropped."""

    def item() -> StatusItem:
        word = reader.atom("a status item").upper()
        try:
            return StatusItem(word)
        except ValueError:
            raise ProtocolError("Unknown status item.") from None

    items = reader.parenthesized(item, "status items")
    if not items:
        raise ProtocolError("Expected a status item.")
    return tuple(dict.fromkeys(items))
