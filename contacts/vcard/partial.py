"""Cards of which only some properties are asked for (RFC 6352 §10.4). Pure."""

from collections.abc import Mapping

from contacts.vcard.cards import Card, read_card
from contacts.vcard.contentlines import Line
from contacts.vcard.limits import NO_LIMITS
from contacts.vcard.serialize import serialize_card
from contacts.vcard.versions import convert


def select_properties(card: Card, wanted: Mapping[str, bool], version: str = "") -> bytes:
    """Return the card with the properties that are named in upper case, and VERSION.

    True asks for the value, False for the name and parameters alone (`novalue`). `item1.TEL` asks
    for that group only. `version` is the one to return it in (3.0 or 4.0), or the card's own.
    """
    if version and version != card.version:
        card = read_card(convert(card, version), NO_LIMITS)
    lines = [
        line if has_value else line._replace(value="")
        for line in card.lines
        if (has_value := _find(line, wanted)) is not None
    ]
    return serialize_card(card.version, lines)


def _find(line: Line, wanted: Mapping[str, bool]) -> bool | None:
    found = wanted.get(line.name)
    return found if found is not None else wanted.get(f"{line.group.upper()}.{line.name}")
