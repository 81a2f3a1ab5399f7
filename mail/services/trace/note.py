"""What is noted of one step, and by which way a message comes to where it is filed."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from mail.models import Step
from mail.services.content import PreparedMessage

MOST_MESSAGE_ID = 255
"""Characters of a Message-ID by which it is known."""

_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^<>\s]*)>", re.IGNORECASE | re.MULTILINE)


class Note(NamedTuple):
    """One step of a message; the fields as in `mail.models.TraceEntry`.

    Whose administrators may see it is found when it is written: those of the domain of `account_id`,
    else of the domain of the address `place`. Of what went to a `place` on this server a step
    `is_inner`: it is one only where that is in another domain than the account. Of a message with
    a `blob_id` and no `message_id` the store knows the Message-ID.
    """

    step: Step
    sender: str = ""
    recipient: str = ""
    place: str = ""
    account_id: int | None = None
    message_id: str = ""
    blob_id: int | None = None
    reference: str = ""
    queue_id: int | None = None
    size: int = 0
    peer: str = ""
    detail: str = ""
    is_inner: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """How a message came to where it is filed; the fields as in `Note`."""

    sender: str
    recipient: str
    reference: str = ""
    peer: str = ""
    detail: str = ""


def name_of(prepared: PreparedMessage, prefix: bytes = b"") -> str:
    """Return a Message-ID without its brackets, also one that submission put before the message."""
    return prepared.message_id[:MOST_MESSAGE_ID] if prepared.message_id else name_in(prefix)


def name_in(header: bytes) -> str:
    """Return the Message-ID that stands in header fields, without its brackets; "" for none."""
    found = _MESSAGE_ID.search(header)
    return found[1].decode("utf-8", "replace")[:MOST_MESSAGE_ID] if found else ""
