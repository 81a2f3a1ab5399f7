import random
from encodings.aliases import aliases

import pytest

from mail.mime.charsets import clean, decode_octets, find_codec


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        (b"UTF-8", "utf-8"),
        (b"'us-ascii'", "ascii"),
        (b"ISO-8859-1", "cp1252"),
        (b"iso-8859-15", "iso8859-15"),
        (b"GB2312", "gb18030"),
        (b"ks_c_5601-1987", "cp949"),
        (b"x-windows-1251", "cp1251"),
        (b"windows-874", "cp874"),
        (b"koi8-u", "koi8-u"),
        (b"unknown-8bit", None),
        (b"x-", None),
        (b"\xff", None),
        (b"base64", None),
        (b"zlib", None),
        (b"punycode", None),
        (b"idna", None),
        (b"unicode_escape", None),
    ],
)
def test_only_text_encodings_are_known_by_mails_names(charset: bytes, codec: str | None) -> None:
    assert find_codec(charset) == codec


@pytest.mark.parametrize(
    ("octets", "charset", "expected"),
    [
        pytest.param(b"plain", b"", "plain", id="ascii"),
        pytest.param(b"a\0b", b"utf-8", "a\ufffdb", id="NUL"),
        pytest.param(b"\xc3\xa4", b"", "ä", id="utf-8 without name"),
        pytest.param(b"\xe4", b"", "ä", id="latin-1 without name"),
        pytest.param(b"\xe4", b"x-unknown", "ä", id="unknown name"),
        pytest.param(b"\xe4", b"utf-8", "ä", id="latin-1 named utf-8"),
        pytest.param(b"\xc3\xa4", b"us-ascii", "ä", id="utf-8 named ascii"),
        pytest.param(b"\xd4", b"koi8-r", "т", id="named rightly"),
        pytest.param("äöü".encode() + b"\xff", b"utf-8", "äöü\ufffd", id="damaged utf-8"),
        pytest.param(b"\xc3\xa4", b"big5", "瓣", id="named wrongly, fits"),
        pytest.param(b"\xffa\xa4", b"big5", "\ufffda\ufffd", id="damaged big5"),
        pytest.param(b'\x1b$B$"\x1b(B', b"iso-2022-jp", "あ", id="7-bit set"),
        pytest.param(b"\xd8\x00", b"utf-16-be", "\ufffd", id="surrogate"),
        pytest.param(b"\x00\x00", b"utf-16-be", "\ufffd", id="NUL in utf-16"),
    ],
)
def test_octets_become_text(octets: bytes, charset: bytes, expected: str) -> None:
    assert decode_octets(octets, charset) == expected


@pytest.mark.parametrize(
    ("octets", "charset", "expected"),
    [
        (b"a\xc3", b"utf-8", "a"),
        (b"a\xf0\x9f\x98", b"", "a"),
        (b"\xd6\xd0\xd6", b"gb2312", "中"),
        (b"\xe4 and more text", b"", "ä and more text"),
        (b"whole \xc3\xa4", b"", "whole ä"),
    ],
)
def test_cut_character_at_the_end_is_dropped(octets: bytes, charset: bytes, expected: str) -> None:
    assert decode_octets(octets, charset, cut=True) == expected


def test_every_known_charset_takes_any_octets() -> None:
    octets = random.Random(1).randbytes(20_000)
    for name in {*aliases, *aliases.values()}:
        for piece in (octets[:1], octets[:999], octets):
            for cut in (False, True):
                text = decode_octets(piece, name.encode(), cut=cut)
                assert "\0" not in text
                text.encode()


def test_lone_surrogates_are_replaced_and_pairs_joined() -> None:
    assert clean("a\ud83dж") == "a\ufffdж"
    assert clean("\ud83d\ude00") == "😀"


def test_an_overlong_name_is_none_and_not_remembered() -> None:
    assert find_codec(b"utf-8" + b" " * 100_000) is None
