"""CARDDAV:filter (RFC 6352 §10.5) as conditions of `contacts.vcard.filters`."""

import xml.etree.ElementTree as ET
from typing import Final
from xml.sax.saxutils import quoteattr

from contacts.vcard.filters import ALL, ANY, Filter, ParamFilter, PropFilter, Test
from contacts.vcard.matching import COLLATIONS, DEFAULT_COLLATION, MATCH_TYPES, TextMatch
from groupware.dav.errors import DavError
from groupware.dav.names import carddav, element
from groupware.dav.reports.elements import find_all, local, read_yes

MAX_CONDITIONS: Final = 500
"""Elements of a filter: each may be held against every card."""
SUPPORTED: Final = carddav("supported-filter")
COLLATION: Final = carddav("supported-collation")
_TESTS: Final[dict[str, Test]] = {"anyof": ANY, "allof": ALL}
_PROP, _PARAM, _TEXT = map(carddav, ("prop-filter", "param-filter", "text-match"))
_NOT_DEFINED: Final = carddav("is-not-defined")


def parse_card_filter(root: ET.Element) -> Filter:
    """Read the filter of an addressbook-query; raises `DavError`."""
    found = root.find(carddav("filter"))
    if found is None:
        raise DavError(400, "An addressbook-query has a CARDDAV:filter, an empty one for all.")
    if sum(1 for _ in found.iter()) > MAX_CONDITIONS:
        text = f"A filter has at most {MAX_CONDITIONS} elements."
        raise DavError(403, text, SUPPORTED)
    _check_children(found, _PROP)
    props = tuple(_parse_prop(child) for child in find_all(found, _PROP))
    return Filter(props, _parse_test(found))


def _parse_prop(found: ET.Element) -> PropFilter:
    _check_children(found, _TEXT, _PARAM, _NOT_DEFINED)
    texts = tuple(_parse_text(child) for child in find_all(found, _TEXT))
    params = tuple(_parse_param(child) for child in find_all(found, _PARAM))
    is_not_defined = _is_not_defined(found)
    return PropFilter(_name(found), is_not_defined, texts, params, _parse_test(found))


def _parse_param(found: ET.Element) -> ParamFilter:
    _check_children(found, _TEXT, _NOT_DEFINED)
    texts = [_parse_text(child) for child in find_all(found, _TEXT)]
    if len(texts) > 1:
        raise _unsupported(found, "A param-filter has one text-match.")
    return ParamFilter(_name(found), _is_not_defined(found), texts[0] if texts else None)


def _parse_text(found: ET.Element) -> TextMatch:
    collation = found.get("collation", DEFAULT_COLLATION)
    collation = DEFAULT_COLLATION if collation == "default" else collation
    if collation not in COLLATIONS:
        text = f"Texts are compared by {', '.join(COLLATIONS)}, not by {collation[:100]}."
        raise DavError(403, text, COLLATION)
    match_type = found.get("match-type", "contains")
    if match_type not in MATCH_TYPES:
        raise _unsupported(found, f"A match-type is one of {', '.join(MATCH_TYPES)}.")
    is_negated = read_yes(found, "negate-condition")
    return TextMatch(found.text or "", collation, match_type, is_negated)


def _parse_test(found: ET.Element) -> Test:
    test = _TESTS.get(found.get("test", "anyof"))
    if test is None:
        raise _unsupported(found, "A test is anyof or allof.")
    return test


def _name(found: ET.Element) -> str:
    name = found.get("name", "").strip()
    if not name:
        raise _unsupported(found, f"A {local(found)} has a name.")
    return name


def _is_not_defined(found: ET.Element) -> bool:
    if found.find(_NOT_DEFINED) is None:
        return False
    if len(found) > 1:
        raise _unsupported(found, "Beside is-not-defined there is no other condition.")
    return True


def _check_children(found: ET.Element, *names: str) -> None:
    """Refuse a condition that is not known: to pass over it would find too much."""
    for child in found:
        if child.tag not in names:
            raise _unsupported(found, f"A {local(found)} holds no {local(child)[:100]}.")


def _unsupported(found: ET.Element, text: str) -> DavError:
    """Return the refusal of a filter, with the condition that is meant."""
    content = b""
    if found.tag in (_PROP, _PARAM):
        name = "".join(char for char in found.get("name", "")[:200] if char >= " ")
        content = element(str(found.tag), attributes=f" name={quoteattr(name)}")
    return DavError(403, text, SUPPORTED, content=content)
