"""What `manage.py` itself says: our commands first, and refusals in one line."""

import sys
from difflib import get_close_matches
from textwrap import fill
from typing import Any

from django.core.management import ManagementUtility, get_commands, load_command_class

from groupware.management.tables import render_fields

APP = "groupware"
REPLACED = {
    "changepassword": "account set-password ADDRESS",
    "createsuperuser": "account create ADDRESS --admin",
}
"""Django's commands that know nothing of addresses and sessions, and what to type instead."""


class Utility(ManagementUtility):
    """`manage.py` without a command, with a wrong one, and `manage.py help`."""

    def main_help_text(self, commands_only: bool = False) -> str:  # noqa: FBT001, FBT002 - Django's
        """Return our commands with a line each, and the names of the others."""
        names = sorted(name for name in get_commands() if name not in REPLACED)
        if commands_only:
            return "\n".join(names)
        ours = [name for name in names if get_commands()[name] == APP]
        others = [name for name in names if name not in ours]
        return "\n".join(
            [
                "Usage: ./manage.py COMMAND …, and ./manage.py COMMAND --help",
                "",
                *(f"  {line}" for line in _described(ours)),
                "",
                fill(f"Django's own: {', '.join(others)}.", subsequent_indent="  "),
            ]
        )

    def fetch_command(self, subcommand: str) -> Any:
        """Return a command, or end with one line that names what it may have been."""
        if subcommand in REPLACED:
            sys.exit(f"Here it is `./manage.py {REPLACED[subcommand]}`.")
        if subcommand not in get_commands():
            near = get_close_matches(subcommand, get_commands(), 1)
            hint = f"did you mean {near[0]}?" if near else "`./manage.py help` lists all."
            sys.exit(f"There is no command {subcommand}: {hint}")
        return super().fetch_command(subcommand)


def _described(names: list[str]) -> list[str]:
    fields = [(name, load_command_class(APP, name).help) for name in names]
    return render_fields(fields).splitlines()
