"""What a report asks of members: properties, and their data whole or in part."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from groupware.dav.names import dav
from groupware.dav.properties import ALLPROP
from groupware.dav.request import read_names

Render = Callable[[bytes], bytes]
"""Makes of stored bytes what is asked for; raises `Unconvertible`."""
ReadData = Callable[[ET.Element], Render | None]


class Unconvertible(Exception):
    """One member cannot be told in the form asked for; told as 415 (RFC 6352 §8.7.2)."""

    def __init__(self, condition: str, text: str) -> None:
        super().__init__(text)
        self.condition = condition


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for; `data_name` is the property that is a member's data, "" without it."""

    names: tuple[str, ...] = ()
    data_name: str = ""
    render: Render | None = None
    is_all: bool = False
    names_only: bool = False

    @property
    def has_data(self) -> bool:
        """Whether bytes are to be read."""
        return bool(self.data_name)

    @property
    def other_names(self) -> tuple[str, ...]:
        """The names but for that of the data."""
        return tuple(name for name in self.names if name != self.data_name)


def parse_asked(root: ET.Element, data: Mapping[str, ReadData]) -> Asked:
    """Read the DAV:prop, allprop or propname of a report; raises `DavError`.

    `data` has the property that is the data of members here, with what reads its element.
    """
    prop = root.find(dav("prop"))
    if prop is None:
        if root.find(dav("propname")) is not None:
            return Asked(names_only=True)
        is_all = root.find(dav("allprop")) is not None
        return Asked(ALLPROP if is_all else (), is_all=is_all)
    names = read_names(prop)
    for child in prop:
        read = data.get(str(child.tag))
        if read is not None:
            return Asked(names, str(child.tag), read(child))
    return Asked(names)
