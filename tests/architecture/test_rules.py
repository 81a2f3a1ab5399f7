"""Rules of the house that neither ruff nor import-linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR

PACKAGES = ("groupware", "mail", "calendar_app", "contacts")
# 400 is what a file should stay under; this is where the suite stops it.
MOST_LINES = 500

# Who may open a write transaction: the kernel, the services, and what views of the API write by. The IMAP commands on messages
# wrap theirs around a service, to read what it changed in the same transaction; the demo team is
# one around many, to be there whole or not at all.
WRITERS = (
    "groupware/core/",
    "mail/services/",
    "contacts/services/",
    "calendar_app/services/",
    "groupware/dav/services/",
    "groupware/oauth/services/",
    "groupware/rest/writing.py",
    "groupware/rest/idempotency.py",
    "groupware/identity/services/",
    "mail/imap/handlers/messages.py",
    "groupware/demo/team.py",
)
# The only crossing between asyncio and the ORM; the front of the web role hands over requests whole.
CROSSINGS = (
    "groupware/core/aio.py",
    "groupware/core/hub.py",
    "groupware/core/groupcommit.py",
    "groupware/serve/front.py",
)


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((BASE_DIR / package).rglob("*.py")):
            name = path.relative_to(BASE_DIR).as_posix()
            if "/migrations/" not in name:
                yield name, ast.parse(path.read_text("utf-8"))


def names_in(tree: ast.Module) -> set[str]:
    """Return every name that the module refers to."""
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
    }


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        ({"write_transaction", "begin_change"}, WRITERS),
        ({"atomic", "set_autocommit"}, ("groupware/core/",)),
        ({"run_in_executor", "to_thread", "sync_to_async", "async_to_sync"}, CROSSINGS),
    ],
)
def test_what_has_one_home_is_used_there_only(names: set[str], allowed: tuple[str, ...]) -> None:
    elsewhere = [
        f"{name}: {', '.join(sorted(used))}"
        for name, tree in sources()
        if not name.startswith(allowed) and (used := names & names_in(tree))
    ]
    assert elsewhere == []


def test_no_file_is_longer_than_an_hour_of_reading() -> None:
    long = [
        path.relative_to(BASE_DIR).as_posix()
        for package in PACKAGES
        for path in (BASE_DIR / package).rglob("*.py")
        if "migrations" not in path.parts and len(path.read_text("utf-8").splitlines()) > MOST_LINES
    ]
    assert long == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (BASE_DIR / "tests").rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_every_service_test_states_its_database() -> None:
    """A test that uses a database without saying so would not run on both."""
    silent = [
        path.name
        for path in (BASE_DIR / "tests" / "services").glob("test_*.py")
        if not {"django_db", "fresh_database_url"} & names_in_file(path)
    ]
    assert silent == []


def names_in_file(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names_in(tree) | arguments
