"""Arguments of the commands about mailboxes."""

from mail.imap.arguments.resync import parse_resync
from mail.imap.requests import (
    Create,
    Mailbox,
    Rename,
    Request,
    Select,
)
from mail.imap.resync import Resync
from mail.imap.wire import ProtocolError, Reader


def parse_mailbox(reader: Reader) -> Request:
    """Take one mailbox."""
    reader.space()
    return Mailbox(reader.mailbox(), reader.denormalized)


def parse_create(reader: Reader) -> Request:
    """Take `SP mailbox [SP (USE (uses))]` (RFC 4466 §2.2, RFC 6154 §6)."""
    reader.space()
    name = reader.mailbox()
    if not reader.accept(b" ("):
        return Create(name, denormalized=reader.denormalized)
    if reader.word("a parameter") != "USE":
        raise ProtocolError("Unknown parameter.")
    reader.space()
    uses = reader.parenthesized(lambda: _parse_use(reader), "special uses")
    reader.expect(b")", "one parameter")
    return Create(name, tuple(dict.fromkeys(uses)), reader.denormalized)


def _parse_use(reader: Reader) -> str:
    reader.expect(b"\\", "a special use such as \\Sent")
    return reader.word("a special use").capitalize()


def parse_rename(reader: Reader) -> Request:
    """Take two mailboxes."""
    reader.space()
    old = reader.mailbox()
    denormalized = reader.denormalized
    reader.space()
    new = reader.mailbox()
    return Rename(old, new, denormalized or (old if reader.denormalized else ""))


def parse_select(reader: Reader) -> Request:
    """Take `SP mailbox [SP (parameters)]` (RFC 4466 §2.4): CONDSTORE, QRESYNC (RFC 7162 §7)."""
    reader.space()
    mailbox = reader.mailbox()
    denormalized = reader.denormalized
    condstore = False
    resync: Resync | None = None

    def parameter() -> None:
        nonlocal condstore, resync
        match reader.word("a parameter"):
            case "CONDSTORE":
                condstore = True
            case "QRESYNC" if resync is None:
                reader.space()
                resync = parse_resync(reader)
            case _:
                raise ProtocolError("Unknown parameter.")

    if reader.accept(b" "):
        reader.parenthesized(parameter, "parameters")
    return Select(mailbox, condstore or resync is not None, resync, denormalized)
