"""Paths and parameters, as RFC 5321 §4.1.2 writes them and as real peers do."""

import pytest

from mail.smtp.wire import MAX_PATH, Path, ProtocolError, parse_parameters, parse_path

PATHS = [
    (b"<a@b.example>", Path("a", "b.example"), b""),
    (b" <a.b+c@b.example> SIZE=1", Path("a.b+c", "b.example"), b" SIZE=1"),
    (b'<"a b"@b.example>', Path("a b", "b.example"), b""),
    (b'<"a>b"@b.example>', Path("a>b", "b.example"), b""),
    (b'<"a\\"b"@b.example>', Path('a"b', "b.example"), b""),
    (b"<@x.example,@y.example:a@b.example>", Path("a", "b.example"), b""),
    (b"<a@[127.0.0.1]>", Path("a", "[127.0.0.1]"), b""),
    ("<jürgen@bücher.example>".encode(), Path("jürgen", "bücher.example"), b""),
    (b"<Postmaster>", Path("postmaster", ""), b""),
]

BAD_PATHS = [
    b"",
    b"a@b.example",
    b"<a@b.example",
    b"<a>",
    b"<a@>",
    b"<@b.example>",
    b"<a@b.example>x",
    b"<a b@b.example>",
    b"<a@b c>",
    b"<.a@b.example>",
    b"<a..b@b.example>",
    b"<\xff@b.example>",
    b'<"a@b.example>',
    b"<>",
    b"<" + b"a" * MAX_PATH + b"@b.example>",
]


@pytest.mark.parametrize(("text", "path", "rest"), PATHS)
def test_path_is_read(text: bytes, path: Path, rest: bytes) -> None:
    assert parse_path(text, null=False) == (path, rest)


@pytest.mark.parametrize("text", BAD_PATHS)
def test_bad_path_is_a_protocol_error(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_path(text, null=False)


def test_null_path_is_a_sender_only() -> None:
    path, rest = parse_path(b"<>", null=True)
    assert str(path) == ""
    assert rest == b""


def test_postmaster_without_domain_is_a_recipient_only() -> None:
    with pytest.raises(ProtocolError):
        parse_path(b"<postmaster>", null=True)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (b"<a@b.example>", "a@b.example"),
        (b'<"a"@b.example>', "a@b.example"),
        (b'<"a b> "@b.example>', '"a b> "@b.example'),
        (b'<"a\\"\\\\b"@b.example>', '"a\\"\\\\b"@b.example'),
        (b'<""@b.example>', '""@b.example'),
        ("<jürgen@b.example>".encode(), "jürgen@b.example"),
    ],
)
def test_path_prints_as_an_address_quoted_where_it_must_be(text: bytes, printed: str) -> None:
    path, _ = parse_path(text, null=False)
    assert str(path) == printed
    assert parse_path(f"<{printed}>".encode(), null=False) == (path, b"")


def test_parameters_are_read_by_keyword() -> None:
    assert parse_parameters(b" SIZE=10  body=8BITMIME X") == {
        "SIZE": "10",
        "BODY": "8BITMIME",
        "X": "",
    }


@pytest.mark.parametrize("text", [b"=1", b"SIZE=", b"SIZE=1 SIZE=2", b"A\x01B"])
def test_bad_parameters_are_a_protocol_error(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_parameters(text)
