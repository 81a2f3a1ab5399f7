"""A new store is made by squashed migrations, and is what the long way would have made it."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from groupware.environment import BASE_DIR
from tests.services.longway import LongWay
from tests.services.schema import read_schema

BEFORE_CALENDARS = ("core=0004_blobspool", "mail=0010_flags_by_chunk")
DOMAIN = "INSERT INTO core_domain (id, name, created_at) VALUES (3, 'example.org', '2026-11-20')"
PERSON = (
    "INSERT INTO core_account (id, password, is_superuser, login, kind, name, is_active, is_staff,"
    " credential_epoch, second_factor, created_at, domain_id) VALUES (7, '', TRUE, 'ann@example.org',"
    " 'person', '', TRUE, FALSE, 1, FALSE, '2026-11-20 08:00:00+00:00', 3)"
)
STATE = (
    "INSERT INTO core_accountstate (account_id, next_modseq, next_uid_validity, quota_bytes,"
    " bytes_used, items_used, tombstone_floor) VALUES (7, 5, 20, 0, 0, 0, 0)"
)
GIVEN = (
    "SELECT kind, name, uid_validity FROM core_collection WHERE account_id = 7",
    "SELECT slug, role FROM core_resourcecollection WHERE account_id = 7 ORDER BY slug",
    "SELECT next_modseq, next_uid_validity FROM core_accountstate WHERE account_id = 7",
    "SELECT role, domain_id FROM core_adminrole WHERE account_id = 7",
)


def run(url: str, *command: str) -> None:
    subprocess.run(
        [sys.executable, *command],
        cwd=BASE_DIR,
        env=os.environ
        | {"GROUPWARE_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "groupware.settings"},
        check=True,
    )


def query(url: str, *statements: str) -> list[list[tuple[object, ...]]]:
    """Run statements in one transaction, and return the rows of each."""
    parts = urlsplit(url)
    with closing(
        sqlite3.connect(parts.path) if parts.scheme == "sqlite" else psycopg.connect(url)
    ) as connection:
        cursors = [connection.execute(statement) for statement in statements]
        rows = [list(cursor.fetchall()) if cursor.description else [] for cursor in cursors]
        connection.commit()
    return rows


def models_of(state: ProjectState) -> dict[tuple[str, str], object]:
    return dict(state.models)


def test_squashed_migrations_end_in_the_models_of_the_long_way() -> None:
    squashed, long = MigrationLoader(None), LongWay(None)
    assert models_of(squashed.project_state()) == models_of(long.project_state())
    assert set(squashed.replacements) <= set(squashed.graph.nodes)
    assert not set(squashed.replacements) & set(long.graph.nodes)


@pytest.mark.timeout(300)
def test_a_new_store_has_the_tables_of_one_that_went_the_long_way(
    fresh_database_url: str, empty_database_url: str
) -> None:
    run(empty_database_url, "-m", "tests.services.longway")
    assert read_schema(fresh_database_url) == read_schema(empty_database_url)


@pytest.mark.timeout(300)
def test_a_store_of_before_calendars_gets_what_is_missing(
    fresh_database_url: str, empty_database_url: str
) -> None:
    run(empty_database_url, "-m", "tests.services.longway", *BEFORE_CALENDARS)
    query(empty_database_url, DOMAIN, PERSON, STATE)
    run(empty_database_url, "manage.py", "migrate", "--verbosity=0")
    collections, faces, states, roles = query(empty_database_url, *GIVEN)
    assert {(kind, name) for kind, name, *_ in collections} == {
        ("calendars", "Calendar"),
        ("calendars", "Tasks"),
        ("calendars", "Birthdays"),
        ("addressbooks", "Contacts"),
    }
    assert len({uid_validity for *_, uid_validity in collections}) == 4
    assert faces == [
        ("birthdays", "birthdays"),
        ("calendar", "default"),
        ("contacts", "default"),
        ("tasks", "tasks"),
    ]
    assert states == [(7, 24)]
    assert roles == [("global", None)]
    assert read_schema(empty_database_url) == read_schema(fresh_database_url)
