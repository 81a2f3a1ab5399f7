"""Arguments of the commands about mailboxes."""

from mail.imap.requests import (
    Create,
    Mailbox,
    Rename,
    Request,
    Select,
)
from mail.imap.wire import ProtocolError, Reader


def parse_mailbox(reader: Reader) -> Request:
    """Take one mailbox."""
    reader.space()
    return Mailbox(reader.mailbox())


def parse_create(reader: Reader) -> Request:
    """Take `SP mailbox [SP (USE (uses))]` (RFC 4466 §2.2, RFC 6154 §6)."""
    reader.space()
    name = reader.mailbox()
    if not reader.accept(b" ("):
        return Create(name)
    if reader.word("a parameter") != "USE":
        raise ProtocolError("Unknown parameter.")
    reader.space()
    uses = reader.parenthesized(lambda: _parse_use(reader), "special uses")
    reader.expect(b")", "one parameter")
    return Create(name, tuple(dict.fromkeys(uses)))


def _parse_use(reader: Reader) -> str:
    reader.expect(b"\\", "a special use such as \\Sent")
    return reader.word("a special use").capitalize()


def parse_rename(reader: Reader) -> Request:
    """Take two mailboxes."""
    reader.space()
    old = reader.mailbox()
    reader.space()
    return Rename(old, reader.mailbox())


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
