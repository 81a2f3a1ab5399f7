import pytest

from mail.mime.strings import quote, quote_or_nil, replace_nul


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        (b"", b'""'),
        (b"plain text", b'"plain text"'),
        (b'a "b" \\', b'"a \\"b\\" \\\\"'),
        (b"tab\t", b"{4}\r\ntab\t"),
        (b"\xc3\xa4", b"{2}\r\n\xc3\xa4"),
        (b"a\0b", b"{3}\r\na\x80b"),
        (b"a\r\nb", b"{4}\r\na\r\nb"),
        (b"x" * 1000, b'"' + b"x" * 1000 + b'"'),
        (b"x" * 1001, b"{1001}\r\n" + b"x" * 1001),
    ],
)
def test_string_is_quoted_or_a_literal(text: bytes, wire: bytes) -> None:
    assert quote(text) == quote_or_nil(text) == wire


def test_absent_string_is_nil() -> None:
    assert quote_or_nil(None) == b"NIL"


def test_nul_is_replaced_and_nothing_is_copied_without_it() -> None:
    assert replace_nul(b"\0a\0") == b"\x80a\x80"
    clean = b"a" * 100
    assert replace_nul(clean) is clean
