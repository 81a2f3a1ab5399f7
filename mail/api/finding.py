"""Messages by their ids, as far as somebody may see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groupware.core.errors import NotFound
from groupware.rest.paths import split_item
from mail.flags import OWNER, Actor, actor_with
from mail.listing import READ, read_messages
from mail.places import Place, get_place

GONE = "There is no such message."


@dataclass(frozen=True, slots=True)
class Message:
    """A message where somebody meets it."""

    place: Place
    row: Mapping[str, Any]

    @property
    def uid(self) -> int:
        """Return its UID."""
        uid: int = self.row["uid"]
        return uid

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Return its UID as a range."""
        return [(self.uid, self.uid)]


def find_message(account_id: int, message_id: str, fields: Sequence[str] = READ) -> Message:
    """Return a message that somebody may read; raises `NotFound`, `NotAllowed`."""
    object_id, uid = split_item(message_id)
    place = get_readable(account_id, object_id)
    rows = read_messages(place.info.collection_id, [uid], fields, reader_id=place.reader_id)
    if not rows:
        raise NotFound(GONE)
    return Message(place, rows[0])


def get_readable(account_id: int, object_id: str) -> Place:
    """Return a mailbox whose messages somebody may read; raises `NotFound`, `NotAllowed`."""
    place = get_place(account_id, object_id)
    place.require("r")
    return place


def actor_in(place: Place, account_id: int) -> Actor:
    """Return who sets flags in a mailbox, and which (RFC 4314 §4)."""
    return actor_with(account_id, place.rights) if place.reader_id else OWNER
