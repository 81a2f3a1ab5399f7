import sys
import time
import tracemalloc

import pytest

from mail.mime.limits import MimeLimits
from mail.mime.parser import Part, parse_message


def body(data: bytes, part: Part) -> bytes:
    return data[part.header_end : part.body_end]


def header(data: bytes, part: Part) -> bytes:
    return data[part.header_start : part.header_end]


def multipart(content: bytes, boundary: bytes = b"b", subtype: bytes = b"mixed") -> bytes:
    return b"Content-Type: multipart/%b; boundary=%b\r\n\r\n%b" % (subtype, boundary, content)


MIXED = multipart(
    b"preamble\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>one\r\n--b\r\n\r\ntwo\r\n--b--\r\nend\r\n"
)


def test_parts_of_a_multipart_lie_between_its_delimiters() -> None:
    top = parse_message(MIXED)
    assert top.media_type == "multipart/mixed"
    assert [body(MIXED, part) for part in top.children] == [b"<p>one", b"two"]
    assert [part.media_type for part in top.children] == ["text/html", "text/plain"]
    assert header(MIXED, top.children[0]) == b"Content-Type: text/html\r\n\r\n"
    assert header(MIXED, top.children[1]) == b"\r\n"


@pytest.mark.parametrize(
    ("data", "lines"),
    [(b"\n\n", 1), (b"\na", 0), (b"\na\r\nb", 1), (b"\r\na\r\n", 1), (b"A: b\r\ra\rb\r", 2)],
)
def test_lines_of_a_text_are_its_line_ends(data: bytes, lines: int) -> None:
    assert parse_message(data).body_lines == lines


def test_content_fields_of_a_part_are_read() -> None:
    data = (
        b"Content-Type: IMAGE/Png; name=x.png\r\n"
        b"Content-Transfer-Encoding: BASE64 (yes)\r\n"
        b"Content-ID: <a@b>\r\n"
        b"Content-Description: a\r\n picture\r\n"
        b"Content-Disposition: Attachment; filename=x.png\r\n"
        b"Content-Language: de, en,\r\n"
        b"Content-Location: http://x/\r\n"
        b"Content-MD5: Q2hlY2s=\r\n\r\n"
    )
    top = parse_message(data)
    assert (top.type, top.subtype, top.params) == (b"image", b"png", ((b"name", b"x.png"),))
    assert top.encoding == b"base64"
    assert top.id == b"<a@b>"
    assert top.description == b"a picture"
    assert top.disposition() == (b"attachment", ((b"filename", b"x.png"),))
    assert top.language == (b"de", b"en")
    assert top.location == b"http://x/"
    assert top.md5 == b"Q2hlY2s="


@pytest.mark.parametrize("value", [b"", b"; filename=x", b"(comment)"])
def test_disposition_without_value_is_none(value: bytes) -> None:
    assert parse_message(b"Content-Disposition: %b\r\n\r\n" % value).disposition() is None


@pytest.mark.parametrize(
    ("data", "expected_header", "expected_body"),
    [
        pytest.param(b"", b"", b"", id="empty"),
        pytest.param(b"\r\n", b"\r\n", b"", id="only a blank line"),
        pytest.param(b"\r\nA: b\r\n", b"\r\n", b"A: b\r\n", id="empty header"),
        pytest.param(b"\r\r\nx", b"\r\r\n", b"x", id="blank line with two CR"),
        pytest.param(b"Hello\r\n\r\nyou", b"", b"Hello\r\n\r\nyou", id="no header"),
        pytest.param(b"x" * 50_000, b"", b"x" * 50_000, id="one long line"),
        pytest.param(b"A: b\n\nx\n", b"A: b\n\n", b"x\n", id="bare LF"),
        pytest.param(b"A: b\r\rx\r", b"A: b\r\r", b"x\r", id="bare CR"),
        pytest.param(b"A: b\r\rx\r\r\n", b"A: b\r\r", b"x\r\r\n", id="bare CR, last line CRLF"),
        pytest.param(b"A: b\r\n\nx", b"A: b\r\n\n", b"x", id="mixed line ends"),
        pytest.param(b"A: b\rC: d\r\n\r\nx", b"A: b\rC: d\r\n\r\n", b"x", id="CR inside a line"),
        pytest.param(b"A: b\r\n", b"A: b\r\n", b"", id="no blank line, no body"),
        pytest.param(b"A: b", b"A: b", b"", id="unfinished line"),
        pytest.param(b"A: b\r\nhello\r\nyou", b"A: b\r\n", b"hello\r\nyou", id="no blank line"),
        pytest.param(b"A: b\r\nbad\r\n\r\nx", b"A: b\r\nbad\r\n\r\n", b"x", id="a line no field"),
        pytest.param(b"A: b\r\n--b\r\n\r\nx", b"A: b\r\n", b"--b\r\n\r\nx", id="delimiter first"),
        pytest.param(b"A: b\r\n \r\n\r\nx", b"A: b\r\n \r\n\r\n", b"x", id="blank continuation"),
        pytest.param(b" A: b\r\n\r\nx", b" A: b\r\n\r\n", b"x", id="begins with a blank"),
        pytest.param(b"From a Mon\nA: b\n\nx", b"From a Mon\nA: b\n\n", b"x", id="mbox line"),
        pytest.param(b">From a\nA: b\n\nx", b">From a\nA: b\n\n", b"x", id="quoted mbox line"),
        pytest.param(b"A: \xff\0\r\n\r\n\0", b"A: \xff\0\r\n\r\n", b"\0", id="8-bit and NUL"),
    ],
)
def test_header_ends_where_it_can(
    data: bytes, expected_header: bytes, expected_body: bytes
) -> None:
    top = parse_message(data)
    assert header(data, top) == expected_header
    assert body(data, top) == expected_body
    assert top.media_type == "text/plain"


@pytest.mark.parametrize(
    ("content", "bodies"),
    [
        pytest.param(b"--b\r\n\r\none\r\n", [b"one\r\n"], id="unterminated"),
        pytest.param(b"--b\r\n\r\none\r\n--b", [b"one", b""], id="ends with a delimiter"),
        pytest.param(b"--b\r\n\r\none\r\n--b-- \t\r\nx", [b"one"], id="white space behind"),
        pytest.param(b"--b\r\n--b\r\n--b--\r\n", [b"", b""], id="nothing between"),
        pytest.param(b"--b\r\n\r\n--b--", [b""], id="blank line is the delimiter's"),
        pytest.param(b"--b\r\n\r\none\r\n--bb\r\n--b--", [b"one\r\n--bb"], id="longer boundary"),
        pytest.param(b"--b\r\n\r\none\r\n--b-\r\n--b--", [b"one\r\n--b-"], id="half closed"),
        pytest.param(b"--b\r\n\r\none--b\r\n--b--", [b"one--b"], id="inside a line"),
        pytest.param(b"--b\r\n\r\none\n--b\n\ntwo\n--b--", [b"one", b"two"], id="bare LF"),
        pytest.param(b"--b\r\n\r\none\r\n--b--\r\n--b\r\n\r\nx", [b"one"], id="after the end"),
        pytest.param(b"--b\r\n\r\n\r\none\r\n\r\n--b--", [b"\r\none\r\n"], id="blank lines"),
        pytest.param(b"--b\r\none\r\n--b--", [b"one"], id="part without header"),
        pytest.param(b"--b\r\nA: b\r\n--b--", [b""], id="part of a header only"),
    ],
)
def test_delimiters_are_whole_lines(content: bytes, bodies: list[bytes]) -> None:
    data = multipart(content)
    assert [body(data, part) for part in parse_message(data).children] == bodies


def test_header_of_a_part_keeps_the_blank_line_before_the_delimiter() -> None:
    data = multipart(b"--b\r\nA: b\r\n\r\n--b--\r\n")
    part = parse_message(data).children[0]
    assert header(data, part) == b"A: b\r\n\r\n"
    assert body(data, part) == b""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nx\r\n", id="no boundary"),
        pytest.param(
            b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nx\r\n', id="empty"
        ),
        pytest.param(multipart(b"just\r\ntext\r\n"), id="no delimiter"),
        pytest.param(multipart(b"--b--\r\n"), id="closed before it opens"),
    ],
)
def test_multipart_without_parts_is_text(data: bytes) -> None:
    top = parse_message(data)
    assert top.media_type == "text/plain"
    assert top.children == []
    assert top.body_lines == body(data, top).count(b"\n")


def test_delimiter_right_after_a_header_without_blank_line_is_found() -> None:
    data = b"Content-Type: multipart/mixed; boundary=b\r\n--b\r\n\r\none\r\n--b--\r\n"
    assert [body(data, part) for part in parse_message(data).children] == [b"one"]


def test_unquoted_boundary_may_hold_anything_but_blanks() -> None:
    data = multipart(b"--=_(x)\r\n\r\none\r\n--=_(x)--\r\n", boundary=b"=_(x)")
    assert len(parse_message(data).children) == 1


def test_boundary_in_continuations_is_joined() -> None:
    data = (
        b'Content-Type: multipart/mixed; boundary*0="a";\r\n boundary*1="b"\r\n\r\n'
        b"--ab\r\n\r\none\r\n--ab--\r\n"
    )
    assert len(parse_message(data).children) == 1


def test_enclosing_delimiter_closes_an_unterminated_multipart() -> None:
    inner = multipart(b"--i\r\n\r\none\r\n", boundary=b"i")
    data = multipart(b"--b\r\n" + inner + b"--b\r\n\r\ntwo\r\n--b--\r\n")
    first, second = parse_message(data).children
    assert [body(data, part) for part in first.children] == [b"one"]
    assert body(data, second) == b"two"


def test_equal_boundaries_inside_each_other_close_the_inner_multipart() -> None:
    inner = multipart(b"--b\r\n\r\none\r\n--b--\r\n")
    data = multipart(b"--b\r\n" + inner + b"--b\r\n\r\ntwo\r\n--b--\r\n")
    children = parse_message(data).children
    assert [part.media_type for part in children] == ["text/plain", "text/plain"]
    assert [body(data, part) for part in children] == [b"", b"one"]


@pytest.mark.parametrize(("outer", "inner"), [(b"ab", b"abc"), (b"abc", b"ab")])
def test_boundary_that_begins_like_the_other_is_told_apart(outer: bytes, inner: bytes) -> None:
    held = multipart(b"--%b\r\n\r\none\r\n--%b--\r\n" % (inner, inner), boundary=inner)
    data = multipart(
        b"--%b\r\n%b--%b\r\n\r\ntwo\r\n--%b--\r\n" % (outer, held, outer, outer), boundary=outer
    )
    first, second = parse_message(data).children
    assert [body(data, part) for part in first.children] == [b"one"]
    assert body(data, second) == b"two"


def test_parts_of_a_digest_are_messages() -> None:
    data = multipart(b"--b\r\n\r\nSubject: x\r\n\r\none\r\n--b--\r\n", subtype=b"digest")
    part = parse_message(data).children[0]
    assert part.media_type == "message/rfc822"
    assert part.params == ()
    assert part.message is not None
    assert part.message.fields[b"subject"] == b"x"
    assert body(data, part.message) == b"one"


@pytest.mark.parametrize("kind", [b"rfc822", b"global"])
def test_encapsulated_message_is_opened(kind: bytes) -> None:
    data = b"Content-Type: message/%b\r\n\r\nSubject: x\r\n\r\none\r\ntwo\r\n" % kind
    top = parse_message(data)
    assert top.body_lines == 4
    assert top.message is not None
    assert body(data, top.message) == b"one\r\ntwo\r\n"
    assert [part.body_lines for part in top.walk()] == [4, 2]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("rfc822", "application/octet-stream"), ("global", "message/global")],
)
def test_encoded_message_stays_shut(kind: str, expected: str) -> None:
    data = (
        f"Content-Type: message/{kind}\r\nContent-Transfer-Encoding: base64\r\n\r\nQTogYg==\r\n"
    ).encode()
    top = parse_message(data)
    assert top.message is None
    assert top.media_type == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"text", "text/plain"),
        (b"", "text/plain"),
        (b"/", "text/plain"),
        (b"TEXT / HTML ; x=y", "text/html"),
        (b"text/html charset=utf-8", "text/html"),
        (b"text/html (comment)", "text/html"),
        (b"te\xffxt/pl\0ain", "te\ufffdxt/pl\ufffdain"),
    ],
)
def test_media_type_is_read_or_text(value: bytes, expected: str) -> None:
    assert parse_message(b"Content-Type: %b\r\n\r\n" % value).media_type == expected


def test_thousand_nested_multiparts_end_in_an_opaque_leaf() -> None:
    data = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(1_000)
    )
    parts = list(parse_message(data).walk())
    assert len(parts) == 51
    assert parts[-1].media_type == "application/octet-stream"
    assert parts[-1].body_end == len(data)


def test_thousand_nested_messages_end_in_an_opaque_leaf() -> None:
    data = b"Content-Type: message/rfc822\r\n\r\n" * 1_000 + b"Subject: core\r\n\r\nx"
    parts = list(parse_message(data).walk())
    assert len(parts) == 51
    assert parts[-1].media_type == "application/octet-stream"


def test_depth_beyond_the_recursion_limit_is_no_trouble() -> None:
    depth = sys.getrecursionlimit() * 2
    data = b"Content-Type: message/rfc822\r\n\r\n" * depth
    parts = list(parse_message(data, MimeLimits(max_depth=depth * 2, max_parts=depth * 2)).walk())
    assert len(parts) == depth + 1


def test_parts_beyond_the_limit_stay_in_the_last_one() -> None:
    data = multipart(b"--b\r\n\r\nx\r\n" * 100 + b"--b--\r\n")
    parts = parse_message(data, MimeLimits(max_parts=10)).children
    assert len(parts) == 9
    assert parts[-1].body_end == len(data)
    assert body(data, parts[-1]).count(b"--b\r\n") == 91


def test_containers_beyond_the_limit_of_parts_stay_shut_from_the_end() -> None:
    inner = multipart(b"--i\r\n\r\nx\r\n--i--\r\n", boundary=b"i")
    data = multipart((b"--b\r\n" + inner) * 5 + b"--b--\r\n")
    parts = parse_message(data, MimeLimits(max_parts=8)).children
    assert [part.media_type for part in parts] == ["multipart/mixed"] * 2 + [
        "application/octet-stream"
    ] * 3


def test_false_delimiters_beyond_the_limit_end_the_search() -> None:
    data = multipart(b"--b\r\n\r\n" + b"--bx\r\n" * 10 + b"--b\r\n\r\nlast\r\n--b--\r\n")
    assert len(parse_message(data, MimeLimits(max_false_delimiters=10)).children) == 2
    (only,) = parse_message(data, MimeLimits(max_false_delimiters=9)).children
    assert only.body_end == len(data)


def test_fields_beyond_the_limits_are_not_interpreted() -> None:
    data = b"X: y\r\n" * 10 + b"Subject: late\r\n\r\nbody"
    for limits in (MimeLimits(max_header_fields=10), MimeLimits(max_header_bytes=62)):
        top = parse_message(data, limits)
        assert b"subject" not in top.fields
        assert body(data, top) == b"body"
    assert parse_message(data, MimeLimits(max_field_bytes=3)).fields[b"subject"] == b"la"


def test_hundred_megabytes_are_read_in_linear_time_without_a_copy() -> None:
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3\r\n"
    part = b"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    data = multipart(part + line * (100_000_000 // len(line)) + b"--b--\r\n")
    tracemalloc.start()
    started = time.process_time()
    top = parse_message(data)
    used = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert top.children[0].body_lines == 100_000_000 // len(line) - 1
    assert used < 2
    assert peak < 1_000_000


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\n--" * 500_000, id="hyphens"),
        pytest.param(multipart(b"\n--b" * 500_000), id="delimiters"),
        pytest.param(multipart(b"\n--bx" * 500_000), id="false delimiters"),
        pytest.param(multipart(b"--b" + b" " * 1_000_000), id="white space"),
        pytest.param(b"a:\n" * 500_000, id="fields"),
        pytest.param(b"a" * 2_000_000 + b":", id="long name"),
        pytest.param(b"a:" + b"\n x" * 500_000, id="folded"),
        pytest.param(b"\r" * 1_000_000, id="CR"),
        pytest.param(b"x\n" * 500_000, id="short lines"),
        pytest.param(b"A: b\n" + b"--\n" * 500_000, id="delimiters as header"),
        pytest.param(b"Content-Type: a/b" + b";" * 1_000_000, id="semicolons"),
        pytest.param(b"Content-Type: a/b" + b';a="' * 200_000, id="quotes"),
        pytest.param(b"Content-Type: a/b" + b";a*1=b" * 200_000, id="continuations"),
    ],
)
def test_hostile_octets_take_linear_time(data: bytes) -> None:
    started = time.process_time()
    parse_message(data)
    assert time.process_time() - started < 2


def test_headers_count_up_to_so_many_octets_together() -> None:
    field = b"Content-Type: image/png\r\n"
    part = b"--b\r\n" + field + b"\r\n\r\n"
    top = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    limits = MimeLimits(max_headers_bytes=len(top) + 2 * len(field + b"\r\n"))
    parsed = parse_message(top + part * 4, limits)
    found = [child.media_type for child in parsed.children]
    assert found == ["image/png", "image/png", "text/plain", "text/plain"]
