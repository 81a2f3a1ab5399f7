"""Databases for other processes: copies of one in which every migration has run.

To migrate takes seconds of a processor, to copy milliseconds. The first process of a session that
wants a copy makes what is copied.
"""

import contextlib
import fcntl
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from groupware.environment import BASE_DIR

DIRECTORY = "GROUPWARE_TEST_TEMPLATES"
"""The variable that tells the workers of a session where its templates are."""
NAME = "groupware_template"

KEPT_TABLES = {"django_content_type", "auth_permission"}

_names = itertools.count()


def copy_sqlite(target: Path) -> None:
    """Put a migrated database into a file that is not there yet."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(_made("sqlite", f"sqlite://{_file()}"), target)
    target.chmod(0o600)


@contextlib.contextmanager
def empty_database(directory: Path) -> Iterator[str]:
    """Make a database with nothing in it, yield its URL, and take it away."""
    if not os.environ["GROUPWARE_DATABASE_URL"]:
        yield f"sqlite://{directory}/groupware.sqlite3"
        return
    with _postgresql_database() as url:
        yield url


@contextlib.contextmanager
def fresh_database(directory: Path) -> Iterator[str]:
    """Make a database that is migrated, yield its URL, and take it away."""
    server = os.environ["GROUPWARE_DATABASE_URL"]
    if not server:
        copy_sqlite(directory / "groupware.sqlite3")
        yield f"sqlite://{directory}/groupware.sqlite3"
        return
    with _lock():
        with psycopg.connect(server, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if known.fetchone() is None:
                connection.execute(f'CREATE DATABASE "{NAME}"'.encode())
        _made("postgresql", f"{server.rpartition('/')[0]}/{NAME}")
    with _postgresql_database(f'TEMPLATE "{NAME}"') as url:
        yield url


def empty_tables(connection: BaseDatabaseWrapper) -> None:
    """Delete what a test has committed; content types and permissions are the same for all tests.

    Django's `flush` makes these anew each time, and TRUNCATE gives each table and index a new file:
    a third of a second for the few rows of a test.
    """
    from django.db import transaction

    tables = set(connection.introspection.django_table_names()) - KEPT_TABLES
    statements = [f'DELETE FROM "{table}"' for table in sorted(tables)]
    if connection.vendor == "postgresql":
        # Everything goes, so nothing need be looked up that refers to a row.
        statements = [
            ";".join(["SET LOCAL session_replication_role = replica", *statements]),
        ]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextlib.contextmanager
def _postgresql_database(options: str = "") -> Iterator[str]:
    server = os.environ["GROUPWARE_DATABASE_URL"]
    name = f"fresh_{os.getpid()}_{next(_names)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {options}'.encode())
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _file() -> Path:
    return Path(os.environ[DIRECTORY], f"{NAME}.sqlite3")


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    with Path(os.environ[DIRECTORY], f"{NAME}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _made(kind: str, url: str) -> Path:
    """Return the file of the template, migrated by now."""
    stamp = Path(os.environ[DIRECTORY], f"{NAME}.{kind}")
    if not stamp.exists():
        with _lock() if kind == "sqlite" else contextlib.nullcontext():
            if not stamp.exists():
                _migrate(url)
                stamp.touch()
    return _file()


def _migrate(url: str) -> None:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GROUPWARE_")}
    data = Path(os.environ[DIRECTORY], f"{NAME}.data")
    subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "--verbosity=0"],
        env=kept | {"GROUPWARE_DATA": str(data), "GROUPWARE_DATABASE_URL": url},
        check=True,
    )
