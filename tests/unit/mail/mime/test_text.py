import time

import pytest

from mail.mime.limits import MimeLimits
from mail.mime.parser import parse_message
from mail.mime.text import decode_header, extract_text, fold_search, read_sender_and_subject


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"plain", "plain", id="plain"),
        pytest.param(b" folded\r\n\tline ", "folded\tline", id="folded"),
        pytest.param(b"=?utf-8?q?a_=C3=A4?=", "a ä", id="Q"),
        pytest.param(b"=?UTF-8?B?w6Q=?=", "ä", id="B"),
        pytest.param(b"=?utf-8?B?w6Q?=", "ä", id="B without padding"),
        pytest.param(b"=?utf-8?B?w6Qx?=", "ä1", id="B whole"),
        pytest.param(b"=?utf-8?B?w6Q=w6Q=?= x", "ä x", id="B with padding inside"),
        pytest.param(b"=?utf-8?B?w?=x", "x", id="B of one letter"),
        pytest.param(b"=?utf-8?q?a?= =?utf-8?q?b?=", "ab", id="adjacent"),
        pytest.param(b"=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab", id="adjacent, folded"),
        pytest.param(b"=?utf-8?q?a?= x =?utf-8?q?b?=", "a x b", id="not adjacent"),
        pytest.param(b"=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä", id="character divided"),
        pytest.param(b"=?utf-8?B?w6?= =?UTF-8?q?x?=", "Ãx", id="quantum divided"),
        pytest.param(b"=?koi8-r?q?=D4?= =?utf-8?q?=C3=A4?=", "тä", id="two charsets"),
        pytest.param(b"=?utf-8?q??= =?utf-8?q?x?=", "x", id="empty word"),
        pytest.param(b"=?utf-8*de?q?x?=", "x", id="language"),
        pytest.param(b"a=?utf-8?q?b?=c", "abc", id="inside a word"),
        pytest.param(b'"=?utf-8?q?b?="', '"b"', id="inside quotes"),
        pytest.param(b"=?utf-8?q?a b?=", "a b", id="blank inside"),
        pytest.param(b"=?x-none?q?=E4?=", "ä", id="unknown charset"),
        pytest.param(b"=?utf-8?x?a?=", "=?utf-8?x?a?=", id="unknown encoding"),
        pytest.param(b"=?utf-8?q?a", "=?utf-8?q?a", id="without end"),
        pytest.param(b"=? =?= ?=", "=? =?= ?=", id="no word"),
        pytest.param(b"\xc3\xa4", "ä", id="raw utf-8"),
        pytest.param(b"\xe4 =?utf-8?q?=C3=A4?= \xe4", "ä ä ä", id="raw latin-1 and word"),
        pytest.param(b"a\0b=?utf-8?q?=00?=", "a\x80b\ufffd", id="NUL"),
        pytest.param(b"=?iso-2022-jp?B?GyRCJCIbKEI=?=", "あ", id="iso-2022-jp"),
    ],
)
def test_header_value_is_decoded(raw: bytes, expected: str) -> None:
    if b"\0" in raw:
        expected = expected.replace("\x80", "€")
    assert decode_header(raw) == expected


@pytest.mark.parametrize("word", [b"=?", b"=?a?q?", b"=?a?q?x", b"=?a?q?x?=", b"=?a?q?x?= "])
def test_hostile_headers_take_linear_time(word: bytes) -> None:
    started = time.process_time()
    decode_header(word * (128_000 // len(word)))
    assert time.process_time() - started < 2


def text_of(data: bytes, limits: MimeLimits | None = None, *, headers: bool = True) -> list[str]:
    limits = limits or MimeLimits()
    return list(extract_text(data, parse_message(data, limits), limits, headers=headers))


MESSAGE = (
    b"Subject: =?utf-8?q?=C3=A4?=\r\n b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nsch=F6n w=\r\neich\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"PGI+ZmV0dDwvYj4gJmFtcDs\r\n"
    b"--b\r\nContent-Type: application/pdf; name=other.pdf\r\nContent-Description: =?utf-8?q?x?=\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''%C3%A4.pdf\r\n\r\nsecret\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n"
    b"--b\r\nContent-Type: image/png; name==?utf-8?q?=C3=A4?=\r\n\r\nbinary\r\n"
    b"--b--\r\n"
)


def test_text_of_all_parts_is_extracted() -> None:
    assert text_of(MESSAGE) == [
        "Subject: ä b\nContent-Type: multipart/mixed; boundary=b",
        "schön weich",
        "fett &",
        "ä.pdf",
        "x",
        "Subject: inner",
        "inside",
        "Action: failed",
        "ä",
    ]


def test_own_header_can_be_left_out() -> None:
    assert text_of(MESSAGE, headers=False)[0] == "schön weich"
    assert "Subject: inner" in text_of(MESSAGE, headers=False)


def test_text_of_a_message_with_bare_cr_is_extracted() -> None:
    assert text_of(b"Subject: a\r b\rTo: c\r\rtext") == ["Subject: a b\nTo: c", "text"]


def test_extracted_text_is_bounded() -> None:
    data = b"Subject: x\r\n\r\n" + b"y" * 100
    assert text_of(data, MimeLimits(max_text_chars=12)) == ["Subject: x", "yy"]
    assert text_of(data, MimeLimits(max_text_chars=10)) == ["Subject: x"]
    assert text_of(data, MimeLimits(max_text_bytes=3)) == ["Subject: x", "yyy"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"w6Q=", "ä"),
        (b"w6Q", "ä"),
        (b"w 6\r\nQ!=", "ä"),
        (b"YWJjZ", "abc"),
        (b"YWJj*ZGU", "abcde"),
        (b"=", ""),
        (b"", ""),
    ],
)
def test_damaged_base64_gives_what_is_left(body: bytes, expected: str) -> None:
    data = b"Content-Transfer-Encoding: base64\r\n\r\n" + body
    assert "".join(text_of(data, headers=False)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"a=3D", "a="), (b"a=", "a"), (b"a=\r\nb", "ab"), (b"a=ZZ", "a=ZZ"), (b"a=3", "a=3")],
)
def test_damaged_quoted_printable_gives_what_is_left(body: bytes, expected: str) -> None:
    data = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + body
    assert "".join(text_of(data, headers=False)) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ABC", "abc"),
        ("Grüße", "GRÜSSE"),
        ("Gru\u0308ße", "Grüße"),
        ("ﬁn", "FIN"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("\uff46\uff55\uff4c\uff4c", "full"),
        ("\u1e9e", "ss"),
        ("\u212b", "\u00e5"),
    ],
)
def test_search_takes_texts_for_equal(one: str, other: str) -> None:
    assert fold_search(one) == fold_search(other)


def test_search_tells_accents_apart() -> None:
    assert fold_search("é") != fold_search("e")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("\u0301\u0327", id="accents"),
        pytest.param("\u0f73", id="no mark itself, but made of two"),
        pytest.param("\u0301\uff9e", id="a mark and a letter that is one"),
    ],
)
def test_of_long_rows_of_marks_the_rest_is_left_out(row: str) -> None:
    text = f"a{row * 200_000}b"  # to order them all would take minutes
    assert fold_search(text) == fold_search(f"a{(row * 30)[:30]}b")


def test_long_rows_of_other_signs_stay() -> None:
    text = f"a{'─' * 100}{'΅' * 100}b"
    assert fold_search(text).count("─") == fold_search(text).count("\u0308") == 100


@pytest.mark.parametrize("text", ["Grüße", "İ", "ΐ", "ﬃ", "\u0345\u0313", "Ⅷ", "ΐ" + "\u0344" * 29])
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_search(fold_search(text)) == fold_search(text)


def test_sender_and_subject_are_read_of_a_header() -> None:
    header = b"From: =?utf-8?q?J=C3=BCrgen?= <j@x.test>\r\nSUBJECT: a\r\n b\r\nTo: x\r\n\r\n"
    assert read_sender_and_subject(header) == ("Jürgen <j@x.test>", "a b")
    assert read_sender_and_subject(b"") == ("", "")
