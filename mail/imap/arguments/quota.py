"""Arguments of the commands about quotas (RFC 9208 §7)."""

from mail.imap.requests import GetQuota, Mailbox, Request, SetQuota
from mail.imap.wire import MAX_NUMBER_64, ProtocolError, Reader


def parse_get_quota(reader: Reader) -> Request:
    """Take `SP quota-root`."""
    reader.space()
    return GetQuota(_parse_root(reader))


def parse_get_quota_root(reader: Reader) -> Request:
    """Take `SP mailbox`."""
    reader.space()
    return Mailbox(reader.mailbox())


def parse_set_quota(reader: Reader) -> Request:
    """Take `SP quota-root SP (resource SP limit …)`."""
    reader.space()
    root = _parse_root(reader)
    reader.space()
    return SetQuota(root, reader.parenthesized(lambda: _parse_limit(reader), "resource limits"))


def _parse_root(reader: Reader) -> str:
    try:
        return reader.astring("a quota root").decode()
    except UnicodeDecodeError:
        raise ProtocolError("The name of a quota root is UTF-8.") from None


def _parse_limit(reader: Reader) -> tuple[str, int]:
    resource = reader.word("a resource")
    reader.space()
    return resource, reader.number("a limit", largest=MAX_NUMBER_64)
