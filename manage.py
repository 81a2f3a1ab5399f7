#!/usr/bin/env python3
"""The command line: `./manage.py COMMAND`, always in the project's own virtual environment."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""


def enter_venv() -> None:
    """Start over with the virtual environment's Python when outside it."""
    if Path(sys.prefix) == VENV:
        return
    python = VENV / "bin" / "python"
    if not python.exists():
        sys.exit(f"There is no virtual environment in {VENV} yet: run `make run` first.")
    os.execv(python, [str(python), *sys.argv])  # noqa: S606 - the project's own Python


def main() -> None:
    """Check the environment, then hand over to Django's commands and ours."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groupware.settings")
    from groupware.environment import SettingsError, prepare_data_directory, read_environment

    try:
        prepare_data_directory(read_environment(os.environ).data)
    except SettingsError as error:
        sys.exit(str(error))
    from groupware.management.utility import Utility

    Utility(sys.argv).execute()


if __name__ == "__main__":
    try:
        enter_venv()
        main()
    except KeyboardInterrupt:  # before a command looks after Ctrl-C itself
        sys.exit(INTERRUPTED)
