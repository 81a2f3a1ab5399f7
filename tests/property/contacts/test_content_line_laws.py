"""The laws of content lines: what was written is read; folds anywhere; garbage gives an error."""

from hypothesis import given
from hypothesis import strategies as st

from contacts.vcard import values
from contacts.vcard.contentlines import BadContentLine, Line, content_lines
from contacts.vcard.serialize import fold_line, serialize_lines

CONTROLS = "".join(map(chr, [*range(9), *range(11, 32), 127, 0xFFFE, 0xFFFF]))

texts = st.text(st.characters(codec="utf-8", exclude_characters=CONTROLS))
names = st.from_regex(r"[A-Z0-9_-]{1,12}", fullmatch=True)
params = st.dictionaries(names, st.lists(texts, min_size=1).map(tuple), max_size=4)
raw_values = texts.map(lambda text: text.replace("\n", ""))
lines = st.builds(Line, names, st.just("") | names, params, raw_values)
pieces = st.sampled_from(
    [
        *(b"BEGIN:VCARD", b"A", b";", b":", b'"', b",", b"=", b"^", b".", b"\r\n", b"\n "),
        *(b"\r", b"\xc3", b"\\", b"\xef\xbb\xbf", b"\x00", b"TYPE=", b"\t"),
    ]
)


@given(st.lists(lines))
def test_what_was_written_is_what_is_read(written: list[Line]) -> None:
    assert list(content_lines(serialize_lines(written))) == written


@given(raw_values, st.lists(st.integers(0, 60)))
def test_a_fold_anywhere_changes_nothing(value: str, cuts: list[int]) -> None:
    data = f"A;B=c:{value}".encode()
    for cut in sorted(cuts, reverse=True):
        if cut < len(data):
            data = data[: cut + 1] + b"\r\n " + data[cut + 1 :]
    assert list(content_lines(data)) == [Line("A", "", {"B": ("c",)}, value)]


@given(st.lists(pieces).map(b"".join) | st.binary())
def test_garbage_gives_lines_or_the_error(data: bytes) -> None:
    number = 1
    try:
        list(content_lines(data))
    except BadContentLine as error:
        number = error.number
    assert 1 <= number <= data.count(b"\n") + data.count(b"\r") + 1


@given(texts)
def test_folded_lines_are_short_and_whole_text(text: str) -> None:
    pieces = fold_line(text.encode())[:-2].split(b"\r\n ")
    assert all(len(piece) <= 75 for piece in pieces)
    assert "".join(piece.decode() for piece in pieces) == text


@given(texts)
def test_a_text_survives_its_escaping(text: str) -> None:
    assert values.unescape_text(values.escape_text(text)) == text


@given(st.lists(texts, min_size=1))
def test_a_list_survives_its_joining(items: list[str]) -> None:
    assert values.split_list(values.join_list(items)) == items


@given(st.lists(st.lists(texts, min_size=1), min_size=1))
def test_a_structured_value_survives_its_joining(components: list[list[str]]) -> None:
    assert values.split_structured(values.join_structured(components)) == components
