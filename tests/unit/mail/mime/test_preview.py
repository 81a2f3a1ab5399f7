import pytest

from mail.mime.parser import parse_message
from mail.mime.preview import make_preview


def preview(data: bytes) -> str:
    return make_preview(data, parse_message(data))


def alternative(*parts: bytes) -> bytes:
    return (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        + b"".join(b"--b\r\n%b\r\n" % part for part in parts)
        + b"--b--\r\n"
    )


HTML = b"Content-Type: text/html\r\n\r\n<p>from html"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "", id="empty"),
        pytest.param(b"\r\n a\r\n\r\n b\tc ", "a b c", id="one line"),
        pytest.param(b"\r\n> quoted\r\n > too\r\nown\r\n> end", "own", id="quoted"),
        pytest.param(b"\r\n> only quoted", "> only quoted", id="only quoted"),
        pytest.param(HTML, "from html", id="html"),
        pytest.param(alternative(HTML, b"\r\nplain"), "plain", id="plain before html"),
        pytest.param(alternative(HTML, b"\r\n \r\n"), "from html", id="empty plain"),
        pytest.param(
            alternative(b"Content-Disposition: ATTACHMENT\r\n\r\nno", b"\r\nyes"),
            "yes",
            id="attachment",
        ),
        pytest.param(b"Content-Type: image/png\r\n\r\nx", "", id="no text"),
        pytest.param("\r\n\u200b a\u00ad\u034f b".encode(), "a b", id="fillers"),
        pytest.param(b"\r\na\xff", "aÿ", id="8-bit"),
    ],
)
def test_preview_is_the_first_own_text(data: bytes, expected: str) -> None:
    assert preview(data) == expected


def test_preview_is_cut_at_two_hundred_characters() -> None:
    assert preview(b"\r\n" + b"word " * 10_000) == "word " * 39 + "word"
    assert len(preview("\r\nä".encode() + "ä".encode() * 10_000)) == 200


def test_preview_of_a_cut_character_does_not_change_the_charset() -> None:
    data = ("\r\n" + "\n" * 4_093 + "äé").encode()
    assert preview(data) == "ä"


def test_preview_of_long_encoded_text_is_readable() -> None:
    data = b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YWJj\r\n" * 10_000
    assert preview(data) == "abc" * 66 + "ab"
