"""Names of XML elements as `{namespace}local`, and how they are written. Pure."""

import xml.etree.ElementTree as ET
from typing import Final
from xml.sax.saxutils import escape, quoteattr

DAV: Final = "DAV:"
CALDAV: Final = "urn:ietf:params:xml:ns:caldav"
CARDDAV: Final = "urn:ietf:params:xml:ns:carddav"
CALSERVER: Final = "http://calendarserver.org/ns/"
APPLE: Final = "http://apple.com/ns/ical/"
XML: Final = "http://www.w3.org/XML/1998/namespace"
PREFIXES: Final = {"D": DAV, "C": CALDAV, "CR": CARDDAV, "CS": CALSERVER, "I": APPLE}
_PREFIX_OF: Final = {XML: "xml", **{namespace: prefix for prefix, namespace in PREFIXES.items()}}
"""The prefix xml is declared everywhere, and no other may stand for its namespace."""
DECLARATIONS: Final = " ".join(
    f'xmlns:{prefix}="{namespace}"' for prefix, namespace in PREFIXES.items()
).encode()
"""What a root element declares, so that all below it can use the prefixes."""


def dav(local: str) -> str:
    """Return a name of WebDAV."""
    return f"{{{DAV}}}{local}"


def caldav(local: str) -> str:
    """Return a name of CalDAV (RFC 4791)."""
    return f"{{{CALDAV}}}{local}"


def carddav(local: str) -> str:
    """Return a name of CardDAV (RFC 6352)."""
    return f"{{{CARDDAV}}}{local}"


def calserver(local: str) -> str:
    """Return a name of calendarserver.org's extensions."""
    return f"{{{CALSERVER}}}{local}"


def apple(local: str) -> str:
    """Return a name of Apple's calendar."""
    return f"{{{APPLE}}}{local}"


def split_name(name: str) -> tuple[str, str]:
    """Return (namespace, local name); no namespace is the empty one."""
    if not name.startswith("{"):
        return "", name
    # A namespace is any text, one with a brace too; a local name never has one.
    namespace, _, local = name[1:].rpartition("}")
    return namespace, local


def element(name: str, content: bytes = b"", attributes: str = "") -> bytes:
    """Return an element with its content, which is XML already; `attributes` begin with a space."""
    namespace, local = split_name(name)
    prefix = _PREFIX_OF.get(namespace)
    if prefix is not None:
        tag, declared = f"{prefix}:{local}", ""
    elif namespace:
        tag, declared = f"x:{local}", f" xmlns:x={quoteattr(namespace)}"
    else:
        tag, declared = local, ""
    opening = f"{tag}{declared}{attributes}".encode()
    if not content:
        return b"<%b/>" % opening
    return b"<%b>%b</%b>" % (opening, content, tag.encode())


def write_tree(tree: ET.Element) -> bytes:
    """Return an element with all that is in it, to stand where `DECLARATIONS` hold.

    ElementTree's own writer knows prefixes that other libraries registered, one of them empty,
    which would lend its namespace to elements that have none.
    """
    content = [escape(tree.text or "").encode()]
    for child in tree:
        content += [write_tree(child), escape(child.tail or "").encode()]
    attributes = "".join(
        _attribute(number, *split_name(name), value)
        for number, (name, value) in enumerate(tree.attrib.items())
    )
    return element(str(tree.tag), b"".join(content), attributes)


def _attribute(number: int, namespace: str, local: str, value: str) -> str:
    if not namespace:
        return f" {local}={quoteattr(value)}"
    if namespace == XML:
        return f" xml:{local}={quoteattr(value)}"
    declared = f" xmlns:a{number}={quoteattr(namespace)}"
    return f"{declared} a{number}:{local}={quoteattr(value)}"
