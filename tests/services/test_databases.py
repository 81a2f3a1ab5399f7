import sqlite3

import pytest
from django.db import connection


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 20_000)],
)
def test_every_sqlite_connection_is_durable_and_waits(pragma: str, expected: object) -> None:
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        assert cursor.fetchone() == (expected,)


@pytest.mark.sqlite
@pytest.mark.django_db
def test_tests_on_sqlite_use_a_file() -> None:
    assert str(connection.settings_dict["NAME"]).startswith("/")
    assert sqlite3.sqlite_version_info >= (3, 35)


@pytest.mark.sqlite
@pytest.mark.django_db
@pytest.mark.parametrize("table", ["mail_messagecontent", "mail_messageprefix", "mail_searchtext"])
def test_what_is_kept_for_each_message_is_found_without_an_index(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA index_list({table})")
        assert not any("autoindex" in row[1] for row in cursor.fetchall())


@pytest.mark.postgresql
@pytest.mark.django_db
def test_tests_on_postgresql_use_the_sessions_own_server() -> None:
    assert connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("SHOW listen_addresses")
        assert cursor.fetchone() == ("",)


def test_fresh_database_is_another_one(fresh_database_url: str, db: None) -> None:
    assert str(connection.settings_dict["NAME"]) not in fresh_database_url
