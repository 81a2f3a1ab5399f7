"""Letters as JSON: what somebody writes, checked, and the message that it makes."""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, Final, TypeVar

from rest_framework import serializers
from rest_framework.parsers import BaseParser

from groupware.core import db, limits
from groupware.core.blobs import BlobGone
from groupware.core.clock import now
from groupware.core.errors import NotFound
from groupware.rest.bodies import JsonParser, read_body
from groupware.rest.errors import WrongFields
from groupware.rest.fields import AddressField
from groupware.rest.paths import ItemConverter, SectionConverter
from mail import contents
from mail.api.finding import find_message
from mail.api.octets import NEEDED
from mail.api.showing import leaves_of
from mail.flow.letters import Enclosure, Letter, Person, make_message

MOST_PEOPLE: Final = 1_000
MOST_FILES: Final = 100
MOST_REFERENCES: Final = 100
ATTEMPTS: Final = 3
"""How often a message is prepared whose bytes were collected meanwhile."""
_TYPE: Final = r"^[A-Za-z0-9][A-Za-z0-9.+_-]{0,60}/[A-Za-z0-9][A-Za-z0-9.+_-]{0,60}$"
_ID: Final = r"^[!-;=?-~]{1,250}@[!-;=?-~]{1,250}$"
_CONTENT_ID: Final = r"^[A-Za-z0-9.@_+-]{1,200}$"
T = TypeVar("T")


class LetterParser(JsonParser):
    """JSON with files in it."""

    limit = limits.API_LETTER


class MessageParser(BaseParser):
    """A whole message, as it is."""

    media_type = "message/rfc822"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002 (DRF's)
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """Return the octets."""
        return read_body(stream, limits.MESSAGE_SIZE)


class PersonSerializer(serializers.Serializer[Any]):
    """Somebody who is written to, or who writes."""

    name = serializers.CharField(default="", allow_blank=True, max_length=500)
    address = AddressField()


class EnclosureSerializer(serializers.Serializer[Any]):
    """A file: its content, or a part of a message that it is taken from."""

    filename = serializers.CharField(default="", allow_blank=True, max_length=255)
    media_type = serializers.RegexField(_TYPE, default="application/octet-stream")
    content = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, help_text="In base64."
    )
    content_id = serializers.RegexField(
        _CONTENT_ID, required=False, help_text="Of a picture that the HTML shows as `cid:…`."
    )
    message = serializers.RegexField(
        f"^{ItemConverter.regex}$", required=False, help_text="The message to take it from."
    )
    section = serializers.RegexField(f"^{SectionConverter.regex}$", required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one source of its octets."""
        is_part = "message" in attrs and "section" in attrs
        if is_part == ("content" in attrs):
            raise serializers.ValidationError("Give `content`, or `message` and `section`.")
        return attrs


class LetterSerializer(serializers.Serializer[Any]):
    """A letter."""

    from_ = PersonSerializer(
        required=False, help_text="Yours if it is left out; else an address that you may send from."
    )
    to = PersonSerializer(many=True, required=False)
    cc = PersonSerializer(many=True, required=False)
    bcc = PersonSerializer(many=True, required=False)
    reply_to = PersonSerializer(many=True, required=False)
    subject = serializers.CharField(default="", allow_blank=True, max_length=2_000)
    text = serializers.CharField(default="", allow_blank=True, trim_whitespace=False)
    html = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False
    )
    attachments = EnclosureSerializer(many=True, required=False)
    in_reply_to = serializers.RegexField(
        _ID, required=False, help_text="The `message_id` of the message that it answers."
    )
    references = serializers.ListField(
        child=serializers.RegexField(_ID), required=False, max_length=MOST_REFERENCES
    )

    def get_fields(self) -> dict[str, Any]:
        """Return the fields; `from` is no name of Python's."""
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Bound what is many."""
        for name in ("to", "cc", "bcc", "reply_to"):
            if len(attrs.get(name, ())) > MOST_PEOPLE:
                raise serializers.ValidationError({name: f"At most {MOST_PEOPLE} here."})
        if len(attrs.get("attachments", ())) > MOST_FILES:
            raise serializers.ValidationError({"attachments": f"At most {MOST_FILES} files."})
        return attrs


def write_message(given: Mapping[str, Any], account_id: int, login: str) -> bytes:
    """Return the message of a letter that was read by its serializer; raises `WrongFields`."""
    author = _person(given["from"]) if "from" in given else Person("", login)
    letter = Letter(
        author=author,
        to=_people(given, "to"),
        cc=_people(given, "cc"),
        bcc=_people(given, "bcc"),
        reply_to=_people(given, "reply_to"),
        subject=given["subject"],
        text=given["text"],
        html=given.get("html"),
        enclosures=[
            _read_enclosure(held, place, account_id)
            for place, held in enumerate(given.get("attachments", ()))
        ],
        in_reply_to=given.get("in_reply_to", ""),
        references=given.get("references", ()),
    )
    domain = author.address.rpartition("@")[2]
    return make_message(letter, now().astimezone(UTC), f"{secrets.token_urlsafe(18)}@{domain}")


def _people(given: Mapping[str, Any], name: str) -> Sequence[Person]:
    return [_person(held) for held in given.get(name, ())]


def _person(held: Mapping[str, str]) -> Person:
    return Person(held["name"], held["address"])


def _read_enclosure(held: Mapping[str, Any], place: int, account_id: int) -> Enclosure:
    pointer = f"/attachments/{place}"
    if "content" not in held:
        return _take_enclosure(held, pointer, account_id)
    try:
        data = base64.b64decode(held["content"], validate=True)
    except (binascii.Error, ValueError):
        raise WrongFields({f"{pointer}/content": "It is no base64."}) from None
    return Enclosure(held["filename"], held["media_type"], data, held.get("content_id", ""))


def _take_enclosure(held: Mapping[str, Any], pointer: str, account_id: int) -> Enclosure:
    """Return a part of a message that the writer may read."""
    section = held["section"]
    try:
        with db.read_snapshot():
            row = find_message(account_id, held["message"], NEEDED).row
    except NotFound as error:
        raise WrongFields({f"{pointer}/message": error.message}) from error
    leaf = next((leaf for leaf in leaves_of(row) if leaf.section == section), None)
    entry = contents.find_entry(row, leaf.path) if leaf else None
    if leaf is None or entry is None:
        raise WrongFields({f"{pointer}/section": "The message has no such part."})
    data = b"".join(contents.read_part(row, entry))
    name = held["filename"] or leaf.filename
    return Enclosure(name, leaf.media_type, data, held.get("content_id", ""))


def until_there(work: Callable[[], T]) -> T:
    """Do what prepares bytes and writes them, again where they were collected in between."""
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except BlobGone:
            continue
    return work()
