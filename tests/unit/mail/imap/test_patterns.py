"""LIST patterns (RFC 3501 §6.3.8)."""

import pytest

from mail.imap.patterns import MAX_WILDCARDS, Pattern


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


def test_pattern_has_so_many_wildcards_at_most() -> None:
    Pattern("", "*a" * MAX_WILDCARDS)
    with pytest.raises(ValueError, match="wildcards"):
        Pattern("", "*a" * (MAX_WILDCARDS + 1))
