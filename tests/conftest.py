"""What every test stands on: Django with a data directory of its own.

Settings are read from the environment, so this file sets that first. A conftest.py is imported
before Django is set up: models are imported by test modules and inside fixtures only.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_KEPT = {"GROUPWARE_TEST_CORPUS", "GROUPWARE_DATABASE_URL"}
_DATA = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment of this process, then Django up."""
    for name in [name for name in os.environ if name.startswith("GROUPWARE_")]:
        if name not in _KEPT:
            del os.environ[name]
    config.stash[_DATA] = Path(tempfile.mkdtemp(prefix="groupware-tests-"))
    os.environ["GROUPWARE_DATA"] = str(config.stash[_DATA])
    os.environ["DJANGO_SETTINGS_MODULE"] = "groupware.settings"
    import django

    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the data directory of this process away."""
    shutil.rmtree(config.stash[_DATA], ignore_errors=True)
