"""The values of single properties in the other version (RFC 6350 against RFC 2426). Pure."""

import re
from collections.abc import Callable

from contacts.vcard import dates
from contacts.vcard.cards import BINARY_NAMES
from contacts.vcard.contentlines import Line, Params
from contacts.vcard.media import read_media, type_name

_DATES = ("BDAY", "REV", "ANNIVERSARY")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def as_it_is(line: Line) -> Line:
    """Return the line: both versions write it alike, or only one knows it."""
    return line


def without(params: Params, *names: str) -> dict[str, tuple[str, ...]]:
    """Return the other parameters."""
    return {name: items for name, items in params.items() if name not in names}


def _media_to_4(line: Line) -> Line:
    media = read_media(line)
    params = without(line.params, "ENCODING", "TYPE", "VALUE")
    if media.base64:
        return line._replace(params=params, value=f"data:{media.media_type};base64,{media.base64}")
    if media.media_type:
        params["MEDIATYPE"] = (media.media_type,)
    return line._replace(params=params, value=media.uri)


def _media_to_3(line: Line) -> Line:
    media = read_media(line)
    params = without(line.params, "ENCODING", "TYPE", "VALUE", "MEDIATYPE")
    params |= {"ENCODING": ("b",)} if media.base64 else {"VALUE": ("uri",)}
    if name := type_name(media.media_type):
        params["TYPE"] = (name,)
    return line._replace(params=params, value=media.base64 or media.uri)


def _date_to_4(line: Line) -> Line:
    value = dates.basic(line.value.strip(), line.params)
    if value == line.value:
        return line
    return line._replace(params=without(line.params, "VALUE", dates.OMIT_YEAR), value=value)


def _date_to_3(line: Line) -> Line:
    value, lacks_year = dates.extended(line.value.strip())
    if value == line.value:
        return line
    params = without(line.params, "VALUE")
    if lacks_year:
        params[dates.OMIT_YEAR] = (dates.OMITTED_YEAR,)
    return line._replace(params=params, value=value)


def _geo_to_4(line: Line) -> Line:
    latitude, semicolon, longitude = line.value.replace("\\;", ";").partition(";")
    return line._replace(value=f"geo:{latitude},{longitude}") if semicolon else line


def _geo_to_3(line: Line) -> Line:
    latitude, comma, longitude = line.value.removeprefix("geo:").partition(",")
    if not comma or ";" in longitude or not line.value.startswith("geo:"):
        return line
    return line._replace(params=without(line.params, "VALUE"), value=f"{latitude};{longitude}")


def _zone_to_4(line: Line) -> Line:
    offset = dates.extended_offset(line.value)
    if offset is None:
        return line._replace(params=without(line.params, "VALUE"))
    params = {**line.params, "VALUE": ("utc-offset",)}
    return line._replace(params=params, value=offset.replace(":", ""))


def _zone_to_3(line: Line) -> Line:
    offset = dates.extended_offset(line.value)
    params = without(line.params, "VALUE")
    if offset is None:
        return line._replace(params=params | {"VALUE": ("text",)})
    return line._replace(params=params, value=offset)


def _phone_to_3(line: Line) -> Line:
    params = without(line.params, "VALUE")
    if not line.value.lower().startswith("tel:"):
        return line._replace(params=params)
    return line._replace(params=params, value=line.value[4:].replace(";ext=", " x"))


def _uid_to_4(line: Line) -> Line:
    if _URI.match(line.value):
        return line
    return line._replace(params={**line.params, "VALUE": ("text",)})


def _without_value_type(line: Line) -> Line:
    return line._replace(params=without(line.params, "VALUE"))


Convert = Callable[[Line], Line]

TO_4: dict[str, Convert] = {
    **dict.fromkeys(BINARY_NAMES, _media_to_4),
    **dict.fromkeys(_DATES, _date_to_4),
    "GEO": _geo_to_4,
    "TZ": _zone_to_4,
    "TEL": _without_value_type,
    "UID": _uid_to_4,
}
"""For a property of 3.0, how its value is written in 4.0; others stay as they are."""

TO_3: dict[str, Convert] = {
    **dict.fromkeys(BINARY_NAMES, _media_to_3),
    **dict.fromkeys(_DATES, _date_to_3),
    "GEO": _geo_to_3,
    "TZ": _zone_to_3,
    "TEL": _phone_to_3,
    "UID": _without_value_type,
}
"""The other way."""
