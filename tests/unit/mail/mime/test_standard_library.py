"""ENVELOPE and BODYSTRUCTURE of real mail beside what the standard library's parser reads.

Where they differ, the message is listed here with the reason; a difference that is not listed, or
one that is and has gone, fails.
"""

import email
import email.message
import re
from collections.abc import Callable, Iterable, Mapping
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import pytest

from mail.mime.index import index_message
from tests.unit.mail.mime.wire_reader import read_body, read_envelope

pytestmark = pytest.mark.corpus

ADDRESS_FIELDS = ("from", "sender", "reply_to", "to", "cc", "bcc")

STRUCTURES: Mapping[str, str] = {
    "a multipart without a delimiter: a text here, a multipart of nothing there": (
        "mime4j-00007 mime4j-00063 rspamd-00012 rspamd-00023 rspamd-00024 rspamd-00025"
        " rspamd-00060 rspamd-00063 rspamd-00086 rspamd-00088 rspamd-00090 rspamd-00091"
        " sa-t-00120 sa-t-00121 sa-t-00122 sa-t-00127 sa-t-00128 sa-t-00192 spamscope-00001"
        " spamscope-00003"
    ),
    "two delimiters in a row, padding behind one, a folded boundary: divided here": (
        "mime4j-00003 mime4j-00011 mime4j-00029 mime4j-00030 mime4j-00031 mime4j-00036"
        " mime4j-00060 zbateson-00011"
    ),
    "a last part that no delimiter ends: the library leaves out its last line end": (
        "mime4j-00022 mime4j-00028 rspamd-00084 rspamd-00085 sa-t-00198"
    ),
    "a message/rfc822 in an encoding that RFC 2046 §5.2.1 forbids: nothing to look into": (
        "mime4j-00026 mime4j-00049 mime4j-00051 mime4j-00052"
    ),
    "a header that a line which is no field ends for the library, and not here": (
        "mime4j-00019 mime4j-00054 mime4j-00058 rspamd-00087 rspamd-00089"
    ),
    "the library makes messages of a delivery-status and of headers": (
        "nodemailer-00003 spamscope-00002"
    ),
}
ENVELOPES: Mapping[str, str] = {
    "a field that may stand once stands twice; the first counts": (
        "rspamd-00086 sa-t-00018 sa-t-00113 zbateson-00007"
    ),
    "a header that a line which is no field ends for the library, and not here": (
        "rspamd-00087 rspamd-00089"
    ),
    "a route, which is no address": "rspamd-00091",
    "an address as a display name, which is no address": "spamscope-00010 spamscope-00014",
    "words that are no address; all of them are the mailbox": "sa-t-00047 sa-t-00105",
}


def listed(differences: Mapping[str, str]) -> set[str]:
    return {name for names in differences.values() for name in names.split()}


def unfolded(value: str) -> bytes:
    text = re.sub(r"\r?\n(?=[ \t])", "", value)
    return text.strip(" \t\r\n").encode("ascii", "surrogateescape")


def fields(message: email.message.Message, name: str) -> list[bytes]:
    return [unfolded(value) for key, value in message._headers if key.lower() == name]  # type: ignore[attr-defined]


def library_addresses(message: email.message.Message, name: str) -> list[bytes]:
    values = [value.decode("utf-8", "surrogateescape") for value in fields(message, name)]
    # Of an empty group it tells an address without a mailbox.
    found = [address for _, address in getaddresses(values) if address]
    return [address.encode("utf-8", "surrogateescape") for address in found]


def library_envelope(message: email.message.Message) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in ("date", "subject", "in_reply_to", "message_id"):
        found[name] = (fields(message, name.replace("_", "-")) or [b""])[0]
    for name in ADDRESS_FIELDS:
        found[name] = library_addresses(message, name.replace("_", "-"))
    for name in ("sender", "reply_to"):  # RFC 3501 §7.4.2
        found[name] = found[name] or found["from"]
    return found


def told_envelope(data: bytes) -> dict[str, object]:
    envelope = read_envelope(index_message(data).envelope)
    found: dict[str, object] = {
        name: envelope[name] or b"" for name in ("date", "subject", "in_reply_to", "message_id")
    }
    for name in ADDRESS_FIELDS:
        found[name] = [
            b"%b@%b" % (mailbox, host) if host else mailbox
            for _, _, mailbox, host in envelope[name]
            if mailbox is not None and host is not None
        ]
    return found


def library_structure(message: email.message.Message) -> object:
    kind = message.get_content_type()
    # get_payload would decode 8-bit text.
    parts: Any = message._payload  # type: ignore[attr-defined]
    if isinstance(parts, list) and kind != "message/delivery-status":
        return kind, [library_structure(part) for part in parts]
    text = parts if isinstance(parts, str) else ""
    return kind, len(text.encode("utf-8", "surrogateescape"))


def told_structure(data: bytes) -> object:
    return _told(read_body(index_message(data).bodystructure, extended=True))


def _told(body: dict[str, Any]) -> object:
    kind = (body["type"] + b"/" + body["subtype"]).decode("latin-1").lower()
    children: Iterable[dict[str, Any]] = body["children"] or ()
    if "message" in body:
        children = [body["message"]]
    if children:
        return kind, [_told(child) for child in children]
    return kind, body["size"]


def differing(
    corpus: Path,
    told: Callable[[bytes], object],
    read: Callable[[email.message.Message], object],
) -> set[str]:
    found = set()
    files = sorted((corpus / "mail").glob("*.eml"))
    assert len(files) > 500
    for file in files:
        data = file.read_bytes()
        if told(data) != read(email.message_from_bytes(data)):
            found.add(file.stem)
    return found


def test_envelopes_are_those_of_the_library_but_where_it_is_wrong(corpus: Path) -> None:
    assert differing(corpus, told_envelope, library_envelope) == listed(ENVELOPES)


def test_structures_are_those_of_the_library_but_where_it_is_wrong(corpus: Path) -> None:
    assert differing(corpus, told_structure, library_structure) == listed(STRUCTURES)
