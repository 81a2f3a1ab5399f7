import pytest

from contacts.vcard.contentlines import BadContentLine, Line, content_lines


def lines(data: bytes) -> list[Line]:
    return list(content_lines(data))


def line(data: bytes) -> Line:
    (only,) = content_lines(data)
    return only


def refusal(data: bytes, **limits: int) -> BadContentLine:
    with pytest.raises(BadContentLine) as caught:
        list(content_lines(data, **limits))
    return caught.value


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"FN:Ann", Line("FN", "", {}, "Ann")),
        (b"fn:a:b;c,d", Line("FN", "", {}, "a:b;c,d")),
        (b"FN:", Line("FN", "", {}, "")),
        (b"item1.TEL:1", Line("TEL", "item1", {}, "1")),
        (b"X_A-1:v", Line("X_A-1", "", {}, "v")),
        (b"TEL;type=home:1", Line("TEL", "", {"TYPE": ("home",)}, "1")),
        (b"TEL;TYPE=a,b;type=c:1", Line("TEL", "", {"TYPE": ("a", "b", "c")}, "1")),
        (b'TEL;TYPE="a,b",c:1', Line("TEL", "", {"TYPE": ("a,b", "c")}, "1")),
        (b'A;CN="x:y;z":v:"w', Line("A", "", {"CN": ("x:y;z",)}, 'v:"w')),
        (b'A;CN="x":y', Line("A", "", {"CN": ("x",)}, "y")),
        (b'A;CN=Joe "J" Doe:y', Line("A", "", {"CN": ('Joe "J" Doe',)}, "y")),
        (b'A;CN="":y', Line("A", "", {"CN": ("",)}, "y")),
        (b"A;CN=:y", Line("A", "", {"CN": ("",)}, "y")),
        (b"A;CN=a=b:y", Line("A", "", {"CN": ("a=b",)}, "y")),
        (b"TEL;HOME;PREF:1", Line("TEL", "", {"TYPE": ("HOME", "PREF")}, "1")),
        (b"TEL;HOME;TYPE=x;:1", Line("TEL", "", {"TYPE": ("HOME", "x")}, "1")),
        (b"P;BASE64;URL:1", Line("P", "", {"ENCODING": ("BASE64",), "VALUE": ("URL",)}, "1")),
        (b"A;CN=^'a^'^n^^^x^:y", Line("A", "", {"CN": ('"a"\n^^x^',)}, "y")),
        (b"A;X=^^n:y", Line("A", "", {"X": ("^n",)}, "y")),
    ],
)
def test_a_line_is_cut_into_name_group_parameters_and_value(data: bytes, expected: Line) -> None:
    assert line(data) == expected


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\r\n"])
def test_every_end_of_a_line_is_taken(end: bytes) -> None:
    assert [each.value for each in lines(b"A:1" + end + b"B:2" + end)] == ["1", "2"]


def test_lines_are_unfolded_also_within_a_sequence_of_utf8() -> None:
    assert line(b"A:a\r\n bc\n\td\r\n  e").value == "abcd e"
    assert line(b"A:\xc3\r\n \xa4").value == "ä"
    assert line(b"A;CN=\xc3\r\n\t\xa4:b").params == {"CN": ("ä",)}
    assert line(b"A\r\n :\r\n b").value == "b"


def test_a_byte_order_mark_and_empty_lines_are_passed_over() -> None:
    assert lines(b"\xef\xbb\xbfA:1\r\n\r\n\r\nB:2\r\n\r\n") == [
        Line("A", "", {}, "1"),
        Line("B", "", {}, "2"),
    ]
    assert lines(b"") == []


@pytest.mark.parametrize(
    ("data", "number", "why"),
    [
        (b"A:1\r\nnothing", 2, "has no colon after its name: 'nothing'"),
        (b":1", 1, "does not begin with a name: ''"),
        (b"A B:1", 1, "does not begin with a name: 'A B'"),
        (b"a.b.c:1", 1, "does not begin with a name: 'a.b.c'"),
        (b"A:1\n b\n\nB;=x:1", 4, "has a parameter without a name: '=x'"),
        (b"B;a.b=x:1", 1, "has a parameter without a name: 'a.b=x'"),
        (b'A:1\nB;CN="x:1', 2, "has a quote that is not closed."),
        (b'B;CN=x"y:1', 1, "has a quote that is not closed."),
        (b"A:1\r\n 2\r\nB:\xff", 3, "is not UTF-8."),
        (b"A:1\r\n 2\r\nB:\x00", 3, "holds the control character U+0000; take it out."),
        (b"A:\x7f", 1, "holds the control character U+007F; take it out."),
        (b"A:\xef\xbf\xbf", 1, "holds the control character U+FFFF; take it out."),
        (b"A:1\n\n x", 2, "has no colon after its name: 'x'"),
    ],
)
def test_what_is_no_line_is_refused_with_its_number(data: bytes, number: int, why: str) -> None:
    error = refusal(data)
    assert (error.number, error.why) == (number, why)
    assert str(error) == f"Line {number} {why}"


def test_a_line_longer_than_the_limit_is_refused_before_any_is_given() -> None:
    assert len(list(content_lines(b"A:12\r\n 34\r\n", max_octets=6))) == 1
    error = refusal(b"B:1\r\nA:12\r\n 345\r\n", max_octets=6)
    assert (error.number, error.why) == (2, "has 7 octets; 6 are allowed.")


def test_more_lines_than_the_limit_are_refused() -> None:
    assert len(list(content_lines(b"A:1\n 2\nB:2\n\n", max_lines=2))) == 2
    error = refusal(b"A:1\n 2\nB:2\nC:3\n", max_lines=2)
    assert (error.number, error.why) == (4, "is one too many: 2 are allowed.")


def test_a_hostile_head_costs_no_more_than_its_length() -> None:
    assert refusal(b"A" + b';a="' * 100_001 + b"x:").why == "has a quote that is not closed."
    assert len(line(b"A" + b";b=c,d" * 50_000 + b":v").params["B"]) == 100_000
