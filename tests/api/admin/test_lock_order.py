"""Administration over REST and by commands at once: nobody waits for somebody who waits for him.

A lock that is held elsewhere stops whoever comes first in the middle of its change; then the others
begin, and when they wait as well the lock is given back. What each asks for may be refused for what
another did, but not for how they met.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from groupware.core import db
from groupware.core.models import Account, GroupMember
from tests.api.admin.team import Team
from tests.services.threads import SECONDS, Start, threads, wait

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,  # SQLite has one lock for all writes
    pytest.mark.timeout(120),
]
ANY = {"If_Match": "*"}
GROUP, FRIEND, PERSON = "team@example.test", "friend@example.test", "person@example.test"


@contextmanager
def row_held_elsewhere(start: Start, table: str, key: int) -> Iterator[None]:
    """Hold the lock of a row on another thread."""
    held, release = Event(), Event()

    def hold() -> None:
        with db.write_transaction():
            db.fetch_rows(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [key])
            held.set()
            wait(release)

    holding = start(hold)
    wait(held)
    try:
        yield
    finally:
        release.set()
        holding.result(SECONDS)


def wait_for_waiting(number: int, *futures: "Future[Any]") -> None:
    """Return when so many wait for locks."""
    query = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with connection.cursor() as cursor:
        while True:
            assert not any(future.done() for future in futures), futures
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(query)
            if cursor.fetchone()[0] >= number:
                return


def command(*words: str) -> str:
    """Run `manage.py`; return why it was refused, or nothing."""
    try:
        call_command(*words)
    except CommandError as error:
        return str(error)
    return ""


def patch(team: Team) -> Any:
    """Change what the group is for and who is in it, as the panel would."""
    change = {"description": "Both", "members": [PERSON, FRIEND]}
    return team["root"].patch(f"/admin/groups/{team.own.group_id}", change, **ANY)


def test_a_change_over_rest_comes_before_commands_that_began_behind_it(team: Team) -> None:
    with threads(4) as start:
        with row_held_elsewhere(start, "core_group", team.own.group_id):
            changing = start(lambda: patch(team))
            wait_for_waiting(1, changing)
            deleting = start(lambda: command("account", "delete", FRIEND, "--yes"))
            wait_for_waiting(2, changing, deleting)
            adding = start(lambda: command("group", "add", GROUP, FRIEND))
            wait_for_waiting(3, changing, deleting, adding)
        assert changing.result(SECONDS).status_code == 200
        assert deleting.result(SECONDS) == ""
        assert adding.result(SECONDS).startswith(
            ("There is no account", f"{FRIEND} is in {GROUP} already")
        )
    assert not Account.objects.filter(login=FRIEND).exists()
    assert not GroupMember.objects.filter(group=team.own.group_id, account__login=FRIEND).exists()


def test_commands_come_before_a_change_over_rest_that_began_behind_them(team: Team) -> None:
    with threads(4) as start:
        with row_held_elsewhere(start, "core_account", team.own.friend.pk):
            deleting = start(lambda: command("account", "delete", FRIEND, "--yes"))
            wait_for_waiting(1, deleting)
            changing = start(lambda: patch(team))
            wait_for_waiting(2, deleting, changing)
            adding = start(lambda: command("group", "add", GROUP, FRIEND))
            wait_for_waiting(3, deleting, changing, adding)
        assert deleting.result(SECONDS) == ""
        assert changing.result(SECONDS).status_code in {404, 422}
        assert adding.result(SECONDS).startswith("There is no account")
    assert not Account.objects.filter(login=FRIEND).exists()


def test_an_app_password_and_a_deletion_meet(team: Team) -> None:
    with threads(3) as start:
        with row_held_elsewhere(start, "core_account", team.own.friend.pk):
            deleting = start(lambda: command("account", "delete", FRIEND, "--yes"))
            wait_for_waiting(1, deleting)
            making = start(lambda: command("account", "app-password", "create", FRIEND))
            wait_for_waiting(2, deleting, making)
        assert deleting.result(SECONDS) == ""
        assert making.result(SECONDS) == "The account is gone."
