import pytest

from mail.mime.bodystructure import derive_body, serialize_bodystructure
from mail.mime.parser import parse_message
from tests.unit.mail.mime.wire_reader import read_body, without_extensions

LEAF = (
    b'Content-Type: image/png; name="a\\"b"\r\n'
    b"Content-Transfer-Encoding: base64\r\n"
    b"Content-ID: <a@b>\r\n"
    b"Content-Description: picture\r\n"
    b"Content-Disposition: attachment; filename*0=a; filename*1=b.png\r\n"
    b"Content-Language: de, en\r\n"
    b"Content-Location: http://x/\r\n"
    b"Content-MD5: Q2hlY2s=\r\n"
    b"\r\nAAAA"
)
NESTED = (
    b"Content-Type: multipart/mixed; boundary=b\r\nContent-Language: de\r\n\r\n"
    b'--b\r\n\r\n(\xff) "text" {3}\r\n'
    b"--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n"
    b"Subject: \xff (\r\nFrom: a@b\r\nContent-Type: multipart/x; boundary=c\r\n\r\n"
    b"--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>\r\n--c--\r\n"
    b"--b\r\nContent-Type: message/global\r\n\r\nSubject: x\r\n\r\ny\r\n"
    b"--b--\r\n"
)


def structure(data: bytes) -> bytes:
    return serialize_bodystructure(parse_message(data))


def test_structure_of_a_leaf_has_all_its_fields() -> None:
    assert structure(LEAF) == (
        b'("image" "png" ("name" "a\\"b") "<a@b>" "picture" "base64" 4 "Q2hlY2s="'
        b' ("attachment" ("filename" "ab.png")) ("de" "en") "http://x/")'
    )


def test_structure_of_nested_parts_is_of_the_grammar() -> None:
    found = read_body(structure(NESTED), extended=True)
    assert found["language"] == [b"de"]
    text, message, international = found["children"]
    assert (text["type"], text["lines"], text["size"]) == (b"text", 0, 14)
    assert message["envelope"]["subject"] == b"\xff ("
    assert message["message"]["children"][0]["subtype"] == b"html"
    assert message["disposition"] == (b"inline", {})
    assert (message["lines"], message["size"]) == (8, 123)
    assert international["subtype"] == b"global"
    assert "envelope" not in international


@pytest.mark.parametrize(
    "data",
    [
        LEAF,
        NESTED,
        b"",
        b"Content-Type: a\0\xff/b\r\n\r\n",
        b"Content-Type: text/plain; text=x\r\n\r\n",
        b"Content-Type: text/plain; message=rfc822\r\n\r\n",
        b"Content-Language: text, message\r\n\r\n",
        b"Content-Language: message, rfc822\r\n\r\n",
    ],
)
def test_body_is_the_structure_without_extensions(data: bytes) -> None:
    wire = structure(data)
    assert read_body(derive_body(wire), extended=False) == without_extensions(
        read_body(wire, extended=True)
    )


def test_body_of_a_leaf_keeps_seven_items() -> None:
    assert derive_body(structure(LEAF)) == (
        b'("image" "png" ("name" "a\\"b") "<a@b>" "picture" "base64" 4)'
    )
