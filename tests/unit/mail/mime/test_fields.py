import pytest

from mail.mime.fields import Params, get_param, parse_valued, read_fields, unfold
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits


def params(raw: bytes) -> Params:
    return parse_valued(raw, DEFAULT_LIMITS).params


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b" x\r\n y", b"x y"),
        (b"\tx\n\ty \r", b"x\ty"),
        (b"a\0b", b"a\x80b"),
        (b"", b""),
    ],
)
def test_unfolded_value_is_one_line_without_nul(raw: bytes, expected: bytes) -> None:
    assert unfold(raw) == expected


def test_first_of_repeated_fields_counts_but_recipients_are_joined() -> None:
    header = (
        b"Subject: one\r\nTO : a@b\r\nsubject: two\r\nTo:\r\nTo: c@d\r\nCc:\r\nCc: e@f\r\n"
        b"References: <1>\r\nReferences: <2>\r\nX-Other: z\r\n\r\n"
    )
    assert read_fields(header, 0, len(header), DEFAULT_LIMITS) == {
        b"subject": b"one",
        b"to": b"a@b, c@d",
        b"cc": b"e@f",
        b"references": b"<1> <2>",
    }


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"a/b", (), id="none"),
        pytest.param(b"a/b; X=Y", ((b"x", b"Y"),), id="bare"),
        pytest.param(b'a/b;x="a;\\"b\\\\"', ((b"x", b'a;"b\\'),), id="quoted"),
        pytest.param(b'a/b; x="open', ((b"x", b"open"),), id="quote without end"),
        pytest.param(b'a/b; x="open\\', ((b"x", b'"open\\'),), id="quoted pair without end"),
        pytest.param(b"a/b; x = y ; z=", ((b"x", b"y"), (b"z", b"")), id="blanks"),
        pytest.param(b"a/b; x=y; x=z", ((b"x", b"y"),), id="repeated"),
        pytest.param(b"a/b; x; y=z", ((b"y", b"z"),), id="without value"),
        pytest.param(b"a/b; x=y (why)", ((b"x", b"y"),), id="comment"),
        pytest.param(b"a/b; name=a b (1).txt", ((b"name", b"a b (1).txt"),), id="bare name"),
        pytest.param(b"a/b; x*0=a; x*1=b", ((b"x", b"ab"),), id="continued"),
        pytest.param(b"a/b; x*1=b; x*0=a; x*3=d", ((b"x", b"ab"),), id="out of order, gap"),
        pytest.param(b"a/b; x*1=b", (), id="no first segment"),
        pytest.param(b"a/b; x*=utf-8'de'%C3%A4", ((b"x*", b"utf-8'de'%C3%A4"),), id="extended"),
        pytest.param(
            b"a/b; x*0*=utf-8''%C3%A4; x*1=\"%'\"; x*2*=%20",
            ((b"x*", b"utf-8''%C3%A4%25%27%20"),),
            id="extended and continued",
        ),
        pytest.param(
            b"a/b; x*0=a'b; x*1*=%C3%A4\xff",
            ((b"x*", b"''a%27b%C3%A4%FF"),),
            id="extended later only",
        ),
    ],
)
def test_parameters_are_read(raw: bytes, expected: Params) -> None:
    assert params(raw) == expected


def test_long_field_is_read_like_a_short_one() -> None:
    assert params(b"a/b; x=" + b"y" * 300) == ((b"x", b"y" * 300),)


def test_parameters_beyond_the_limit_are_dropped() -> None:
    raw = b"a/b; " + b"; ".join(b"p%d=x" % number for number in range(10))
    assert len(parse_valued(raw, MimeLimits(max_params=4)).params) == 4


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a/b; y=z", None),
        (b"a/b; x=y", (b"", b"y")),
        (b"a/b; x*=utf-8'de'%C3%A4'", (b"utf-8", b"\xc3\xa4'")),
        (b"a/b; x*=%41", (b"", b"A")),
        (b"a/b; x=plain; x*=us-ascii''better", (b"us-ascii", b"better")),
    ],
)
def test_parameter_is_found_with_its_charset(
    raw: bytes, expected: tuple[bytes, bytes] | None
) -> None:
    assert get_param(params(raw), b"x") == expected
