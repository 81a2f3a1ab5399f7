"""What all archives share: line ends, names and keywords as the store can have them."""

import pytest

from mail.archives.maildirnames import (
    decode_name,
    encode_name,
    parse_message_name,
    parse_subscriptions,
    serialize_message_name,
    serialize_subscriptions,
    serialize_zone,
)
from mail.archives.messages import clean_keyword, clean_level, with_crlf
from mail.flags import DELETED, SEEN


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\nb\r\nc\n", b"a\r\nb\r\nc\r\n"),
        (b"a\r\nb\nc", b"a\r\nb\nc"),
        (b"\na", b"\r\na"),
        (b"\r\na\n", b"\r\na\n"),
        (b"a\rb", b"a\rb"),
        (b"", b""),
    ],
)
def test_lines_end_in_crlf_unless_the_first_does(data: bytes, sent: bytes) -> None:
    assert with_crlf(data) == sent


@pytest.mark.parametrize(
    ("level", "cleaned"),
    [
        ("Work", "Work"),
        ("a/b", "a_b"),
        (" a\x07 ", "a_"),
        ("", "_"),
        ("\ud800", "_"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_level_is_brought_near_to_one_that_can_be(level: str, cleaned: str) -> None:
    assert clean_level(level) == cleaned


@pytest.mark.parametrize(
    ("word", "cleaned"),
    [("$Junk", "$Junk"), ("a(b", "a_b"), ("\\Seen", "_Seen"), ("ä]%*", "____"), ("{}", "_}")],
)
def test_a_keyword_is_brought_near_to_an_atom(word: str, cleaned: str) -> None:
    assert clean_keyword(word) == cleaned


@pytest.mark.parametrize(
    ("name", "directory"),
    [
        ("INBOX", ""),
        ("INBOX/a", ".INBOX.a"),
        ("Archive/2026", ".Archive.2026"),
        ("Tom & Jörg", ".Tom &- J&APY-rg"),
        ("日本", ".&ZeVnLA-"),
        ("&AC4-", ".&-AC4-"),
    ],
)
def test_names_become_directories_and_names_again(name: str, directory: str) -> None:
    assert encode_name(name) == directory
    if directory:
        assert decode_name(directory) == name


def test_a_dot_in_a_level_is_said_by_no_directory() -> None:
    assert encode_name("v1.2/.x") == ".v1_2._x"
    assert decode_name(".v1&AC4-2.&AC4-x") == "v1.2/.x"


def test_subscriptions_are_read_as_they_were_written() -> None:
    names = ["INBOX", "Archive/2026", "v1/ä"]
    text = serialize_subscriptions([encode_name(name) for name in names])
    assert parse_subscriptions(text, ".") == names


@pytest.mark.parametrize("minutes", [0, 330, -210, 840, -5])
def test_a_zone_is_read_as_it_was_written(minutes: int) -> None:
    name = serialize_message_name(f"-5.U1V2.x,S=3{serialize_zone(minutes)}", SEEN | DELETED, "ba")
    assert name.endswith(":2,STab")
    parsed = parse_message_name(name)
    assert (parsed.time, parsed.zone, parsed.flags) == (-5, minutes, SEEN | DELETED)
    assert parsed.keyword_letters == "ab"
