"""CARDDAV:address-data (RFC 6352 §10.4): the version of a card and the properties asked for.

Without a version a card is told as it is stored; RFC 6352 would have it 3.0, which takes from a
client that writes 4.0 what it wrote.
"""

import re
import xml.etree.ElementTree as ET
from typing import Final

from contacts.vcard.cards import InvalidCard, read_card
from contacts.vcard.limits import CardLimits
from contacts.vcard.partial import select_properties
from contacts.vcard.versions import convert
from groupware.core import limits
from groupware.dav.errors import DavError
from groupware.dav.names import carddav
from groupware.dav.properties.contacts import VERSIONS
from groupware.dav.reports.asked import Render, Unconvertible
from groupware.dav.reports.elements import find_all, read_yes

NAME: Final = carddav("address-data")
SUPPORTED: Final = carddav("supported-address-data")
CONVERSION: Final = carddav("supported-address-data-conversion")
_VERSION: Final = re.compile(rb"^VERSION:([0-9.]+)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def parse_address_data(asked: ET.Element) -> Render | None:
    """Return what makes of a stored card what is asked for; None for the card as it is."""
    version = asked.get("version", "")
    kind = asked.get("content-type", "text/vcard").strip().lower()
    if kind != "text/vcard" or (version and version not in VERSIONS):
        text = f"Cards are told as text/vcard of version {' or '.join(VERSIONS)}."
        raise DavError(403, text, SUPPORTED)
    wanted = _parse_properties(asked)
    if not wanted and not version:
        return None

    def render(data: bytes) -> bytes:
        return _render(data, version, wanted)

    return render


def _parse_properties(asked: ET.Element) -> dict[str, bool]:
    """Return the names that are asked for, each with whether its value is."""
    if asked.find(carddav("allprop")) is not None:
        return {}
    wanted: dict[str, bool] = {}
    for prop in find_all(asked, carddav("prop")):
        name = prop.get("name", "").strip().upper()
        if not name:
            raise DavError(400, "A prop of address-data has a name.")
        wanted[name] = not read_yes(prop, "novalue")
    return wanted


def _render(data: bytes, version: str, wanted: dict[str, bool]) -> bytes:
    held = _VERSION.search(data)
    if not wanted and held is not None and held[1].decode() == version:
        return data
    try:
        card = read_card(data, CardLimits(octets=limits.RESOURCE_SIZE.value))
        return select_properties(card, wanted, version) if wanted else convert(card, version)
    except InvalidCard as error:
        raise Unconvertible(CONVERSION, error.text) from error
