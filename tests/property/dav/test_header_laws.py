"""Laws of header fields and of XML: what was written is read, garbage is refused and no more."""

import contextlib
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from groupware.dav.conditions import Conditions, Tag, Tags, parse_tags, read_conditions
from groupware.dav.errors import DavError
from groupware.dav.handlers.lock import parse_timeout
from groupware.dav.ifheader import Condition, If, State, StateList, parse_if
from groupware.dav.names import DECLARATIONS, write_tree
from groupware.dav.negotiation import VERSIONS, wanted_version
from groupware.dav.request import parse_xml

PRINTABLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
OPAQUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"]'))
TAGS = st.builds(Tag, OPAQUE, st.booleans())
TOKENS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="<>"), min_size=1
)
CONDITIONS = st.one_of(
    st.builds(Condition, token=TOKENS, tag=st.none(), is_not=st.booleans()),
    st.builds(Condition, token=st.just(""), tag=TAGS, is_not=st.booleans()),
)
GARBAGE = st.one_of(st.text(), st.text(st.sampled_from('()<>[]"\\,*W/Not \t=;'), max_size=40))
LISTS = st.lists(st.lists(CONDITIONS, min_size=1, max_size=4), max_size=4)


def write_tag(tag: Tag) -> str:
    return f'{"W/" if tag.is_weak else ""}"{tag.opaque}"'


def write_condition(condition: Condition) -> str:
    text = f"[{write_tag(condition.tag)}]" if condition.tag else f"<{condition.token}>"
    return f"Not {text}" if condition.is_not else text


@given(st.lists(TAGS, max_size=5))
def test_entity_tags_survive_the_wire(tags: list[Tag]) -> None:
    text = ", ".join(map(write_tag, tags))
    assert parse_tags(text) == Tags(frozenset(tags))


@given(LISTS, st.booleans())
def test_an_if_header_survives_the_wire(lists: list[list[Condition]], tagged: bool) -> None:
    url = "/dav/1/" if tagged else ""
    head = f"<{url}> " if tagged and lists else ""
    text = head + " ".join(f"({' '.join(map(write_condition, held))})" for held in lists)
    assert parse_if(text) == If(tuple(StateList(url, tuple(held)) for held in lists))


@given(LISTS.filter(bool), st.one_of(st.none(), OPAQUE), st.sets(TOKENS, max_size=3))
def test_a_header_and_its_opposite_never_both_hold_where_it_is_one_condition(
    lists: list[list[Condition]], etag: str | None, tokens: set[str]
) -> None:
    state = State(etag, tokens)
    condition = lists[0][0]
    opposite = condition._replace(is_not=not condition.is_not)
    held = [If((StateList("", (one,)),)).holds(lambda _url: state) for one in (condition, opposite)]
    assert held[0] is not held[1]
    # More lists make a header hold more often, more conditions less often.
    every = [StateList("", tuple(one)) for one in lists]
    whole = If(tuple(every)).holds(lambda _url: state)
    assert whole is any(If((one,)).holds(lambda _url: state) for one in every)


@given(GARBAGE)
def test_garbage_in_a_header_is_read_or_refused(text: str) -> None:
    for read in (parse_if, parse_tags):
        with contextlib.suppress(DavError):
            read(text)
    with contextlib.suppress(DavError):
        assert isinstance(read_conditions(lambda _name: text), Conditions)
    assert parse_timeout(text) >= 0
    assert wanted_version(text) in ("", *VERSIONS)


@given(
    st.one_of(st.binary(max_size=200), GARBAGE.map(lambda text: text.encode("utf-8", "replace")))
)
def test_garbage_as_xml_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(DavError):
        parse_xml(data)


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
NAMESPACES = st.sampled_from(["", "{DAV:}", "{urn:x}", "{http://example.test/a&b}"])
TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xD7FF), max_size=10)
QUALIFIED = st.builds(str.__add__, NAMESPACES, NAMES)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> ET.Element:
    element = ET.Element(draw(QUALIFIED), draw(st.dictionaries(QUALIFIED, TEXTS, max_size=2)))
    element.text = draw(TEXTS)
    for _ in range(draw(st.integers(0, 2)) if depth else 0):
        child = draw(trees(depth - 1))
        child.tail = draw(TEXTS)
        element.append(child)
    return element


@given(trees())
def test_an_element_that_is_kept_is_told_as_it_was(tree: ET.Element) -> None:
    answer = b"<D:prop %b>%b</D:prop>" % (DECLARATIONS, write_tree(tree))
    [told] = parse_xml(answer)
    assert ET.canonicalize(ET.tostring(told)) == ET.canonicalize(ET.tostring(tree))
