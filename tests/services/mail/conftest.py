"""After each test of a mail service, the store is examined the slow way."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _sound_store(db: None) -> Iterator[None]:
    """Compare counters with sums, modseqs with their bounds, bytes with their digests."""
    from tests.crash.invariants import find_faults

    yield
    assert list(find_faults()) == []
