"""An address book. Models are imported inside fixtures only."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account


@pytest.fixture
def book(ann: "Account") -> int:
    """Return the collection of Ann's own address book."""
    from tests.services.contacts.cards import book_of

    return book_of(ann)


@pytest.fixture
def bens_book(ben: "Account") -> int:
    """Return the collection of Ben's."""
    from tests.services.contacts.cards import book_of

    return book_of(ben)
