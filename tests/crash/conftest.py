"""Stores that may be broken: a template for the session, a copy of it for each test."""

import os
from pathlib import Path

import pytest

from tests.crash.store import Store, copy_template, create_template


@pytest.fixture(scope="session")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a store with people in it that nobody writes to."""
    directory = tmp_path_factory.mktemp("template")
    return create_template(directory, os.environ["GROUPWARE_DATABASE_URL"])


@pytest.fixture
def store(store_template: Store, tmp_path: Path, empty_database_url: str) -> Store:
    """Return a store of the test's own."""
    return copy_template(store_template, tmp_path, empty_database_url)
