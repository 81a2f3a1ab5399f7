"""Arguments of the commands about access control lists (RFC 4314 §7)."""

import re
from typing import Final

from mail.imap.requests import Identified, Mailbox, Request, RightsChange, SetAcl
from mail.imap.saslprep import prepare_identifier
from mail.imap.wire import ProtocolError, Reader

_RIGHTS: Final = re.compile(rb"([+-]?)([lrswipkxteacd]*)")


def parse_acl_mailbox(reader: Reader) -> Request:
    """Take `SP mailbox`."""
    reader.space()
    return Mailbox(reader.mailbox())


def parse_identified(reader: Reader) -> Request:
    """Take `SP mailbox SP identifier`."""
    reader.space()
    name = reader.mailbox()
    reader.space()
    return Identified(name, *_identifier(reader))


def parse_set_acl(reader: Reader) -> Request:
    """Take `SP mailbox SP identifier SP mod-rights`; an unknown right is BAD (§3.1)."""
    reader.space()
    name = reader.mailbox()
    reader.space()
    _, identifier = _identifier(reader)
    reader.space()
    found = _RIGHTS.fullmatch(reader.astring("rights"))
    if found is None:
        raise ProtocolError("Rights are letters of lrswipkxteacd, in lower case.")
    return SetAcl(name, identifier, RightsChange(found[1]), found[2].decode("ascii"))


def _identifier(reader: Reader) -> tuple[bytes, str]:
    """Return an identifier as it was sent and as it is compared (§3)."""
    sent = reader.astring("an identifier")
    try:
        return sent, prepare_identifier(sent.decode())
    except UnicodeDecodeError:
        raise ProtocolError("An identifier is UTF-8.") from None
    except ValueError as error:
        raise ProtocolError(str(error)) from None
