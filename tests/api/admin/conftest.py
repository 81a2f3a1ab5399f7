"""Two domains with their people, and a program for each that holds the scopes of administration."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.admin.team import Team


@pytest.fixture
def team(db: None) -> Iterator["Team"]:
    """Return the people of example.test and other.test."""
    from tests.api.admin.team import make_team

    with ExitStack() as stack:
        yield make_team(stack)
