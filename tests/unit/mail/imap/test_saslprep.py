import pytest

from mail.imap.saslprep import prepare_identifier


@pytest.mark.parametrize(
    ("text", "expected"),
    [("user", "user"), ("USER", "USER"), ("I\u00adX", "IX"), ("\u00aa", "a"), ("\u2168", "IX"),
     ("ben@team.example", "ben@team.example"), ("a\u00a0b", "a b"), ("\u0627\u0631", "\u0627\u0631"),
     ("-ben", "-ben"), ("\u6771\u4eac", "\u6771\u4eac")],
)  # fmt: skip
def test_identifiers_have_one_form(text: str, expected: str) -> None:
    assert prepare_identifier(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "\u00ad", "\x07", "a\x7f", "\ue000", "\ufffd", "\u2ff0", "\U000e0001",
     "\u06271", "x\u0627", "\u0627x\u0627", "\U0001f600"],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="An identifier"):
        prepare_identifier(text)
