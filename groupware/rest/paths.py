"""What stands in URLs for an object: converters of paths, registered as `oid`, `item`, `section` and `key`.

A text in no such form leads nowhere, and is 404 like any other that leads nowhere.
"""

from functools import cache
from typing import Any, Final

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter


class ObjectIdConverter(StringConverter):
    """An `object_id` of a collection: what RFC 8474 §4 lets it be."""

    regex = "[A-Za-z0-9_-]{1,32}"


class ItemConverter(StringConverter):
    """An item of a collection: its collection's `object_id`, and the item's number there."""

    regex = "[A-Za-z0-9_-]{1,32}-[1-9][0-9]{0,17}"


class SectionConverter(StringConverter):
    """The number of a part of a message, as IMAP has it."""

    regex = r"[1-9][0-9]{0,4}(?:\.[1-9][0-9]{0,4}){0,60}"


def split_item(text: str) -> tuple[str, int]:
    """Return what an item's id consists of."""
    object_id, _, number = text.rpartition("-")
    return object_id, int(number)


class KeyConverter(IntConverter):
    """A number by which accounts, groups and domains are known; as large as databases have."""

    regex = "[1-9][0-9]{0,17}"


class NamedConverter(StringConverter):
    """An item that a collection knows by name: `groupware.rest.items` says what it is made of."""

    regex = r"[A-Za-z0-9_-]{1,32}\.[A-Za-z0-9_-]{1,1400}"


class WhenConverter(StringConverter):
    """An occurrence of a series, by the time that its rule makes it at."""

    regex = "[0-9]{8}(?:T[0-9]{6}Z?)?"


@cache
def register() -> None:
    """Let `path()` know them; every api/urls.py calls it before its own patterns."""
    register_converter(ObjectIdConverter, "oid")
    register_converter(ItemConverter, "item")
    register_converter(KeyConverter, "key")
    register_converter(SectionConverter, "section")
    register_converter(NamedConverter, "named")
    register_converter(WhenConverter, "when")


SCHEMAS: Final[dict[str, Any]] = {
    "oid": {"type": "string", "pattern": f"^{ObjectIdConverter.regex}$"},
    "item": {"type": "string", "pattern": f"^{ItemConverter.regex}$"},
    "section": {"type": "string", "pattern": f"^{SectionConverter.regex}$"},
    "named": {"type": "string", "pattern": f"^{NamedConverter.regex}$"},
    "when": {"type": "string", "pattern": f"^{WhenConverter.regex}$"},
    "key": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 10**18 - 1},
}
"""How the schema tells them."""
