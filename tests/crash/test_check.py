"""The check itself finds each kind of damage: otherwise its silence says nothing."""

import sqlite3
from contextlib import closing

import pytest

from tests.crash.store import Store
from tests.crash.test_points import write_until_killed

pytestmark = [pytest.mark.crash, pytest.mark.sqlite]

DAMAGES = (
    (
        "DELETE FROM mail_message WHERE id = (SELECT MIN(id) FROM mail_message WHERE uid > 2)",
        "is lost",
    ),
    ("UPDATE core_collection SET uid_next = 1 WHERE items > 0", "not below uid_next"),
    ("UPDATE core_collection SET highest_modseq = 0", "modseq is above its mailbox's"),
    ("UPDATE core_accountstate SET bytes_used = 1", "use is not the sum"),
    ("UPDATE mail_message SET uid = uid + 1000 WHERE uid = 1", "was told"),
    (
        "UPDATE mail_messagechunk SET flags = substr(flags, 1, 2) || '@' || substr(flags, 4)",
        "has flags 16",
    ),
    ("UPDATE mail_mailbox SET unseen = 9999", "does not count its flags"),
    ("UPDATE core_blob SET digest = X'00' WHERE id = 1", "not those of the digest"),
    ("DELETE FROM core_blobspool WHERE blob_id = 2", "no bytes lie at"),
    ("DELETE FROM core_addresstarget WHERE account_id = 1", "has no address"),
)
"""Each of them about a message that was told of: eight mailboxes have a third UID long before the
thirtieth commit, and a writer has one step open at most."""
HIGH_COUNTER = "UPDATE core_collection SET highest_modseq = 90000"


def damage(store: Store, *statements: str) -> None:
    path = store.database_url.removeprefix("sqlite://")
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement


def test_damage_is_found(store: Store) -> None:
    journal = store.notes / "journal"
    write_until_killed(store, "append", journal, "after-commit:30")
    damage(store, *(statement for statement, _ in DAMAGES))
    found = store.faults(journal)
    assert [fault for _, fault in DAMAGES if not any(fault in line for line in found)] == []


def test_a_message_that_comes_back_is_found(store: Store) -> None:
    journal = store.notes / "journal"
    write_until_killed(store, "append", journal, "after-commit:30")
    journal.write_text("")
    damage(store, HIGH_COUNTER)
    found = store.faults(journal)
    assert any("is there again" in line for line in found)
    assert any("not below the account's next" in line for line in found)
