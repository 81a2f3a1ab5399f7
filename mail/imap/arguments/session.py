"""Arguments of the commands about the session itself."""

from base64 import b64decode
from binascii import Error as Base64Error

from mail.imap.requests import PLAIN, Authenticate, Compress, Enable, Id, Login, Request
from mail.imap.wire import ProtocolError, Reader


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


def parse_compress(reader: Reader) -> Request:
    """Take `SP mechanism` (RFC 4978 §5)."""
    reader.space()
    return Compress(reader.word("a mechanism"))


def parse_login(reader: Reader) -> Request:
    """Take `SP userid SP password`."""
    reader.space()
    username = _text(reader.astring("a user name"))
    reader.space()
    return Login(username, _text(reader.astring("a password")))


def decode_sasl(text: bytes) -> bytes:
    """Return what a client's base64 says; `=` alone is an empty response (RFC 4959 §3)."""
    if text == b"=":
        return b""
    try:
        return b64decode(text, validate=True)
    except Base64Error:
        raise ProtocolError("The response is not valid base64.") from None


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("The string is not valid UTF-8.") from None
