"""Which version of a card is asked for."""

import pytest

from groupware.dav.negotiation import wanted_version


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", ""),
        ("*/*", ""),
        ("text/vcard", ""),
        ("text/vcard;version=4.0", "4.0"),
        ('text/vcard; VERSION="3.0"', "3.0"),
        ("text/vcard;version=4.0, text/vcard", ""),
        ("text/vcard;version=4.0, text/vcard;version=3.0;q=0.5", "4.0"),
        ("text/vcard;version=4.0;q=0.1, text/vcard;version=3.0;q=0.5", "3.0"),
        ("text/vcard;version=4.0, text/vcard;version=3.0", ""),
        ("text/vcard;version=2.1", ""),
        ("text/html;version=4.0", ""),
        ("text/vcard;version=4.0;q=x", ""),
        (",;=,;;q==", ""),
        ("x," * 50 + "text/vcard;version=4.0", ""),
    ],
)
def test_a_version_is_wanted_where_nothing_else_will_do(accept: str, wanted: str) -> None:
    assert wanted_version(accept) == wanted
