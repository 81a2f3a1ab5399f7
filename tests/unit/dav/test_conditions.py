"""Lists of entity tags."""

import pytest

from groupware.dav.conditions import Tag, parse_tags
from groupware.dav.errors import DavError


def test_tags_are_read_quoted_weak_bare_and_with_room_between_them() -> None:
    found = parse_tags('"a" ,W/"b",, c ,')
    assert found.tags == {Tag("a"), Tag("b", is_weak=True), Tag("c")}


@pytest.mark.timeout(5)
@pytest.mark.parametrize("room", ["", '"a",', '"a"'])
def test_a_long_line_of_spaces_costs_by_its_length(room: str) -> None:
    with pytest.raises(DavError):
        parse_tags(room + " " * 300_000 + '"x y')
    assert parse_tags('"a",' + " " * 300_000 + '"b"').tags == {Tag("a"), Tag("b")}
