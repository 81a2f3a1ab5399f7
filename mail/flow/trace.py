"""The header fields that say which way a message came (RFC 5321 §4.4). Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Hop:
    """Who gave a message to whom, and how.

    `tls` names the cipher (RFC 8314 §4.3). `recipient` is there where it is the only one: nobody
    learns from a header who else got a blind copy.
    """

    helo: str
    peer: str
    by: str
    protocol: str
    session_id: str
    tls: str = ""
    recipient: str = ""


def return_path(mail_from: str) -> bytes:
    """Return the field of the sender, which the last server adds."""
    return f"Return-Path: <{_plain(mail_from)}>\r\n".encode("utf-8", "replace")


def delivered_to(address: str) -> bytes:
    """Return the field by which a loop is found."""
    return f"Delivered-To: {_plain(address)}\r\n".encode("utf-8", "replace")


def received(hop: Hop, date: datetime) -> bytes:
    """Return the field of one hop."""
    clauses = [
        f"from {_plain(hop.helo) or 'unknown'} ({_literal(_plain(hop.peer))})",
        f"by {_plain(hop.by)} with {hop.protocol} id {hop.session_id}",
    ]
    if hop.recipient:
        clauses.append(f"for <{_plain(hop.recipient)}>")
    if hop.tls:
        clauses.append(f"tls {_plain(hop.tls)}")
    text = "\r\n\t".join(clauses)
    return f"Received: {text};\r\n\t{format_datetime(date)}\r\n".encode("utf-8", "replace")


def _literal(peer: str) -> str:
    return f"[IPv6:{peer}]" if ":" in peer else f"[{peer}]"


def _plain(text: str) -> str:
    return _CONTROLS.sub("", text)
