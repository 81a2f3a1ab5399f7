"""Delivery status notifications: the messages that tell a sender what became of his (RFC 3464). Pure.

A multipart/report of a text for a person, message/delivery-status for programs, and the header of
the message, or all of it where that was asked for. Every octet is 7-bit, so that any server takes
it, unless the message that is returned whole is not.
"""

import quopri
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from mail.flow.envelopes import DELAY, FAILURE, SUCCESS, EnvelopeRecipient

FAILED: Final = "failed"
DELAYED: Final = "delayed"
DELIVERED: Final = "delivered"
RELAYED: Final = "relayed"
EXPANDED: Final = "expanded"
NOTIFY_OF: dict[str, str] = {
    FAILED: FAILURE,
    DELAYED: DELAY,
    DELIVERED: SUCCESS,
    RELAYED: SUCCESS,
    EXPANDED: SUCCESS,
}
"""What must have been asked for, by the action that is told (RFC 3461 §4.1)."""

MAX_RETURNED_HEADER = 32 * 1024
MAX_RETURNED = 256 * 1024
"""Octets of a message that is returned whole; of a larger one the header is (RFC 3461 §4.3)."""
MAX_LINE = 998
_MAX_SUBJECT = 200
_QUOPRI_FROM = 500
"""A line of text from which on it is encoded rather than sent as it is."""

_ORDER = (FAILED, DELAYED, EXPANDED, RELAYED, DELIVERED)
_SUBJECTS = {
    FAILED: "Not delivered",
    DELAYED: "Not delivered yet",
    DELIVERED: "Delivered",
    RELAYED: "Passed on",
    EXPANDED: "Delivered",
}
_TEXTS = {
    FAILED: "Your message was not delivered to:",
    DELAYED: "Your message is still on its way, and nothing is to be done. It was not delivered yet to:",
    DELIVERED: "Your message was delivered to:",
    RELAYED: "Your message was passed on to a server that tells nothing of its delivery, for:",
    EXPANDED: "Your message was delivered to an address that leads on to others:",
}
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_BEYOND_UTF8_XTEXT = re.compile(r"[^!-*,-<>-\[\]-~]")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_FIELD_FLAGS = re.IGNORECASE | re.MULTILINE
_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*+(<[!-;=?-~]{1,900}+>)[ \t]*+\r?$", _FIELD_FLAGS)
# Of one line and plain: possessive, since a hostile one costs no more than it is long.
_SUBJECT = re.compile(
    rb"^Subject:[ \t]*+([!-~][ -~]{0,%d}+)\r?$(?!\n[ \t])" % (_MAX_SUBJECT - 1), _FIELD_FLAGS
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LINE_BREAK = re.compile(rb"\r?\n")
_NO_TEXT = re.compile(rb"[^\t\n\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient.

    `status` is an enhanced status code (RFC 3463), `diagnostic` what was said, as
    `smtp; 550 5.1.1 No such user`, by the server `remote_mta` or here. The times are epoch
    seconds, 0 where there is none; until `retry_until` what is delayed is tried again.
    """

    recipient: EnvelopeRecipient
    action: str
    status: str
    diagnostic: str = ""
    remote_mta: str = ""
    attempted_at: int = 0
    retry_until: int = 0


@dataclass(frozen=True, slots=True)
class Original:
    """The message that is told of, as it came: `header` up to its blank line or beyond.

    `data` is all of it, where it is to be returned; `return_to` is whom it is told where that is
    not `mail_from`; the rest as in `mail.flow.envelopes.Envelope`.
    """

    mail_from: str
    ret: str
    envid: str
    arrived_at: int
    header: bytes
    data: bytes | None = None
    return_to: str = ""

    @property
    def reader(self) -> str:
        """Who is told."""
        return self.return_to or self.mail_from


@dataclass(frozen=True, slots=True)
class By:
    """Who tells it, and when. `unique` is a random word of letters and digits."""

    reporting_mta: str
    postmaster: str
    now: int
    unique: str


def is_wanted(outcome: Outcome) -> bool:
    """Tell whether the sender is to be told of an outcome (RFC 3461 §5.2)."""
    return outcome.recipient.wants(NOTIFY_OF[outcome.action])


def build_dsn(original: Original, outcomes: Sequence[Outcome], by: By) -> bytes:
    """Return the notification of some outcomes, to be sent to `original.reader` from `<>`."""
    worst = min((outcome.action for outcome in outcomes), key=_ORDER.index)
    boundary = f"=_dsn_{by.unique}"
    parts = [
        _text_part(outcomes, by),
        _part("message/delivery-status", _status(original, outcomes, by).encode("ascii")),
        _returned_part(original, whole=worst == FAILED and original.ret == "FULL"),
    ]
    delimiter = f"\r\n--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + part for part in parts)
    header = _header(original, by, boundary, _SUBJECTS[worst])
    return header + b"\r\n" + body[2:] + delimiter + b"--\r\n"


def _header(original: Original, by: By, boundary: str, subject: str) -> bytes:
    own = _HEADER_END.split(original.header, maxsplit=1)[0][:MAX_RETURNED_HEADER]
    named = _SUBJECT.search(own)
    lines = [
        f"From: Mail system <{_plain(by.postmaster)}>",
        f"To: <{_CONTROLS.sub('', original.reader)}>",
        f"Subject: {subject}{f': {named[1].decode().rstrip()}' if named else ''}",
        f"Date: {_date(by.now)}",
        f"Message-ID: <dsn.{by.unique}@{by.reporting_mta}>",
        "Auto-Submitted: auto-replied",
    ]
    if found := _MESSAGE_ID.search(own):
        message_id = found[1].decode()
        lines += [f"In-Reply-To: {message_id}", f"References: {message_id}"]
    lines += [
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        f'\tboundary="{boundary}"',
        "",
    ]
    return "\r\n".join(lines).encode("utf-8", "replace")


def _text_part(outcomes: Sequence[Outcome], by: By) -> bytes:
    lines = [f"This is the mail system of {by.reporting_mta}."]
    for action in _ORDER:
        told = [outcome for outcome in outcomes if outcome.action == action]
        if told:
            lines += ["", _TEXTS[action]]
            for outcome in told:
                lines += ["", *_tell(outcome)]
    text = "\r\n".join((*lines, "")).encode("utf-8", "replace")
    return _text("text/plain; charset=utf-8", text)


def _tell(outcome: Outcome) -> list[str]:
    """Return the lines of one recipient, for a person."""
    lines = [f"<{_CONTROLS.sub('', outcome.recipient.address)}>"]
    if outcome.diagnostic:
        said = outcome.diagnostic.partition(";")[2].strip() or outcome.diagnostic
        by = f"{outcome.remote_mta} said: " if outcome.remote_mta else ""
        lines.append(f"    {by}{_CONTROLS.sub(' ', said)}")
    if outcome.action == DELAYED and outcome.retry_until:
        lines.append(f"    It is tried again until {_date(outcome.retry_until)}.")
    return lines


def _status(original: Original, outcomes: Sequence[Outcome], by: By) -> str:
    groups = [
        [
            ("Original-Envelope-Id", _plain(_unescape(original.envid))),
            ("Reporting-MTA", f"dns; {by.reporting_mta}"),
            ("Arrival-Date", _date(original.arrived_at)),
        ]
    ]
    groups += [
        [
            ("Original-Recipient", _original_recipient(outcome.recipient.orcpt)),
            ("Final-Recipient", _typed(outcome.recipient.address)),
            ("Action", outcome.action),
            ("Status", outcome.status),
            ("Remote-MTA", f"dns; {outcome.remote_mta}" if outcome.remote_mta else ""),
            ("Diagnostic-Code", _plain(outcome.diagnostic)),
            ("Last-Attempt-Date", _date(outcome.attempted_at)),
            ("Will-Retry-Until", _date(outcome.retry_until)),
        ]
        for outcome in outcomes
    ]
    return "\r\n".join("".join(_field(*pair) for pair in group if pair[1]) for group in groups)


def _field(name: str, value: str) -> str:
    """Return a field, folded at spaces where it is long."""
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + len(word) > 76 and line.strip():
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join((*lines, line)) + "\r\n"


def _typed(address: str) -> str:
    """Return an address with its type, in ASCII (RFC 3464 §2.3.2, RFC 6533 §3)."""
    if address.isascii():
        return f"rfc822; {_plain(address)}"
    escaped = _BEYOND_UTF8_XTEXT.sub(lambda found: f"\\x{{{ord(found[0]):X}}}", address)
    return f"utf-8; {escaped}"


def _original_recipient(orcpt: str) -> str:
    kind, _, address = orcpt.partition(";")
    if not address:
        return ""
    if kind.lower() != "rfc822":
        return _plain(orcpt)
    return _typed(_unescape(address))


def _unescape(xtext: str) -> str:
    """Undo xtext (RFC 3461 §4)."""
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)), xtext)


def _returned_part(original: Original, *, whole: bool) -> bytes:
    if whole and original.data is not None and _is_mail(original.data):
        return _part("message/rfc822", original.data)
    header = _HEADER_END.split(original.header, maxsplit=1)[0]
    if len(header) > MAX_RETURNED_HEADER:
        header = header[:MAX_RETURNED_HEADER].rpartition(b"\n")[0]
    return _text("text/rfc822-headers", header.rstrip(b"\r\n") + b"\r\n")


def _is_mail(data: bytes) -> bool:
    """Tell whether these octets may stand in a message that goes over SMTP (RFC 2045 §2.8)."""
    if len(data) > MAX_RETURNED or b"\0" in data:
        return False
    lines = data.split(b"\r\n")
    return all(len(line) <= MAX_LINE and b"\r" not in line and b"\n" not in line for line in lines)


def _part(content_type: str, body: bytes) -> bytes:
    encoding = "" if body.isascii() else "Content-Transfer-Encoding: 8bit\r\n"
    return f"Content-Type: {content_type}\r\n{encoding}\r\n".encode() + body


def _text(content_type: str, body: bytes) -> bytes:
    """Return a part of text: as it is where that is plain, else quoted-printable."""
    text = _LINE_BREAK.sub(b"\n", body)
    lines = text.split(b"\n")
    if not _NO_TEXT.search(text) and all(len(line) <= _QUOPRI_FROM for line in lines):
        return _part(content_type, b"\r\n".join(lines))
    encoded = quopri.encodestring(text.replace(b"\r", b"\n")).replace(b"\n", b"\r\n")
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + encoded


def _date(epoch: int) -> str:
    return format_datetime(datetime.fromtimestamp(epoch, UTC)) if epoch else ""


def _plain(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)
