"""Patterns that match alike on every Python that we run on."""

import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("groupware", "mail", "calendar_app", "contacts")
    for path in (ROOT / folder).rglob("*.py")
)
_POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")


def possessive_groups(path: Path) -> list[str]:
    """Return the patterns in which a group is repeated possessively."""
    with path.open("rb") as file:
        texts = [held.string for held in tokenize.tokenize(file.readline)]
    return [text for text in texts if "(?" in text and _POSSESSIVE_GROUP.search(text)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_group_is_repeated_possessively(path: Path) -> None:
    """Before Python 3.11.5 one goes on from the middle of a repetition that fails.

    Debian 12 has 3.11.2. An atomic group around a greedy one is the same, and right everywhere.
    """
    assert not possessive_groups(path)


def test_one_is_found(tmp_path: Path) -> None:
    path = tmp_path / "pattern.py"
    path.write_text('A = r"(?:ab?c)*+"\nB = r"(?>(?:ab?c)*)[a-z]*+"\nC = "/()*+,"\n')
    assert possessive_groups(path) == ['r"(?:ab?c)*+"']
