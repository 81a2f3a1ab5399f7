"""What stays true of Authentication-Results and of tag lists, whatever the octets are."""

import email
import email.policy

from hypothesis import example, given
from hypothesis import strategies as st

from mail.authentication.canonical import (
    RELAXED,
    SIMPLE,
    canonicalize_body,
    canonicalize_field,
    read_message,
)
from mail.authentication.results import Result, fold_results, remove_forged
from mail.authentication.tags import BadTags, parse_tags, without_signature

OWN = "mx.team.example"
PIECES = [
    b"Authentication-Results",
    b"authentication-results",
    b":",
    b" ",
    b"\t",
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n ",
    b"(",
    b")",
    b"\\",
    b'"',
    b";",
    b"mx.team.example",
    b"MX.TEAM.EXAMPLE",
    b"mx.other.example",
    b"From: a@b.example\r\n",
    b"x",
    b"dmarc=pass",
    b"=?utf-8?q?mx?=",
    b"\xc3\xbc",
]
HEADERS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=30).map(b"".join)
BODIES = st.lists(
    st.sampled_from([b" ", b"\t", b"\r\n", b"\n", b"\r", b"a"]) | st.binary(max_size=2), max_size=30
).map(b"".join)


def claims(data: bytes) -> list[str]:
    """Return whose results the standard library finds: an opinion of its own."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    found = [str(value) for value in message.get_all("Authentication-Results", [])]
    return [value.strip().partition(";")[0].split(" ")[0].lower() for value in found]


@given(HEADERS, HEADERS)
@example(b"Authentication-Results: mx.team.example; x\r\n", b"")
@example(b"x\rAuthentication-Results: mx.team.example; x", b"")
def test_no_field_of_ours_is_left_and_nothing_else_goes(header: bytes, body: bytes) -> None:
    data = header + b"\r\n\r\n" + body
    cleaned = remove_forged(data, OWN)
    assert OWN not in claims(cleaned)
    assert remove_forged(cleaned, OWN) == cleaned
    assert cleaned.endswith(b"\r\n" + body)
    if b"authentication-results" not in data.lower():
        assert cleaned is data


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), max_size=5))
def test_our_field_is_one_whatever_the_names_in_it(values: list[tuple[str, str]]) -> None:
    results = [Result("spf", "none", comment, (("a.b", value),)) for comment, value in values]
    data = b"Authentication-Results: " + fold_results(OWN, results) + b"Subject: x\r\n\r\n"
    message = email.message_from_bytes(data)
    assert message.keys() == ["Authentication-Results", "Subject"]
    assert claims(data) == [OWN]
    assert remove_forged(data, OWN) == b"Subject: x\r\n\r\n"


@given(BODIES)
def test_canonical_forms_are_their_own_and_end_with_a_line(body: bytes) -> None:
    body = read_message(b"A: b\r\n\r\n" + body).body
    for method in (SIMPLE, RELAXED):
        canonical = canonicalize_body(body, method)
        assert canonicalize_body(canonical, method) == canonical
        assert not canonical or canonical.endswith(b"\r\n")
        assert not canonical.endswith(b"\r\n\r\n")
    assert b"  " not in canonicalize_body(body, RELAXED)


@given(HEADERS)
def test_fields_are_cut_without_an_error_and_relaxed_ones_are_a_line(header: bytes) -> None:
    for field in read_message(header + b"\r\n\r\n").fields:
        assert field.raw.endswith(b"\r\n")
        relaxed = canonicalize_field(field, RELAXED)
        assert relaxed.count(b"\r\n") == 1
        assert relaxed.startswith(field.name + b":")


@given(st.lists(st.sampled_from([b"b", b"=", b";", b" ", b"\r\n ", b"x", b"bh"]), max_size=20))
def test_an_emptied_list_has_the_other_tags_as_they_were(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    try:
        tags = parse_tags(text)
    except BadTags:
        return
    emptied = parse_tags(without_signature(text))
    assert emptied == {name: b"" if name == b"b" else value for name, value in tags.items()}
