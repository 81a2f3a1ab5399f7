from pathlib import Path

import pytest

from tests.commands.running import Manage


@pytest.fixture
def manage(tmp_path: Path, fresh_database_url: str) -> Manage:
    """Return `manage.py` as a new admin has it: nothing was ever run on its database."""
    return Manage(tmp_path / "data", fresh_database_url)
