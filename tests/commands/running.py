"""`manage.py` as an admin runs it: a real process, its exit code, its streams."""

import json
import subprocess
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from groupware.environment import BASE_DIR
from tests.serve.running import environment

WAIT_SECONDS = 60


@dataclass(frozen=True)
class Manage:
    """The command line on a data directory and a database of its own."""

    data: Path
    database_url: str

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command; the caller waits for its end."""
        return subprocess.Popen(
            [sys.executable, str(BASE_DIR / "manage.py"), *words],
            env=environment(self.data, {}, GROUPWARE_DATABASE_URL=self.database_url) | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, stdin: str = "", **variables: str) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr of a command."""
        with self.start(*words, **variables) as process:
            out, err = process.communicate(stdin, timeout=WAIT_SECONDS)
            return process.returncode, out, err

    def text(self, *words: str, stdin: str = "") -> str:
        """Return what a command that succeeds prints for people."""
        code, out, err = self.run(*words, stdin=stdin)
        assert (code, err) == (0, "")
        return out

    def json(self, *words: str, stdin: str = "") -> Any:
        """Return what a command that succeeds prints for machines."""
        return json.loads(self.text(*words, "--json", stdin=stdin))

    def refusal(self, *words: str, stdin: str = "", **variables: str) -> str:
        """Return the one line with which a command is refused."""
        code, out, err = self.run(*words, stdin=stdin, **variables)
        assert (code, out) == (1, "")
        (line,) = err.splitlines()
        return line


def call(*words: str) -> str:
    """Return what a command prints that is called within this process."""
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().removesuffix("\n")


def call_json(*words: str) -> Any:
    """Return the parsed answer of a command that is called within this process."""
    return json.loads(call(*words, "--json"))
