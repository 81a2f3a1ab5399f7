"""A database that restarted: whatever a process does next, it does on a new connection."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator

import pytest
from django.db import connection

from groupware.core import aio, auth
from groupware.core.directory import set_password
from groupware.core.models import Account
from mail.services.mailboxes import create_mailbox
from tests.services.store import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
THREADS = 16
"""More than any pool has."""
Work = Callable[[Account], Awaitable[object]]


@pytest.fixture(autouse=True)
def _crossing() -> Iterator[None]:
    auth._cache.clear()
    yield
    aio.close_crossing()
    auth._cache.clear()


async def read(ann: Account) -> object:
    return await aio.read(Account.objects.get, pk=ann.pk)


async def call(ann: Account) -> object:
    return await aio.call(Account.objects.get, pk=ann.pk)


async def authenticate(ann: Account) -> object:
    return await aio.authenticate(ann.login, PASSWORD, protocol="imap", network="192.0.2.1")


async def write(ann: Account) -> object:
    return await aio.write(create_mailbox, ann.pk, secrets.token_hex(8))


def end_connections() -> None:
    """Do to every connection but this thread's what a restart of the server does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def in_every_thread(work: Work, ann: Account) -> list[object]:
    """Return the outcomes of more work than there are threads."""

    async def gather() -> list[object]:
        return await asyncio.gather(*(work(ann) for _ in range(THREADS)), return_exceptions=True)

    return asyncio.run(gather())


@pytest.mark.parametrize("work", [read, call, authenticate, write], ids=lambda work: work.__name__)
def test_work_goes_on_when_the_database_is_back(ann: Account, work: Work) -> None:
    set_password(ann.login, PASSWORD)
    in_every_thread(work, ann)
    end_connections()
    for _ in range(2):  # each thread meets once what it has lost
        in_every_thread(work, ann)
    assert not [found for found in in_every_thread(work, ann) if isinstance(found, Exception)]
