"""Writing cards as forms (`contacts.vcard.forms`): made, changed, given a photo.

Everything here happens before any lock; what is returned goes to `cards.put_card`, with a check of
the entity tag that it is for.
"""

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from contacts.services.cards import parse_card
from contacts.vcard.cards import Card, InvalidCard, read_card
from contacts.vcard.forms.editing import change_card, new_card, put_photo
from contacts.vcard.forms.reading import read_form
from contacts.vcard.limits import NO_LIMITS
from contacts.vcard.media import read_media
from groupware.core import limits
from groupware.core.clock import now
from groupware.core.directory.photos import Photo, media_type_of
from groupware.core.errors import Invalid, NotFound, TooLarge

Fields = Mapping[str, Any]


class Prepared(NamedTuple):
    """A card that was read and is ready to be put."""

    data: bytes
    card: Card


def make_card(fields: Fields) -> Prepared:
    """Return a new card; raises `BadField`, `Invalid`."""
    return prepare(new_card(fields, fields.get("uid") or str(uuid.uuid4()), _rev()))


def edit_card(data: bytes, changes: Fields) -> Prepared:
    """Return a card with changes; raises `BadField`, `Invalid`."""
    return prepare(change_card(data, _read(data), changes, _rev()))


def set_photo(data: bytes, photo: bytes | None) -> Prepared:
    """Return a card with a photo, or without any; raises `Invalid` for no picture, `TooLarge`."""
    told = None
    if photo is not None:
        if len(photo) > (most := limits.PHOTO_SIZE.value):
            raise TooLarge(f"A photo has at most {most} octets: make it smaller.")
        told = (media_type_of(photo), photo)
    return prepare(put_photo(data, _read(data), told, _rev()))


def photo_of(data: bytes) -> Photo:
    """Return the photo of a card; raises `NotFound` where it has none, or leads elsewhere."""
    for line in _read(data).lines:
        if line.name == "PHOTO" and (octets := read_media(line).octets()):
            try:
                return Photo(media_type_of(octets), octets)
            except Invalid:
                continue
    raise NotFound("The card has no photo.")


def form_of(data: bytes) -> dict[str, Any]:
    """Return what is stored as a form; raises `Invalid` where it cannot be read any more."""
    return read_form(_read(data))


def prepare(data: bytes) -> Prepared:
    """Return a card that can be put; raises `Invalid`, `TooLarge`."""
    try:
        return Prepared(data, parse_card(data))
    except InvalidCard as error:
        if error.precondition == "max-resource-size":
            raise TooLarge(error.text) from error
        raise Invalid(error.text) from error


def _read(data: bytes) -> Card:
    try:
        return read_card(data, NO_LIMITS)
    except InvalidCard as error:
        raise Invalid(error.text) from error


def _rev() -> str:
    return now().strftime("%Y-%m-%dT%H:%M:%SZ")
