"""Names of elements that other people choose."""

import xml.etree.ElementTree as ET

import pytest

from groupware.dav.names import DAV, element, split_name


@pytest.mark.parametrize(
    "name",
    [
        "{DAV:}getetag",
        "local",
        "{%s & \"'<}local",
        "{http://www.w3.org/XML/1998/namespace}lang",
    ],
)
def test_an_element_of_any_name_is_read_as_that_element(name: str) -> None:
    for content in (b"", b"text"):
        document = b'<D:root xmlns:D="%b">%b</D:root>' % (DAV.encode(), element(name, content))
        [found] = ET.fromstring(document)  # noqa: S314 (what our own code wrote)
        assert (found.tag, found.text or "") == (name, content.decode())


def test_a_namespace_may_hold_a_brace() -> None:
    # Expat refuses to read one; attributes may still name it.
    assert split_name("{a}b}local") == ("a}b", "local")
