"""Reading elements of reports: numbers, yes and no, and what may stand where."""

import re
import xml.etree.ElementTree as ET
from typing import Final

from groupware.dav.errors import DavError
from groupware.dav.names import split_name

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_YES: Final = {"yes": True, "no": False}


def find_all(root: ET.Element, name: str) -> list[ET.Element]:
    """Return the children of a name."""
    return [child for child in root if child.tag == name]


def read_limit(root: ET.Element, limit: str, nresults: str) -> int | None:
    """Return how many results a client takes at most (RFC 5323 §5.17); None for any number."""
    found = root.find(limit)
    if found is None:
        return None
    text = (found.findtext(nresults) or "").strip()
    if not _NUMBER.fullmatch(text) or int(text) == 0:
        raise DavError(400, "The limit's nresults is a number from 1.")
    return int(text)


def read_yes(element: ET.Element, attribute: str) -> bool:
    """Return an attribute that is yes or no, the latter where it is not there."""
    said = element.get(attribute, "no")
    if said not in _YES:
        raise DavError(400, f"The attribute {attribute} is yes or no.")
    return _YES[said]


def local(element: ET.Element) -> str:
    """Return the name of an element without its namespace, for texts to people."""
    return split_name(str(element.tag))[1]
