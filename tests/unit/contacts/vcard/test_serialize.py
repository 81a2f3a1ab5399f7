import pytest

from contacts.vcard.contentlines import Line
from contacts.vcard.serialize import fold_line, serialize_line, serialize_lines


def test_a_line_is_written_with_its_group_and_parameters() -> None:
    line = Line("TEL", "item1", {"TYPE": ("home", "a,b"), "X": ('q"^\n',)}, "1")
    assert serialize_line(line) == b'item1.TEL;TYPE=home,"a,b";X=q^\'^^^n:1\r\n'


@pytest.mark.parametrize("special", ["a,b", "a;b", "a:b"])
def test_parameters_with_separators_are_quoted(special: str) -> None:
    assert serialize_line(Line("A", "", {"X": (special,)}, "")) == f'A;X="{special}":\r\n'.encode()


@pytest.mark.parametrize("value", ["a\nB:injected", "a\rB"])
def test_a_value_with_a_line_break_is_not_written(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        serialize_line(Line("A", "", {}, value))


def test_lines_are_folded_at_75_octets_and_never_within_a_sequence() -> None:
    assert fold_line(b"x" * 75) == b"x" * 75 + b"\r\n"
    assert fold_line(b"x" * 76) == b"x" * 75 + b"\r\n x\r\n"
    assert fold_line(b"x" * 150) == b"x" * 75 + b"\r\n " + b"x" * 74 + b"\r\n x\r\n"
    folded = fold_line(("x" + "ä€😀" * 60).encode())
    for piece in folded.split(b"\r\n "):
        assert len(piece.rstrip()) <= 75
        piece.decode()


def test_lines_follow_each_other() -> None:
    assert serialize_lines([Line("A", "", {}, "1"), Line("B", "", {}, "2")]) == b"A:1\r\nB:2\r\n"
