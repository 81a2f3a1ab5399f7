"""Modified UTF-7 against the examples of RFC 3501 §5.1.3 and its own rules."""

import pytest

from mail.utf7 import decode_utf7, encode_utf7

PAIRS = [
    ("INBOX", b"INBOX"),
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
    ("Entwürfe", b"Entw&APw-rfe"),
    ("Tom & Jerry", b"Tom &- Jerry"),
    ("🎉", b"&2DzfiQ-"),
    ("a&ü&b", b"a&-&APw-&-b"),
    ("", b""),
]


@pytest.mark.parametrize(("name", "encoded"), PAIRS)
def test_names_have_the_form_of_the_rfc(name: str, encoded: bytes) -> None:
    assert encode_utf7(name) == encoded
    assert decode_utf7(encoded) == name


@pytest.mark.parametrize(
    "data",
    [
        b"&Jjo!",
        b"&U,BTFw-&ZeVnLIqe-",
        b"a & b",
        b"&AGE-",
        b"&2Dw-",
        b"&A-",
        b"Entw\xc3\xbcrfe",
        b"&APw",
        b"&-&AOT-&APY-",
        b"a\tb",
    ],
)
def test_other_forms_are_not_names(data: bytes) -> None:
    assert decode_utf7(data) is None
