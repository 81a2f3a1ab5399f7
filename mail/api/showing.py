"""What is shown of a message: plain values from its row, decoded for people."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rest_framework import serializers

from groupware.rest.conditions import Version
from groupware.rest.views import ObjectView
from mail.api.finding import Message
from mail.flags import FLAG_NAMES
from mail.mime.text import decode_header
from mail.objectids import email_id, thread_id
from mail.places import Place
from mail.reading.addresses import Mailbox, read_addresses, read_fields
from mail.reading.structure import Leaf, list_leaves

_LITERAL: Final = re.compile(rb"\{\d+\}\r\n")
_IDS: Final = re.compile(r"<([^<>\s]+)>")
NAMES: Final = {bit: name[1:].lower() for bit, name in FLAG_NAMES.items()}
"""What the API calls the flags of IMAP; every other name is a keyword."""
LATEST: Final = 253_402_300_799
"""The last second that a date of four digits has."""


class MailboxAddressSerializer(serializers.Serializer[Any]):
    """A person in a field of a message."""

    name = serializers.CharField(allow_blank=True)
    address = serializers.CharField(help_text="As it stands; it may be no address at all.")


class MessageSummarySerializer(serializers.Serializer[Any]):
    """A message as lists show it."""

    id = serializers.CharField(help_text="Of this message in this mailbox.")
    mailbox = serializers.CharField(help_text="The id of its mailbox.")
    thread = serializers.CharField(help_text="The same for all of a conversation (THREADID).")
    email = serializers.CharField(help_text="The same for all copies in an account (EMAILID).")
    subject = serializers.CharField(allow_blank=True)
    from_ = MailboxAddressSerializer(many=True)
    to = MailboxAddressSerializer(many=True)
    date = serializers.DateTimeField(allow_null=True, help_text="When its sender says it is from.")
    received = serializers.DateTimeField()
    size = serializers.IntegerField(help_text="Octets.")
    flags = serializers.ListField(
        child=serializers.CharField(),
        help_text="`seen`, `answered`, `flagged`, `deleted`, `draft`, and keywords. `seen` is yours.",
    )
    preview = serializers.CharField(allow_blank=True, help_text="The first words of its text.")
    has_attachments = serializers.BooleanField()
    etag = serializers.CharField(help_text="What If-Match takes.")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; `from` is no name of Python's."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class PartSerializer(serializers.Serializer[Any]):
    """A part of a message that holds no others."""

    section = serializers.CharField(help_text="Its number, as in the URL of its octets.")
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Octets as they are encoded.")
    filename = serializers.CharField(allow_blank=True)
    content_id = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    is_attachment = serializers.BooleanField(
        help_text="False for the text itself and pictures inside it."
    )


PART_FIELDS: Final = (
    *("section", "media_type", "size", "filename", "content_id", "description", "is_attachment"),
)


class MessageSerializer(MessageSummarySerializer):
    """A message with everything but its text."""

    cc = MailboxAddressSerializer(many=True)
    bcc = MailboxAddressSerializer(many=True)
    reply_to = MailboxAddressSerializer(many=True)
    sender = MailboxAddressSerializer(many=True)
    message_id = serializers.CharField(allow_blank=True, help_text="Without angle brackets.")
    in_reply_to = serializers.ListField(child=serializers.CharField())
    references = serializers.ListField(child=serializers.CharField())
    parts = PartSerializer(many=True)


def version_of(row: Mapping[str, Any]) -> Version:
    """Return the state of a message: its octets never change, its flags do."""
    return Version(str(row["modseq"]))


def message_id(place: Place, uid: int) -> str:
    """Return the id of a message."""
    return f"{place.info.object_id}-{uid}"


def show_summary(place: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what lists show of a message, of a row of `listing.LISTED`. Hot."""
    fields = read_fields(_LITERAL.sub(b"", bytes(row["summary"]), count=1))
    return {
        "id": message_id(place, row["uid"]),
        "mailbox": place.info.object_id,
        "thread": thread_id(row["thread_id"]).decode(),
        "email": email_id(row["email_id"]).decode(),
        "subject": decode_header(fields.get(b"subject", b"")),
        "from": _people(fields.get(b"from", b"")),
        "to": _people(fields.get(b"to", b"")),
        "date": _moment(row["sent_at"]),
        "received": _moment(row["internal_date"]),
        "size": row["size"],
        "flags": show_flags(row["flags"], row["keywords"]),
        "preview": row["preview"],
        "has_attachments": any(leaf.is_attachment for leaf in leaves_of(row)),
        "etag": version_of(row).etag,
    }


def show_message(place: Place, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything of a message but its text, of a row of `listing.READ`."""
    fields = read_fields(bytes(row["prefix"] or b"") + bytes(row["header_fields"]))
    people = {
        name.replace("-", "_"): _people(fields.get(name.encode(), b""))
        for name in ("cc", "bcc", "reply-to", "sender")
    }
    return {
        **show_summary(place, row),
        **people,
        "message_id": next(iter(_ids(fields.get(b"message-id", b""))), ""),
        "in_reply_to": _ids(fields.get(b"in-reply-to", b"")),
        "references": _ids(fields.get(b"references", b"")),
        "parts": [_show_part(leaf) for leaf in leaves_of(row)],
    }


def show_flags(mask: int, keywords: str) -> list[str]:
    """Return flags by their names here, then keywords."""
    return [*(name for bit, name in NAMES.items() if mask & bit), *keywords.split()]


def leaves_of(row: Mapping[str, Any]) -> Sequence[Leaf]:
    """Return the parts of a message."""
    return list_leaves(bytes(row["bodystructure"]))


def _show_part(leaf: Leaf) -> dict[str, Any]:
    return {name: getattr(leaf, name) for name in PART_FIELDS}


def _people(value: bytes) -> list[dict[str, str]]:
    return [Mailbox._asdict(mailbox) for mailbox in read_addresses(value)] if value else []


def _ids(value: bytes) -> list[str]:
    return _IDS.findall(decode_header(value))[:1_000]


def _moment(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(min(max(seconds, 0), LATEST), UTC)


class OneMessage(ObjectView[Message]):
    """What a message and a draft have in common: how they are shown."""

    def version_of(self, found: Message) -> Version:
        """Return its state."""
        return version_of(found.row)

    def owner_of(self, found: Message) -> int:
        """Return whose mailbox it is in."""
        return found.place.info.account_id

    def represent(self, found: Message) -> object:
        """Return everything but its text."""
        return MessageSerializer(show_message(found.place, found.row)).data
