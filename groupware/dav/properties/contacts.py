"""Properties of address books (RFC 6352 §6.2, §8.3.1)."""

from collections.abc import Mapping
from typing import Final

from groupware.core import limits
from groupware.dav.names import carddav, element
from groupware.dav.properties.getter import Getter, text
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource

COLLATIONS: Final = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")
VERSIONS: Final = ("3.0", "4.0")


def _supported_data(resource: Resource, _request: Request) -> bytes | None:
    if not resource.is_address_book:
        return None
    return b"".join(
        element(
            carddav("address-data-type"),
            attributes=f' content-type="text/vcard" version="{version}"',
        )
        for version in VERSIONS
    )


def _description(resource: Resource, _request: Request) -> bytes | None:
    info = resource.info
    if resource.kind is not Kind.COLLECTION or not resource.is_address_book or info is None:
        return None
    return text(info.description) or None


def _max_size(resource: Resource, _request: Request) -> bytes | None:
    return b"%d" % limits.RESOURCE_SIZE.value if resource.is_address_book else None


def _collations(resource: Resource, _request: Request) -> bytes | None:
    if not resource.is_address_book:
        return None
    return b"".join(element(carddav("supported-collation"), name.encode()) for name in COLLATIONS)


PROPERTIES: Final[Mapping[str, Getter]] = {
    carddav("supported-address-data"): _supported_data,
    carddav("addressbook-description"): _description,
    carddav("max-resource-size"): _max_size,
    carddav("supported-collation-set"): _collations,
}
