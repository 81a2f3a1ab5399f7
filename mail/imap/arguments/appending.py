"""Arguments of APPEND (RFC 3501 §6.3.11, RFC 3502, RFC 6855 §4)."""

from mail.imap.requests import Append, AppendMessage, Request
from mail.imap.wire import ProtocolError, Reader


def parse_append(reader: Reader) -> Request:
    """Take `SP mailbox 1*append-message`."""
    reader.space()
    mailbox = reader.mailbox()
    messages = [_parse_message(reader)]
    while reader.has_more():
        messages.append(_parse_message(reader))
    return Append(mailbox, tuple(messages))


def _parse_message(reader: Reader) -> AppendMessage:
    """Take `[SP flags] [SP date-time] SP (literal / literal8 / UTF8 SP "(" literal8 ")")`."""
    reader.space()
    flags: tuple[str, ...] = ()
    internal_date = None
    if reader.at(b"("):
        flags = reader.flag_list()
        reader.space()
    if reader.at(b'"'):
        internal_date = reader.date_time()
        reader.space()
    if not reader.accept_word(b"UTF8 ("):
        return AppendMessage(flags, internal_date, reader.message())
    if not reader.at(b"~"):
        raise ProtocolError("Expected a literal8.")
    data = reader.message()
    reader.expect(b")", "')' after the message")
    return AppendMessage(flags, internal_date, data, utf8=True)
