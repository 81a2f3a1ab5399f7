"""The people who sign in to the running server."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.serve.running import Running, environment

DOMAIN = "example.test"
PASSWORD = 'correct "horse" battery\\staple'


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in."""

    address: str
    password: str = PASSWORD


def create_people(running: Running, addresses: list[str], **variables: str) -> None:
    """Create accounts whose password is `PASSWORD`."""
    subprocess.run(
        [sys.executable, "-m", "tests.clients.accounts", PASSWORD, *addresses],
        check=True,
        cwd=Path(__file__).parents[2],
        env=environment(running.data, running.ports, **variables),
    )
