"""What `manage.py` itself says."""

from pathlib import Path

import pytest

from groupware.management.utility import REPLACED
from tests.commands.running import Manage

OURS = (
    "account",
    "address",
    "doctor",
    "domain",
    "export",
    "grant",
    "group",
    "import",
    "queue",
    "retention",
    "revoke",
    "serve",
    "undelete",
)


@pytest.fixture
def fresh(tmp_path: Path) -> Manage:
    """Return `manage.py` with the embedded database, never used."""
    return Manage(tmp_path / "data", "")


@pytest.mark.parametrize("words", [(), ("help",)])
def test_help_lists_our_commands_with_a_line_each(fresh: Manage, words: tuple[str, ...]) -> None:
    ours, _, others = fresh.text(*words).partition("Django's own: ")
    rows = {line.split()[0]: line for line in ours.splitlines() if line.startswith("  ")}
    assert set(OURS) <= {name.removesuffix(":") for name in rows}
    assert all(line.endswith(".") for line in rows.values())
    assert "migrate" in others
    assert not set(REPLACED) & set(others.replace(",", "").split())


def test_an_unknown_command_is_one_line(fresh: Manage) -> None:
    assert fresh.refusal("acount") == "There is no command acount: did you mean account?"
    assert "`./manage.py help` lists all" in fresh.refusal("zzzz")


@pytest.mark.parametrize("name", sorted(REPLACED))
def test_djangos_own_account_commands_name_ours(fresh: Manage, name: str) -> None:
    assert fresh.refusal(name) == f"Here it is `./manage.py {REPLACED[name]}`."
