"""A card as a form."""

from __future__ import annotations

from typing import Any

from contacts.vcard.cards import Card, Name
from contacts.vcard.contentlines import Line
from contacts.vcard.dates import parse_birthday
from contacts.vcard.forms.entries import ENTRIES, read_entries, read_labels
from contacts.vcard.values import split_list

__all__ = ["NAME_PARTS", "read_form"]

NAME_PARTS = Name._fields
_MEMBER = "urn:uuid:"


def read_form(card: Card) -> dict[str, Any]:
    """Return a card as a form."""
    lines = card.lines
    labels = read_labels(lines)
    organization = card.organization
    form: dict[str, Any] = {
        "uid": card.uid,
        "kind": card.kind,
        "full_name": card.full_name,
        "name": {part: " ".join(texts) for part, texts in zip(NAME_PARTS, card.name, strict=True)},
        "nicknames": list(card.nicknames),
        "organization": organization[0] if organization else "",
        "units": list(organization[1:]),
        "title": _first(card, "TITLE"),
        "role": _first(card, "ROLE"),
    }
    for kind in ENTRIES:
        form[kind.field] = read_entries(kind, lines, labels)
    form |= {
        "birthday": str(card.birthday) if card.birthday else None,
        "anniversary": _day(lines, "ANNIVERSARY", "X-ANNIVERSARY"),
        "note": _first(card, "NOTE"),
        "categories": [
            text
            for line in lines
            if line.name == "CATEGORIES"
            for text in split_list(line.value)
            if text
        ],
        "members": [member_uid(text) for text in card.members],
        "has_photo": card.has_photo,
    }
    return form


def member_uid(uri: str) -> str:
    """Return the UID that a member's URI leads to; of another URI all of it."""
    return uri[len(_MEMBER) :] if uri.lower().startswith(_MEMBER) else uri


def _first(card: Card, name: str) -> str:
    return next(iter(card.values(name)), "")


def _day(lines: tuple[Line, ...], *names: str) -> str | None:
    for line in lines:
        if line.name in names and (found := parse_birthday(line)) is not None:
            return str(found)
    return None
