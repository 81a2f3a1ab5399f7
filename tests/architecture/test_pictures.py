"""The pictures of the READMEs: there, small, and those that `make screenshots` takes."""

import re

import pytest

from groupware.environment import BASE_DIR
from tests.pictures.shots import README

PICTURES = BASE_DIR / "docs" / "pictures"
MOST_OCTETS = 200_000
READMES = ("README.md", "README.it.md")


@pytest.mark.parametrize("name", READMES)
def test_a_readme_shows_each_picture(name: str) -> None:
    shown = re.findall(r"\(docs/pictures/([\w-]+)\.png\)", (BASE_DIR / name).read_text("utf-8"))
    assert sorted(shown) == sorted(shot.name for shot in README)


def test_each_picture_is_small() -> None:
    files = list(PICTURES.iterdir())
    assert {path.stem for path in files} == {shot.name for shot in README}
    for path in files:
        octets = path.read_bytes()
        assert octets.startswith(b"\x89PNG\r\n\x1a\n"), path.name
        assert len(octets) < MOST_OCTETS, path.name
