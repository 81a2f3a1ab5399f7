"""LIST patterns (RFC 3501 §6.3.8)."""

from itertools import product

import pytest

from mail.imap.patterns import MAX_WILDCARDS, MAX_WILDCARDS_TOGETHER, Pattern, Patterns
from mail.names import DELIMITER


@pytest.mark.parametrize(
    ("reference", "pattern", "name", "matches"),
    [
        ("", "*", "a/b/c", True),
        ("", "%", "a", True),
        ("", "%", "a/b", False),
        ("", "%/%", "a/b", True),
        ("", "a%", "a", True),
        ("", "*b*", "a/b/c", True),
        ("", "%*", "a/b", True),
        ("a/", "%", "a/b", True),
        ("a/", "%", "b/b", False),
        ("", "A", "a", False),
        ("", "inbox", "INBOX", True),
        ("", "iNb%", "INBOX", True),
        ("", "%box", "INBOX", True),
        ("", "*box*", "INBOX/child", True),
        ("", "inbox/child", "INBOX/child", True),
        ("", "inbox/CHILD", "INBOX/child", False),
        ("", "*BOX", "a/box", False),
        ("", "in%", "INBOXES", False),
    ],
)
def test_pattern_matches_as_the_rfc_says(
    reference: str, pattern: str, name: str, matches: bool
) -> None:
    assert Pattern(reference, pattern).matches(name) is matches


def matches_by_trying(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] not in "*%":
        return name[:1] == pattern[0] and matches_by_trying(pattern[1:], name[1:])
    taken = "" if pattern[0] == "*" else DELIMITER
    return matches_by_trying(pattern[1:], name) or (
        name[:1] not in ("", taken) and matches_by_trying(pattern, name[1:])
    )


def test_every_short_pattern_and_name_match_as_by_trying() -> None:
    patterns = ["".join(signs) for n in range(5) for signs in product("a/*%", repeat=n)]
    names = ["".join(signs) for n in range(5) for signs in product("ab/", repeat=n)]
    for pattern in patterns:
        found = [name for name in names if Pattern("", pattern).matches(name)]
        assert found == [name for name in names if matches_by_trying(pattern, name)], pattern


def test_pattern_has_so_many_wildcards_at_most() -> None:
    Pattern("", "*a" * MAX_WILDCARDS)
    with pytest.raises(ValueError, match="wildcards"):
        Pattern("", "*a" * (MAX_WILDCARDS + 1))


def test_patterns_together_have_so_many_wildcards_at_most() -> None:
    names = [f"name{number}" for number in range(1_000)]
    wild = [f"a{number}/*" for number in range(MAX_WILDCARDS_TOGETHER)]
    patterns = Patterns("", [*names, *wild])
    assert patterns.matches("name999")
    assert patterns.matches("a7/b")
    assert not patterns.matches("name1000")
    with pytest.raises(ValueError, match="wildcards"):
        Patterns("", [*wild, "%"])


def test_patterns_stand_behind_the_reference_each() -> None:
    patterns = Patterns("inbox/", ["a", "b%"])
    assert [name for name in ("INBOX/a", "INBOX/bc", "a", "bc") if patterns.matches(name)] == [
        "INBOX/a",
        "INBOX/bc",
    ]
